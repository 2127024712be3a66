"""How a file's columns become leads: the mapping a user states, and the policy that follows from the file."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from leadwerk.errors import InputError
from leadwerk.importing.columns import Column, is_missing
from leadwerk.importing.table import Table
from leadwerk.policy.check import RESERVED_NAMES
from leadwerk.policy.outcome import folded

NAME_LENGTH = 48  # room for `attribute_` and a number within BigQuery's and the policy's limit of 60
# Both values of an outcome column, where the second is the good one.
_POSITIVE = frozenset(
    ("1", "1.0", "true", "yes", "y", "won", "ja", "oui", "si", "sì", "wahr", "vrai", "vero", "converted")
)
_MAXIMUM_STATUSES = 50


class Mapping(msgspec.Struct, frozen=True, kw_only=True):
    """Which column says what. `time` None: the file's order stands for time. Stored beside the policy, for scoring."""

    id: str
    outcome: str
    positive: str
    time: str | None = None
    exclude: tuple[str, ...] = ()
    attributes: dict[str, str] = {}


def state(
    table: Table, *, id: str, outcome: str, positive: str | None, time: str | None, exclude: Sequence[str]
) -> Mapping:
    """The mapping, with all names as the file writes them.

    Raises:
        InputError: a column is not in the file, or which outcome is the good one cannot be told.
    """
    name = {asked: table.columns[table.index(asked)] for asked in (id, outcome, *([time] if time else []), *exclude)}
    return Mapping(
        id=name[id],
        outcome=name[outcome],
        positive=_positive(table, name[outcome], positive),
        time=name[time] if time else None,
        exclude=tuple(dict.fromkeys(name[column] for column in exclude)),
    )


def _positive(table: Table, outcome: str, stated: str | None) -> str:
    counts = Counter(value for value in table.values(outcome) if not is_missing(value))
    if stated is not None:
        found = [value for value in counts if value.casefold() == stated.strip().casefold()]
    else:
        found = [value for value in counts if value.casefold() in _POSITIVE] if len(counts) <= 2 else []
    if len(found) == 1 and len(counts) <= _MAXIMUM_STATUSES:
        return found[0]
    seen = ", ".join(f"{value!r} ({times})" for value, times in counts.most_common(6)) or "nothing"
    asked = "Which value is the good one is not clear in" if stated is None else f"{stated!r} is no value of"
    raise InputError(
        f"{asked} {outcome!r}: {seen}.", field="positive", value=stated, remedy="Name it with --positive VALUE."
    )


def attributes(columns: Iterable[Column], mapping: Mapping) -> dict[str, Column]:
    """The columns a model may learn from, by the name they get: numbers and categories that nobody excluded."""
    taken = {mapping.id, mapping.outcome, mapping.time, *mapping.exclude}
    named: dict[str, Column] = {}
    for column in columns:
        if column.name not in taken and column.kind in ("number", "category"):
            named[_unused(_free(slug(column.name)), named)] = column
    return named


def _free(name: str) -> str:
    """A name that does not already mean a feature of every lead."""
    return f"{name}_stated" if name in RESERVED_NAMES else name


def slug(title: str) -> str:
    """A title as a name: small letters, digits, underscores.

    >>> slug("Größe (m²) der Wohnung"), slug("90 days")
    ('groesse_m2_der_wohnung', 'c_90_days')
    """
    german = title.casefold().translate({ord("ä"): "ae", ord("ö"): "oe", ord("ü"): "ue"})
    plain = unicodedata.normalize("NFKD", german).encode("ascii", "ignore").decode()
    name = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:NAME_LENGTH].strip("_")
    return name if name[:1].isalpha() else f"c_{name}".rstrip("_")


def _unused(name: str, taken: Iterable[str]) -> str:
    candidate, again = name, 2
    while candidate in taken:
        candidate, again = f"{name}_{again}", again + 1
    return candidate


def statuses(table: Table, mapping: Mapping) -> tuple[str, ...]:
    """The values of the outcome column, the good one first; those that differ only in case are one.

    Raises:
        InputError: there is only one.
    """
    found = {folded(value): value for value in table.values(mapping.outcome) if not is_missing(value)}
    good = folded(mapping.positive)
    others = sorted(value for key, value in found.items() if key != good)
    if not others:
        raise InputError(
            f"{mapping.outcome!r} is {mapping.positive!r} in every row: there is nothing to tell apart.",
            field="outcome",
            remedy="Add the leads that did not convert.",
        )
    return (mapping.positive, *others)


def source_of(path: Path) -> str:
    """What leads of this file are said to come from.

    >>> source_of(Path("/tmp/My Leads.csv"))
    'import.my_leads'
    """
    return f"import.{slug(path.stem)}"
