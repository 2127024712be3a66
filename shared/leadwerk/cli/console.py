"""What the commands say: results on standard output, everything else on standard error."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import msgspec
from rich import box
from rich.console import Console, Group
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from leadwerk.catalogue.languages import Language
from leadwerk.errors import LeadwerkError
from leadwerk.texts.catalogue import text
from leadwerk.texts.message import in_language, refusal_texts

# Where the output is no terminal (a file, a pipe), there is room for whole tables.
PIPE_WIDTH = 140
# More texts of a list than this make a table's field unreadable.
MOST_LISTED, FEW = 5, 3
# A longer word is broken rather than the table given up.
WORD_WIDTH = 16
COLUMN_GAP = 2
# French sets no-break spaces before double signs.
KEPT_SPACES = "\n\u00a0\u202f"
out = Console(highlight=False, emoji=False, width=None if sys.stdout.isatty() else PIPE_WIDTH)
err = Console(stderr=True, highlight=False, emoji=False)


def say_error(error: LeadwerkError, language: Language) -> None:
    """One red block: what was wrong, and what to do."""
    message, remedy = refusal_texts(error, language)
    block = Text(printable(message))
    if remedy:
        block.append(f"\n\n{printable(remedy)}", style="bold")
    title = text(language, "cli.refused")
    err.print(Panel(block, title=title, title_align="left", border_style="red", box=box.ROUNDED))


def builtins(value: Any, language: Language = "en") -> Any:
    """A report as what JSON knows, its messages in a reader's language."""
    return msgspec.to_builtins(
        value, enc_hook=lambda part: in_language(part, language) if isinstance(part, str) else str(part)
    )


def print_json(value: Any) -> None:
    """A result for a machine: one JSON document on standard output."""
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(value, enc_hook=str), indent=2).decode() + "\n")


def table(
    title: str, header: Sequence[str], rows: Iterable[Sequence[str | Text]], *, width: int | None = None
) -> Table | Group:
    """A table; columns after the first are aligned to the right where they hold numbers.

    Words are shown as they are: what stands in brackets may come from a user's file, and is no style. Where `width`
    (by default the terminal's) is too narrow for all columns side by side, each row becomes a paragraph.
    """
    rows = [tuple(printable(cell) if isinstance(cell, str) else cell for cell in row) for row in rows]
    if rows and _narrowest(header, rows) > (width or out.width):
        return _paragraphs(title, header, rows)
    result = Table(
        title=Text(printable(title)) if title else None, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD
    )
    result.show_header = any(header)
    for position, name in enumerate(header):
        numeric = position > 0 and all(str(row[position])[:1] in "0123456789-+" for row in rows)
        result.add_column(Text(name), justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        result.add_row(*(Text(cell) if isinstance(cell, str) else cell for cell in row))
    return result


def _narrowest(header: Sequence[str], rows: Sequence[Sequence[str | Text]]) -> int:
    """The width below which words would have to be broken, in characters."""
    columns = zip(*([header] if any(header) else []), *rows, strict=True)
    longest = (max((len(term) for cell in column for term in str(cell).split()), default=0) for column in columns)
    return sum(min(length, WORD_WIDTH) + COLUMN_GAP for length in longest)


def _paragraphs(title: str, header: Sequence[str], rows: Sequence[Sequence[str | Text]]) -> Group:
    """Each row as its first cell, and below it the others that hold something, with their names."""
    parts: list[Text | Padding] = [Text(title, "bold")] if title else []
    for row in rows:
        named = [
            Text.assemble((f"{name} " if name else "", "dim"), cell) for name, cell in zip(header, row, strict=True)
        ]
        cell_texts = [text for text, cell in zip(named, row, strict=True) if str(cell) not in ("", "–")]
        parts += [cell_texts[0], Padding(Text(" · ").join(cell_texts[1:]), (0, 0, 0, 2))] if cell_texts else []
    return Group(*parts)


def printable(text: str) -> str:
    """A text of a user's file for the terminal: without control characters, which could steer it.

    >>> printable("a\x1b[2Jb\u202ec")
    'a�[2Jb�c'
    """
    return "".join(sign if sign.isprintable() or sign in KEPT_SPACES else "�" for sign in text)


def label(name: str) -> str:
    """A field's name as a person reads it.

    >>> label("events_read")
    'events read'
    """
    return name.replace("_", " ")


def figure(value: Any, language: Language = "en") -> str:
    """A value as a person reads it, its words in their language.

    >>> figure(1234567), figure(0.123456), figure(None), figure([1, 2]), figure({"a": 1})
    ('1,234,567', '0.123', '–', '2', 'a 1')
    """
    if value is None:
        return "–"
    if isinstance(value, bool):
        return text(language, "cli.figure.yes" if value else "cli.figure.no")
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:.3g}" if abs(value) < 1000 else f"{value:,.0f}"
    if isinstance(value, Mapping):
        return _listed([f"{key} {figure(item, language)}" for key, item in value.items()], language) or "–"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return _listed(value, language) if value and all(isinstance(item, str) for item in value) else str(len(value))
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value)


def _listed(texts: Sequence[str], language: Language) -> str:
    """All of them if they are few; else as many as one reads, and how many more there are."""
    listed = list(texts) if len(texts) <= MOST_LISTED or sum(map(len, texts)) <= PIPE_WIDTH else list(texts[:FEW])
    left_out = len(texts) - len(listed)
    more = [text(language, "cli.figure.more", figure=f"{left_out:,}")] if left_out else []
    return ", ".join([*listed, *more])
