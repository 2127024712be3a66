"""How a file's columns become leads: the mapping a user states, and the policy that follows from the file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from leadwerk.errors import InputError
from leadwerk.importing.columns import Column, is_missing
from leadwerk.importing.table import CsvTable
from leadwerk.policy.outcome import casefolded
from leadwerk.policy.slug import as_name
from leadwerk.policy.validation import RESERVED_NAMES

NAME_LENGTH = 48  # room for `attribute_` and a number within BigQuery's and the policy's limit of 60
# What the good end of a lead is called where nobody says so, and what a lead is called that has no end yet.
_POSITIVE = frozenset(
    (
        *("1", "1.0", "true", "yes", "y", "ja", "oui", "si", "sì", "wahr", "vrai", "vero", "converted"),
        *("won", "closed won", "closedwon", "gewonnen", "gagné", "vinto", "vinta"),
    )
)
_OPEN = frozenset(
    (
        *("open", "offen", "ouvert", "ouverte", "aperto", "aperta", "new", "neu", "nouveau", "nouvelle", "nuovo"),
        *("pending", "hängig", "pendent", "pendente", "en attente", "in attesa", "unknown", "unbekannt"),
        *("in progress", "in bearbeitung", "in arbeit", "in prüfung", "en cours", "in corso"),
    )
)
_MAXIMUM_STATUSES = 50


class ColumnMapping(msgspec.Struct, frozen=True, kw_only=True):
    """Which column says what. `time` None: the file's order stands for time. Stored beside the policy, for scoring.

    `open` are the values of the outcome of leads whose end is not known: nothing is learned from them.
    """

    id: str
    outcome: str
    positive: str
    open: tuple[str, ...] = ()
    time: str | None = None
    exclude: tuple[str, ...] = ()
    attributes: dict[str, str] = {}


def state(
    table: CsvTable,
    *,
    id: str,
    outcome: str,
    positive: str | None,
    time: str | None,
    exclude: Sequence[str],
    open: Sequence[str] = (),
) -> ColumnMapping:
    """The mapping, with all names as the file writes them.

    Raises:
        InputError: a column is not in the file, or which outcome is the good one cannot be told.
    """
    name = {asked: table.columns[table.index(asked)] for asked in (id, outcome, *([time] if time else []), *exclude)}
    counts = _counts(table, name[outcome])
    undecided = _open(counts, open, name[outcome])
    return ColumnMapping(
        id=name[id],
        outcome=name[outcome],
        positive=_positive(counts - Counter({value: counts[value] for value in undecided}), positive, name[outcome]),
        open=undecided,
        time=name[time] if time else None,
        exclude=tuple(dict.fromkeys(name[column] for column in exclude)),
    )


def under_policy(table: CsvTable, *, id: str, outcome: str, time: str | None, exclude: Sequence[str]) -> ColumnMapping:
    """The mapping of a file that is read under a policy which says itself what its statuses and attributes mean.

    Raises:
        InputError: a column is not in the file; or none says when leads came, so that no horizon can pass.
    """
    if time is None:
        raise InputError(
            "Under your own policy it has to be known when the leads came.",
            field="time",
            remedy="Name the column with --time COL.",
        )
    name = {asked: table.columns[table.index(asked)] for asked in (id, outcome, time, *exclude)}
    return ColumnMapping(
        id=name[id],
        outcome=name[outcome],
        positive="",
        time=name[time],
        exclude=tuple(dict.fromkeys(name[column] for column in exclude)),
    )


def _counts(table: CsvTable, outcome: str) -> Counter[str]:
    """How often each value stands in a column; those that differ only in case are one, in their commonest spelling.

    Raises:
        InputError: the column is empty, or holds too many values to be an outcome.
    """
    spelt = Counter(value for value in table.values(outcome) if not is_missing(value))
    first: dict[str, str] = {}
    counts: Counter[str] = Counter()
    for value, times in spelt.most_common():
        counts[first.setdefault(casefolded(value), value)] += times
    if not counts:
        fault = f"{outcome!r} is empty in every row." if table.rows else f"{table.path.name} has a header and no rows."
        raise InputError(fault, field="outcome", value=outcome, remedy="Bring leads whose outcome is known.")
    if len(counts) > _MAXIMUM_STATUSES:
        raise InputError(
            f"{outcome!r} has {len(counts)} different values, too many for what became of a lead: {_seen(counts)}.",
            field="outcome",
            value=outcome,
            remedy="Name the column that says it with --outcome.",
        )
    return counts


def _seen(counts: Counter[str]) -> str:
    return ", ".join(f"{value!r} ({times})" for value, times in counts.most_common(6))


def _open(counts: Counter[str], stated: Sequence[str], outcome: str) -> tuple[str, ...]:
    asked = {casefolded(value): value for value in stated}
    unknown = [value for key, value in asked.items() if key not in map(casefolded, counts)]
    if unknown:
        raise InputError(
            f"{unknown[0]!r} is no value of {outcome!r}: {_seen(counts)}.",
            field="open",
            value=unknown[0],
            remedy="Name a value of the column with --open VALUE.",
        )
    return tuple(sorted(value for value in counts if casefolded(value) in (asked or _OPEN)))


def _positive(counts: Counter[str], stated: str | None, outcome: str) -> str:
    if stated is not None:
        found = [value for value in counts if casefolded(value) == casefolded(stated)]
    else:
        found = [value for value in counts if casefolded(value) in _POSITIVE] if len(counts) <= 2 else []
    if len(found) == 1:
        return found[0]
    asked = "Which value is the good one is not clear in" if stated is None else f"{stated!r} is no value of"
    raise InputError(
        f"{asked} {outcome!r}: {_seen(counts) or 'every lead is open'}.",
        field="positive",
        value=stated,
        remedy="Name it with --positive VALUE, and with --open VALUE what is not decided yet.",
    )


def attributes(columns: Iterable[Column], mapping: ColumnMapping) -> dict[str, Column]:
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
    return as_name(title, prefix="c", length=NAME_LENGTH)


def _unused(name: str, taken: Iterable[str]) -> str:
    candidate, again = name, 2
    while candidate in taken:
        candidate, again = f"{name}_{again}", again + 1
    return candidate


def statuses(table: CsvTable, mapping: ColumnMapping) -> tuple[str, ...]:
    """The values of the outcome column, the good one first; those that differ only in case are one.

    Raises:
        InputError: no lead was lost.
    """
    others = sorted(value for value in _counts(table, mapping.outcome) if value != mapping.positive)
    if not set(others) - set(mapping.open):
        raise InputError(
            f"{mapping.outcome!r} is {mapping.positive!r} in every decided row: there is nothing to tell apart.",
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
