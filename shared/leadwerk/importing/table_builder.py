"""Records collected as columns, chunk by chunk."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from leadwerk.importing.records import MalformedLine, Record
from leadwerk.importing.table_frame import FOOTER_ROWS, Header, draws_a_line, footer_start, repeats
from leadwerk.importing.text_column import TextColumn
from leadwerk.texts.message import Message

CHUNK = 16_384


@dataclass
class TableBuilder:
    """Collects records as columns."""

    header: Header
    width: int
    chunks: list[list[pa.Array]] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    malformed: list[MalformedLine] = field(default_factory=list)
    short_rows: int = 0
    repeated_headers: int = 0

    def add(self, record: Record | MalformedLine) -> None:
        if isinstance(record, MalformedLine):
            self.malformed.append(record)
            return
        line, fields = record
        if len(fields) != self.width:
            trimmed = self._fitted(line, fields)
            if trimmed is None:
                return
            fields = trimmed
        if repeats(self.header.titles, fields):
            self.repeated_headers += 1
            return
        if draws_a_line(fields):
            return
        self.rows.append(fields)
        self.lines.append(line)
        if len(self.rows) >= CHUNK + FOOTER_ROWS:
            self._flush(CHUNK)

    def _fitted(self, line: int, fields: list[str]) -> list[str] | None:
        """Fields left out at the end are empty; more than the header names cost the row."""
        if len(fields) < self.width:
            self.short_rows += 1
            return fields + [""] * (self.width - len(fields))
        if any(extra.strip() for extra in fields[self.width :]):
            self.malformed.append(
                MalformedLine(line, Message("import.reject.fields", fields=len(fields), titles=self.width))
            )
            return None
        return fields[: self.width]

    def _flush(self, count: int) -> None:
        self.chunks.append([pa.array(values, pa.string()) for values in zip(*self.rows[:count], strict=True)])
        del self.rows[:count]

    def finish(self) -> tuple[NDArray[np.int64], tuple[TextColumn, ...], int]:
        """Line numbers, columns, and how many rows at the end are totals and remarks."""
        last = len(self.rows) - FOOTER_ROWS if len(self.rows) > FOOTER_ROWS else 0
        footers = (
            len(self.rows)
            - last
            - footer_start(self.rows[last:], self.lines[len(self.lines) - len(self.rows) + last :])
        )
        del self.rows[len(self.rows) - footers :]
        del self.lines[len(self.lines) - footers :]
        if self.rows:
            self._flush(len(self.rows))
        columns = (pa.chunked_array([chunk[at] for chunk in self.chunks], pa.string()) for at in range(self.width))
        return np.array(self.lines, np.int64), tuple(map(TextColumn.of, columns)), footers
