"""The policy that follows from a file: its columns as attributes, its outcome values as statuses."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import yaml

from leadwerk.importing.column_mapping import ColumnMapping
from leadwerk.importing.mapping import AttributeSource, slug
from leadwerk.importing.starting_rules import StartingRule
from leadwerk.lead.synthetic_times import IMPORTED
from leadwerk.policy.folding import folded

MARK = "# Written by `leadwerk import`"
# A file states what became of a lead, not when: the outcome is dated one day after the lead.
HORIZON_DAYS = 1
# Covers the whole file, whatever years it is about.
HISTORY_DAYS = 36_500
_ACTIONS = {
    "HOT": "Contact_Now",
    "WARM": "Contact_Soon",
    "COLD": "Nurture",
    "DISQUALIFIED": "Do_Not_Contact",
    "UNSCORED": "Review_Manually",
}
_MOST_POINTS = 100
_MEASURES = {"yes_no": "yes_no", "options": "option", "date": "age_days"}


def policy_text(
    name: str,
    mapping: ColumnMapping,
    attributes: Sequence[AttributeSource],
    statuses: Sequence[str],
    languages: Sequence[str],
    rules: Sequence[StartingRule] = (),
) -> str:
    """The policy as a commented YAML file; the same input gives the same text.

    Args:
        name: of the file, without its extension.
        mapping: the role of each column.
        attributes: what a model may learn from.
        statuses: values of the outcome column, the good one first.
        languages: of the reasons, the default one first.
        rules: points that decide until there is a model.
    """
    data: dict[str, Any] = {
        "name": f"{IMPORTED}{slug(name)}",
        "time_zone": mapping.zone,
        "languages": list(languages),
        "horizon_days": HORIZON_DAYS,
        "positive": ["won"],
        "landmark_days": [0],
        "lead_times": "stated" if mapping.time else "file_order",
        "signals": [],
        "outcomes": [{"status": status, "outcome": _outcome(status, mapping)} for status in statuses],
        "attributes": [_attribute(attribute) for attribute in attributes],
        "actions": [{"cluster": cluster, "action": action} for cluster, action in _ACTIONS.items()],
        "training": {"history_days": HISTORY_DAYS},
    }
    if rules:
        data["points"] = _points(rules)
    content = yaml.safe_dump(data, allow_unicode=True, sort_keys=False, width=110)
    return f"{_preface(mapping, _seal(content))}\n{content}"


def is_untouched(text: str) -> bool:
    """Whether `text` is what an import wrote, and no person has edited it since.

    >>> is_untouched("name: mine"), is_untouched(MARK + " (seal 0123456789ab).\\n\\nname: changed")
    (False, False)
    """
    preface, _, content = text.partition("\n\n")
    return preface.startswith(f"{MARK} (seal {_seal(content)})")


def _seal(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()[:12]


def _outcome(status: str, mapping: ColumnMapping) -> str:
    if folded(status) == folded(mapping.positive):
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


def _points(rules: Sequence[StartingRule]) -> dict[str, Any]:
    """Points of fit alone: a file says nothing of what leads do, so interest counts as shown."""
    most = min(sum(rule.points for rule in rules), _MOST_POINTS)
    hot, warm = max(2, most * 3 // 5), max(1, most * 3 // 10)
    return {
        "bands": {"hot": hot, "warm": warm, "threshold_limits": [warm + 1, most]},
        "grades": {"a": max(3, most * 3 // 4), "b": max(2, most // 2), "c": 1},
        "levels": {"one": 0, "two": -1, "three": -2},
        "groups": [{"name": "file", "score": "fit", "labels": dict.fromkeys(("de", "fr", "it", "en"), "import")}],
        "rules": [
            {
                "name": f"start_{number}",
                "group": "file",
                "points": rule.points,
                "when": {rule.attribute: rule.condition},
                "labels": dict.fromkeys(("de", "fr", "it", "en"), rule.label),
            }
            for number, rule in enumerate(rules, 1)
        ],
    }


def _attribute(attribute: AttributeSource) -> dict[str, Any]:
    column = attribute.column
    label = f"{column.name}: {attribute.option}" if attribute.option else column.name
    measure = {"measure": _MEASURES[column.kind]} if column.kind in _MEASURES else {}
    option = {"option": attribute.option} if attribute.option else {}
    return {
        "name": attribute.name,
        "kind": "category" if column.kind == "category" else "number",
        "source": column.name,
        **measure,
        **option,
        "labels": dict.fromkeys(("de", "fr", "it", "en"), label),
    }
