"""The policy that follows from a file: its columns as attributes, its outcome values as statuses."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping as Named, Sequence
from typing import Any

import yaml

from leadwerk.importing.columns import Column
from leadwerk.importing.mapping import ColumnMapping, slug
from leadwerk.lead.synthetic_times import IMPORTED

MARK = "# Written by `leadwerk import`"
HORIZON_DAYS = 1  # a file says what became of a lead, not when: the outcome is set into the day after the lead came
HISTORY_DAYS = 36_500  # all of the file, whatever time it speaks of
_ACTIONS = {
    "HOT": "Contact_Now",
    "WARM": "Contact_Soon",
    "COLD": "Nurture",
    "DISQUALIFIED": "Do_Not_Contact",
    "UNSCORED": "Review_Manually",
}


def text(
    name: str, mapping: ColumnMapping, attributes: Named[str, Column], statuses: Sequence[str], languages: Sequence[str]
) -> str:
    """The policy as a commented YAML file; the same input gives the same text.

    Args:
        name: of the file, without its extension.
        attributes: columns by the name they get.
        statuses: values of the outcome column, the good one first.
    """
    data: dict[str, Any] = {
        "name": f"{IMPORTED}{slug(name)}",
        "time_zone": "UTC",
        "languages": list(languages),
        "horizon_days": HORIZON_DAYS,
        "positive": ["won"],
        "landmark_days": [0],
        "signals": [],
        "outcomes": [{"status": status, "outcome": _outcome(status, mapping)} for status in statuses],
        "attributes": [_attribute(name, column) for name, column in attributes.items()],
        "actions": [{"cluster": cluster, "action": action} for cluster, action in _ACTIONS.items()],
        "training": {"history_days": HISTORY_DAYS},
    }
    content = yaml.safe_dump(data, allow_unicode=True, sort_keys=False, width=110)
    return f"{_preface(mapping, _seal(content))}\n{content}"


def untouched(text: str) -> bool:
    """Whether `text` is what an import wrote, and nobody has edited it since.

    >>> untouched("name: mine"), untouched(MARK + " (seal 0123456789ab).\\n\\nname: changed")
    (False, False)
    """
    preface, _, content = text.partition("\n\n")
    return preface.startswith(f"{MARK} (seal {_seal(content)})")


def _seal(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()[:12]


def _outcome(status: str, mapping: ColumnMapping) -> str:
    if status == mapping.positive:
        return "won"
    return "open" if status in mapping.open else "lost"


def _preface(mapping: ColumnMapping, seal: str) -> str:
    order = f"the column {mapping.time!r}" if mapping.time else "the file's order, for want of a time column"
    lines = (
        f"{MARK} (seal {seal}) from the columns of a file. Edit it, and no import overwrites it any more;",
        "# `leadwerk policy check` says whether it is right.",
        f"# One lead a row, known by {mapping.id!r}; {mapping.outcome!r} = {mapping.positive!r} is a success.",
        f"# Time is {order}.",
    )
    return "\n".join(lines) + "\n"


def _attribute(name: str, column: Column) -> dict[str, Any]:
    return {
        "name": name,
        "kind": column.kind,
        "source": column.name,
        "labels": dict.fromkeys(("de", "fr", "it", "en"), column.name),
    }
