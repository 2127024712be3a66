"""Statements: GoogleSQL SELECTs in files, tables/<table>/<name>.sql, with typed parameters and repeated lines.

A file opens with a sentence that states what one row of the result is, then declares its parameters::

    -- One lead at one moment, with all features.
    -- @lead_ids ARRAY<STRING>
    -- @as_of TIMESTAMP

A line ``-- include TABLE/NAME`` stands for the file tables/TABLE/NAME.fragment.sql: declarations, common table
expressions, or both, that several statements share. ``-- include TABLE/NAME where CONDITION`` puts a condition where
the fragment has the line ``-- where``. What is analysed, hashed and run is the expanded text.

Lines between ``-- for each NAME`` and ``-- end`` are repeated for each value given for NAME, with ``${NAME}`` replaced;
after ``-- for each NAME with WORDS between`` the words stand between them. Such blocks may hold each other. Values are
names or whole numbers, so nothing else can enter the SQL. A block that is repeated for nothing or once is a switch. A
value may have parts: ``${NAME.PART}`` stands for one of them.

A parameter may be rows, ``-- @forms ARRAY<STRUCT<lead_id STRING, …>>``; its lines go on after ``--`` and three spaces.
Declarations may stand anywhere and are read from the top; one WITH opens the common table expressions of a statement,
however many fragments bring theirs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache, lru_cache
from typing import Any, overload

from leadwerk.errors import MissingTable, WarehouseError
from leadwerk.warehouse import schema
from leadwerk.warehouse.parameter_types import fits, literal, parameter_type, plain
from leadwerk.warehouse.protocol import AnyStatement, Parameters, R, Row, Statement

NAME = re.compile(r"^[a-z][a-z0-9_]*$")
DECLARATION = re.compile(r"^[ \t]*--\s*@(\w+)\s+(\w+(?:<(?:[^\n;]|\n--   )+>)?)[ \t]*$\n?", re.MULTILINE)
DESCRIPTION = re.compile(r"(?:[ \t]*--.*\n)+")
OPENING = re.compile(r"^WITH ", re.MULTILINE)
PARAMETER = re.compile(r"@(\w+)")
INCLUDE = re.compile(r"^[ \t]*-- include (\S+)(?: where (.+?))?[ \t]*\n", re.MULTILINE)
WHERE = re.compile(r"^([ \t]*)-- where[ \t]*\n", re.MULTILINE)
LABEL = re.compile(r"^[ \t]*-- for each (\w+)", re.MULTILINE)
INNERMOST = re.compile(
    r"^[ \t]*-- for each (\w+)(?: with ([A-Z ]+) between)?[ \t]*\n"
    r"((?:(?![ \t]*-- (?:for each|end)).*\n)*)[ \t]*-- end[ \t]*(?:\n|$)",
    re.MULTILINE,
)


Value = str | int | Mapping[str, str | int]
HashableValue = str | int | tuple[tuple[str, str | int], ...]
Repeated = Sequence[str] | Sequence[int] | Sequence[Value]
"""What a block is repeated for: names, whole numbers, or both in named parts."""


@overload
def statement(name: str, record: None = None, **repeated: Repeated) -> Statement[Row]: ...


@overload
def statement(name: str, record: type[R], **repeated: Repeated) -> Statement[R]: ...


def statement(name: str, record: type[Any] | None = None, **repeated: Repeated) -> Statement[Any]:
    """The statement of the file tables/`name`.sql with its repeated lines written out; its rows are `record`s.

    Raises:
        MissingTable: there is no such file, or none that it includes.
        WarehouseError: a value to repeat for is missing, superfluous, or no plain name.
    """
    values = tuple((label, tuple(_hashable(value) for value in repeat)) for label, repeat in repeated.items())
    return replace(_written_statement(name, values), record=record)


def _hashable(value: Value) -> HashableValue:
    return tuple(value.items()) if isinstance(value, Mapping) else value


@lru_cache(maxsize=256)
def _written_statement(name: str, repeated: tuple[tuple[str, tuple[HashableValue, ...]], ...]) -> Statement[Row]:
    values = {
        label: [dict(value) if isinstance(value, tuple) else value for value in repeat] for label, repeat in repeated
    }
    return from_text(_read(name), name, **values)


@cache
def _read(name: str) -> str:
    file = schema.FOLDER / f"{name}.sql"
    if not file.is_file():
        raise MissingTable(f"There is no statement {name!r}.", remedy=f"It should stand in tables/{name}.sql.")
    # Included before parsing: a fragment may hold half a statement, such as a CTE.
    return INCLUDE.sub(_fragment, file.read_text(encoding="utf-8"))


def _fragment(include: re.Match[str]) -> str:
    """The fragment that a line includes, with its condition where the fragment has a place for one."""
    name, condition = include.groups()
    text = _read(f"{name}.fragment")
    if condition and not WHERE.search(text):
        raise WarehouseError(f"{name} takes no condition.", remedy="Give the fragment a line `-- where`.")
    return WHERE.sub(rf"\1AND ({condition})\n" if condition else "", text)


def from_text(text: str, name: str = "inline", **repeated: Repeated) -> Statement[Row]:
    r"""A statement from GoogleSQL itself.

    >>> from_text("-- @n INT64\nSELECT\n-- for each w\n  @n + ${w} AS x_${w},\n-- end\n  1 AS y", w=[1, 7]).text
    '-- @n INT64\nSELECT\n  @n + 1 AS x_1,\n  @n + 7 AS x_7,\n  1 AS y'
    """
    labels = set(LABEL.findall(text))
    if labels != set(repeated):
        raise WarehouseError(
            f"{name} repeats lines for {sorted(labels)}, but got {sorted(repeated)}.", remedy="Give exactly these."
        )
    for label, values in repeated.items():
        _check_values(name, label, values)
    written = _with_one_opening(_written_out(text, repeated))
    declared = {
        declaration[1]: " ".join(declaration[2].replace("\n--", "").split())
        for declaration in DECLARATION.finditer(written)
    }
    declarations = "".join(f"-- @{parameter} {kind}\n" for parameter, kind in declared.items())
    rest = DECLARATION.sub("", written)
    description = DESCRIPTION.match(rest)
    start = description.end() if description else 0
    return Statement(name=name, text=rest[:start] + declarations + rest[start:], parameters=declared)


def switch(*, on: bool) -> tuple[str, ...]:
    """The value of a block that is written once or not at all."""
    return ("on",) if on else ()


def _with_one_opening(text: str) -> str:
    opening = OPENING.search(text)
    return text if opening is None else text[: opening.end()] + OPENING.sub("", text[opening.end() :])


def _written_out(text: str, repeated: Mapping[str, Repeated]) -> str:
    def block(placeholder: re.Match[str]) -> str:
        label, between, lines = placeholder.groups()
        times = [_filled(lines, label, value) for value in repeated[label]]
        return (f"{between}\n" if between else "").join(times)

    # From the inside out, so that an inner block may use the label of the outer one.
    while INNERMOST.search(text):
        text = INNERMOST.sub(block, text)
    return text


def _filled(lines: str, label: str, value: Value) -> str:
    if not isinstance(value, Mapping):
        return lines.replace(f"${{{label}}}", str(value))
    for part, text in value.items():
        lines = lines.replace(f"${{{label}.{part}}}", str(text))
    return lines


def _check_values(name: str, label: str, values: Repeated) -> None:
    parts = (part for value in values for part in (value.values() if isinstance(value, Mapping) else (value,)))
    for value in parts:
        # These become part of the SQL text: only names and whole numbers, never a value of a user.
        if isinstance(value, bool) or not (isinstance(value, int) or NAME.match(value)):
            raise WarehouseError(
                f"{name}: {value!r} cannot be repeated for {label}.",
                remedy="Use small letters, digits and underscores, beginning with a letter.",
            )


def bound(statement: AnyStatement, parameters: Parameters) -> Parameters:
    """Those of `parameters` that the statement declares, each checked against its declared type.

    Raises:
        WarehouseError: a declared parameter is missing, or has another type.
    """
    missing = sorted(set(statement.parameters) - set(parameters))
    if missing:
        raise WarehouseError(f"{statement.name} needs the parameter {missing[0]!r}.", remedy="Give it.")
    types = {name: parameter_type(kind) for name, kind in statement.parameters.items()}
    values = {name: plain(parameters[name], kind) for name, kind in types.items()}
    for name, kind in types.items():
        if not fits(values[name], kind):
            raise WarehouseError(
                f"{statement.name}: parameter {name!r} is {parameters[name]!r}, not {statement.parameters[name]}.",
                remedy="Convert it; timestamps must be aware.",
            )
    return values


def inlined(statement: AnyStatement, parameters: Parameters) -> str:
    """The statement's text with its parameters written as literals, for where BigQuery takes no parameters.

    >>> inlined(from_text("SELECT @n"), {})
    'SELECT @n'
    >>> inlined(Statement("inline", "SELECT @n", {"n": "INT64"}), {"n": 2})
    'SELECT CAST(2 AS INT64)'
    """
    values = bound(statement, parameters)
    # The header goes: it declares parameters that are no more, and `@name` in a comment upsets a script.
    last = max((declaration.end() for declaration in DECLARATION.finditer(statement.text)), default=0)

    def written(placeholder: re.Match[str]) -> str:
        name = placeholder[1]
        return literal(values[name], parameter_type(statement.parameters[name])) if name in values else placeholder[0]

    return PARAMETER.sub(written, statement.text[last:])
