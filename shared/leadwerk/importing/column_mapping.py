"""Column mapping: the role of each column of a file, as the user states it and as it is stored for later files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from leadwerk.importing.column_format import ColumnFormat

ROW_NUMBER = "row"
"""`--id row`: a file without an id column is known by its row numbers."""


class ColumnMapping(msgspec.Struct, frozen=True, kw_only=True):
    """The role of each column. `time` None: the file's order stands for time. Stored beside the policy, for scoring.

    `open` are the values of the outcome of leads whose end is not known: nothing is learned from them. `lost` are pairs
    of a column and the value in it that make a lead lost, whatever its outcome. `formats` says how columns are read;
    times without an offset are of `zone`. `include` are columns that are used although their titles name persons.
    """

    id: str
    outcome: str
    positive: str
    open: tuple[str, ...] = ()
    lost: tuple[tuple[str, str], ...] = ()
    time: str | None = None
    zone: str = "UTC"
    exclude: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    formats: dict[str, ColumnFormat] = {}


@dataclass(frozen=True)
class StatedColumns:
    """The user's statements about a file's columns."""

    id: str
    outcome: str
    positive: str | None = None
    open: Sequence[str] = ()
    lost: Sequence[str] = ()
    time: str | None = None
    zone: str = "UTC"
    exclude: Sequence[str] = ()
    include: Sequence[str] = ()
