"""Statuses of a file: which is the good one, which are open, and which leads are lost by another column."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from leadwerk.errors import InputError
from leadwerk.importing.column_mapping import ColumnMapping, StatedColumns
from leadwerk.importing.table import CsvTable
from leadwerk.policy.folding import folded
from leadwerk.texts.message import Message

_WON_WORDS = (
    "won",
    "closed won",
    "closedwon",
    "gewonnen",
    "gagné",
    "gagnée",
    "vinto",
    "vinta",
    *("closed - converted", "geschlossen - konvertiert", "fermée - convertie", "chiuso - convertito"),
)
_POSITIVE_WORDS = (
    *("1", "1.0", "true", "yes", "y", "ja", "oui", "si", "sì", "wahr", "vrai", "vero", "converted"),
    *("konvertiert", "converti", "convertie", "convertito", "convertita"),
    *_WON_WORDS,
)
_OPEN_WORDS = (
    *("open", "offen", "ouvert", "ouverte", "aperto", "aperta", "new", "neu", "nouveau", "nouvelle", "nuovo"),
    *("pending", "hängig", "pendent", "pendente", "en attente", "in attesa", "unknown", "unbekannt"),
    *("open - not contacted", "working - contacted", "offen - nicht kontaktiert", "in bearbeitung - kontaktiert"),
    *("in progress", "in bearbeitung", "in arbeit", "in prüfung", "en cours", "in corso"),
)
_LOST_WORDS = (
    *("0", "0.0", "false", "no", "n", "nein", "non", "falsch", "faux", "falso", "not converted", "unqualified"),
    *("disqualified", "rejected", "declined", "cancelled", "canceled", "churned", "dead", "junk", "spam", "failed"),
    *("abgelehnt", "abgesagt", "absage", "storniert", "gescheitert", "kein interesse", "no interest", "not interested"),
    *("refusé", "refusée", "annulé", "annulée", "abandonné", "rifiutato", "rifiutata", "annullato", "annullata"),
    *("unqualifiziert", "nicht gewonnen", "pas intéressé", "non interessato", "closed", "geschlossen", "duplicate"),
)
_LOST_WORD = re.compile(
    r"\b(?:lost|verloren|perdu|perdue|perso|persa|(?:not|non|nicht) (?:converted|won|qualified"
    r"|konvertiert|gewonnen|qualifiziert|convertie?|convertit[oa]))\b",
    re.IGNORECASE,
)
# What the good end of a lead is called where nothing states it, and what a lead is called that has no end yet.
_POSITIVE, _OPEN = frozenset(map(folded, _POSITIVE_WORDS)), frozenset(map(folded, _OPEN_WORDS))
_LOST, _WON = frozenset(map(folded, _LOST_WORDS)), frozenset(map(folded, _WON_WORDS))
_MAXIMUM_STATUSES = 50


def is_positive_word(value: str) -> bool:
    """Whether a value reads like the good end of a lead.

    >>> is_positive_word("Gewonnen"), is_positive_word("Verloren")
    (True, False)
    """
    return folded(value) in _POSITIVE


def is_open_word(value: str) -> bool:
    """Whether a value reads like that of a lead without an end yet."""
    return folded(value) in _OPEN


def lost_rules(table: CsvTable, stated: Sequence[str], outcome: str) -> tuple[tuple[str, str], ...]:
    """`COL=VALUE`, or a value of the outcome, as pairs of column and value.

    Raises:
        InputError: there is no such column, or it never holds the value.
    """
    rules = []
    for text in stated:
        column, equals, value = text.partition("=")
        if not equals:
            column, value = outcome, text
        title = table.columns[table.index(column)]
        if folded(value) not in {folded(cell) for cell in table.column(title).texts()}:
            raise InputError(
                Message("import.no_value", value=value, column=title, counts=_shown_counts(_spelt(table, title))),
                field="lost",
                value=text,
                remedy=Message("import.lost.remedy"),
            )
        rules.append((title, value.strip()))
    return tuple(rules)


def lost_status(outcome: str, column: str, value: str) -> str:
    return value if column == outcome else f"{column}={value}"


def status_codes(table: CsvTable, mapping: ColumnMapping) -> tuple[NDArray[np.int32], tuple[str, ...]]:
    """For each row which status it has (-1: none), and the statuses, those that differ only in case as one."""
    column = table.find(mapping.outcome) if mapping.outcome else None
    if column is None:
        return np.full(len(table), -1, np.int32), ()
    spelling, names = _merged(table, mapping.outcome)
    of_text = np.array([spelling.get(folded(text), -1) for text in column.texts()], dtype=np.int32)
    of_text[column.missing] = -1
    codes = of_text[column.codes]
    for title, value in mapping.lost:
        if title == mapping.outcome or (cells := table.find(title)) is None:
            continue
        holds = np.array([folded(text) == folded(value) for text in cells.texts()], dtype=bool)
        names = (*names, lost_status(mapping.outcome, title, value))
        # A lead that was won is not lost, whatever another column states.
        codes = np.where(holds[cells.codes] & ~_is_positive(codes, names, mapping), len(names) - 1, codes)
    return codes.astype(np.int32), names


def _is_positive(codes: NDArray[np.int32], names: Sequence[str], mapping: ColumnMapping) -> NDArray[np.bool_]:
    good = np.array([*(folded(name) == folded(mapping.positive) for name in names), False], dtype=bool)
    return good[codes]


def _merged(table: CsvTable, outcome: str) -> tuple[dict[str, int], tuple[str, ...]]:
    """The place of each status by its folded text, and the statuses in their commonest spelling."""
    positions: dict[str, int] = {}
    names: list[str] = []
    for value, _ in _spelt(table, outcome).most_common():
        if folded(value) not in positions:
            positions[folded(value)] = len(names)
            names.append(value)
    return positions, tuple(names)


def _spelt(table: CsvTable, title: str) -> Counter[str]:
    column = table.column(title)
    counts: Counter[str] = Counter()
    for text, times, is_empty in zip(column.texts(), column.counts.tolist(), column.missing, strict=True):
        if not is_empty and times:
            counts[text] += times
    return counts


def count_statuses(table: CsvTable, mapping: ColumnMapping) -> Counter[str]:
    """How many rows have each status.

    Raises:
        InputError: the column is empty, or holds too many values to be an outcome.
    """
    outcome = mapping.outcome
    codes, names = status_codes(table, mapping)
    totals = np.bincount(codes[codes >= 0], minlength=len(names))
    counts = Counter({name: int(times) for name, times in zip(names, totals, strict=True) if times})
    if not counts:
        fault = Message("import.outcome.no_rows", file=table.path.name)
        if len(table):
            fault = Message("import.outcome.empty", column=outcome)
        raise InputError(fault, field="outcome", value=outcome, remedy=Message("import.outcome.remedy"))
    if len(counts) > _MAXIMUM_STATUSES:
        raise InputError(
            Message("import.outcome.many", column=outcome, figure=f"{len(counts):,}", counts=_shown_counts(counts)),
            field="outcome",
            value=outcome,
        )
    return counts


def _shown_counts(counts: Counter[str]) -> str:
    return ", ".join(f"{value!r} ({times})" for value, times in counts.most_common(6))


def open_statuses(counts: Counter[str], stated: StatedColumns, outcome: str, decided: set[str]) -> tuple[str, ...]:
    """Statuses of leads that have no end yet. Where it is stated which leads are lost, all others are open."""
    named = {folded(value): value for value in stated.open}
    unknown = [value for key, value in named.items() if key not in map(folded, counts)]
    if unknown:
        raise InputError(
            Message("import.no_value", value=unknown[0], column=outcome, counts=_shown_counts(counts)),
            field="open",
            value=unknown[0],
            remedy=Message("import.open.remedy"),
        )
    if stated.lost:
        return tuple(sorted(value for value in counts if folded(value) not in decided))
    if not named:
        _refuse_unclear(counts, outcome, decided)
    return tuple(
        sorted(value for value in counts if folded(value) in (named or _OPEN) and folded(value) not in decided)
    )


def _refuse_unclear(counts: Counter[str], outcome: str, decided: set[str]) -> None:
    """Where some leads are lost by name, or several statuses say nothing, the others may be lost or still open.

    Raises:
        InputError: which of them are lost is not clear.
    """
    undecided = [value for value in counts if folded(value) not in {*decided, *_OPEN}]
    unclear = Counter({value: counts[value] for value in undecided if not _means_lost(value)})
    if not unclear or len(undecided) == 1:
        return
    raise InputError(
        Message("import.outcome.unclear", column=outcome, counts=_shown_counts(unclear)),
        field="open, lost",
        value=next(iter(unclear)),
    )


def _means_lost(status: str) -> bool:
    return folded(status) in _LOST or bool(_LOST_WORD.search(status.replace("_", " ").replace("-", " ")))


def positive_status(counts: Counter[str], stated: StatedColumns, outcome: str, lost: set[str]) -> str:
    undecided = {folded(value) for value in stated.open} or _OPEN
    if stated.positive is not None:
        matching = [value for value in counts if folded(value) == folded(stated.positive)]
    else:
        candidates = [value for value in counts if folded(value) not in {*undecided, *lost}]
        # Of two values "yes" is the good one; of many a word is needed that means nothing else.
        good = _POSITIVE if len(candidates) <= 2 else _WON
        matching = [value for value in candidates if folded(value) in good]
    if len(matching) == 1:
        return matching[0]
    fault = "import.positive.unclear" if stated.positive is None else "import.no_value"
    if all(folded(value) in undecided for value in counts):
        fault = "import.positive.all_open" if stated.positive is None else "import.no_value.all_open"
    raise InputError(
        Message(fault, value=stated.positive or "", column=outcome, counts=_shown_counts(counts)),
        field="positive",
        value=stated.positive,
        remedy=Message("import.positive.remedy"),
    )


def statuses(table: CsvTable, mapping: ColumnMapping) -> tuple[str, ...]:
    """The statuses of a file, the good one first.

    Raises:
        InputError: no lead was lost.
    """
    other_values = sorted(value for value in count_statuses(table, mapping) if value != mapping.positive)
    if not set(other_values) - set(mapping.open):
        raise InputError(
            Message("import.outcome.only_good", column=mapping.outcome, value=mapping.positive), field="outcome"
        )
    return (mapping.positive, *other_values)
