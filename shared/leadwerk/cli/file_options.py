"""Options of the commands that read a file of rows: its encoding, its delimiter, and how its dates are written."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

Encoding = Annotated[str | None, typer.Option("--encoding", help="Encoding, such as utf-8, cp1252, cp850.")]
Delimiter = Annotated[str | None, typer.Option("--delimiter", help="Delimiter: one character, or tab.")]
DayOrMonthFirst = Annotated[Literal["dmy", "mdy"] | None, typer.Option("--date-order", help="Day or month first.")]
