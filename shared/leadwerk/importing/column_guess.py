"""Column guess: which columns of a file probably hold id, outcome and creation time; a person confirms or corrects it.

A guess is a default of a form and never decides anything by itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow.compute as pc

from leadwerk.importing.column_kinds import Column
from leadwerk.importing.column_mapping import ROW_NUMBER
from leadwerk.importing.lead_ids import is_shortened
from leadwerk.importing.statuses import is_open_word, is_positive_word
from leadwerk.importing.table import CsvTable
from leadwerk.importing.text_column import TextColumn
from leadwerk.policy.folding import folded

MOST_STATUSES = 50
UNIQUE_SHARE = 0.98
REPEATED_SHARE = 0.2  # different ids a row where each change of a lead is a row of its own
_ID_WORDS = re.compile(r"\b(?:id|nr|no|num|nummer|number|numéro|numero|key|schlüssel|lead|record|ref)\b")
_OUTCOME_WORDS = re.compile(
    r"\b(?:status|statut|stato|outcome|ergebnis|résultat|resultat|esito|risultato|stage|phase|fase|étape|converted"
    r"|konvertiert|abschluss|geschäftsabschluss|lifecycle|result|won|gewonnen|y|target|label)\b"
)
_TIME_WORDS = re.compile(
    r"\b(?:created|create|creation|erstellt|erfasst|eingang|eingegangen|anfrage|anfragedatum|créé|création|creato"
    r"|creazione|date|datum|data|time|zeit|added|received)\b"
)
_LATE_WORDS = re.compile(r"\b(?:close|closed|modified|updated|last|geändert|abgeschlossen|clôture|chiusura|modifica)\b")


@dataclass(frozen=True)
class ColumnGuess:
    """Probable columns; `outcome`, `time` and `positive` are None where nothing suggests one."""

    id: str
    outcome: str | None
    positive: str | None
    time: str | None


def guess_columns(table: CsvTable, columns: Sequence[Column]) -> ColumnGuess:
    """The columns that probably hold what an import needs, by their titles and values."""
    ids = [column for column in columns if column.kind != "date" and _is_unique(table.column(column.name))]
    named = [
        column
        for column in columns
        if _id_rank(column)
        and (column.distinct >= REPEATED_SHARE * len(table) or is_shortened(table.column(column.name)))
    ]
    # An amount is different in every row, too, and is the number of nothing.
    whole = [column for column in ids if column.kind != "number" or not _has_decimals(table.column(column.name))]
    outcome = _best(columns, lambda column: _outcome_rank(table, column))
    times = [column for column in columns if column.kind == "date"]
    return ColumnGuess(
        id=_best(ids, _id_rank) or _best(named, _id_rank) or (whole[0].name if whole else ROW_NUMBER),
        outcome=outcome,
        positive=guess_positive(table, outcome) if outcome else None,
        time=_best(times, _time_rank) or (times[0].name if len(times) == 1 else None),
    )


def guess_positive(table: CsvTable, outcome: str) -> str | None:
    """The value of the outcome column that means success; None where no value, or several, look like it."""
    values = [value for value, _ in status_counts(table, outcome) if is_positive_word(value)]
    return values[0] if len(values) == 1 else None


def status_counts(table: CsvTable, outcome: str) -> list[tuple[str, int]]:
    """The values of a column with their rows, the commonest first; spellings that differ only in case are one."""
    column, counts, spellings = table.column(outcome), dict[str, int](), dict[str, str]()
    for text, rows, is_missing in zip(column.texts(), column.counts.tolist(), column.missing, strict=True):
        if rows and not is_missing:
            spellings.setdefault(folded(text), text)
            counts[folded(text)] = counts.get(folded(text), 0) + rows
    return sorted(((spellings[key], rows) for key, rows in counts.items()), key=lambda item: (-item[1], item[0]))


def _best(columns: Sequence[Column], rank: Callable[[Column], int]) -> str | None:
    ranked = [(rank(column), -at, column.name) for at, column in enumerate(columns)]
    best = max(ranked, default=(0, 0, ""))
    return best[2] if best[0] > 0 else None


def _id_rank(column: Column) -> int:
    return 1 if _ID_WORDS.search(_title(column)) else 0


def _outcome_rank(table: CsvTable, column: Column) -> int:
    """A title that names an outcome, and values that read like one; values alone suffice, a title alone does, too."""
    most = 2 if column.kind == "number" else MOST_STATUSES
    if column.kind in ("empty", "date") or not 2 <= column.distinct <= most:
        return 0
    values = [value for value, _ in status_counts(table, column.name)]
    has_title = bool(_OUTCOME_WORDS.search(_title(column)))
    # 1 and 0, yes and no stand in any column: only words of a sale are evidence by themselves.
    sold = [value for value in values if is_positive_word(value) and len(value) > len("wahr")]
    reads_like_one = bool(sold) or (has_title and any(map(is_positive_word, values)))
    return 2 * reads_like_one + has_title + any(map(is_open_word, values))


def _time_rank(column: Column) -> int:
    if _LATE_WORDS.search(_title(column)):
        return 0
    return 1 if _TIME_WORDS.search(_title(column)) else 0


def _title(column: Column) -> str:
    spaced = re.sub(r"([a-zà-ÿ])([A-Z])", r"\1 \2", column.name)
    return re.sub(r"[\W_]+", " ", spaced.casefold())


def _has_decimals(cells: TextColumn) -> bool:
    """Whether a number has decimals other than zeros."""
    return bool(pc.any(pc.match_substring_regex(cells.trimmed, r"[.,]\d?[1-9]$")).as_py())


def _is_unique(cells: TextColumn) -> bool:
    """Whether nearly every row has a value of its own."""
    rows = int(cells.counts.sum())
    filled = int(cells.counts[~cells.missing].sum())
    return rows > 0 and filled == rows and int(np.count_nonzero(cells.counts)) >= UNIQUE_SHARE * rows
