"""Query records: each statement that names a class for its rows yields that class's columns, in name and type."""

from __future__ import annotations

import ast
import importlib
import types
import typing
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

import leadwerk
from leadwerk.pipeline.extract import EXPORTS
from leadwerk.policy.load import load
from leadwerk.warehouse.records import TABLE_RECORDS
from leadwerk.warehouse.statement import statement
from sql.reference import analyse

PACKAGE = Path(leadwerk.__file__).parent
GOOGLESQL = {str: "STRING", int: "INT64", float: "FLOAT64", bool: "BOOL", date: "DATE", datetime: "TIMESTAMP"}


def _calls() -> Iterator[tuple[str, ast.Call]]:
    """Each call statement("table/name", Record, …) of the package, with the name of its module."""
    for file in sorted(PACKAGE.rglob("*.py")):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        module = ".".join(("leadwerk", *file.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__")
        for node in ast.walk(tree):
            if not (isinstance(node, ast.Call) and ast.unparse(node.func) == "statement" and len(node.args) == 2):
                continue
            # What a policy's own names are written into has a test of its own (test_lead_states).
            if all(keyword.arg for keyword in node.keywords):
                yield module, node


def _names(module: str) -> dict[str, Any]:
    """The names of a module, and those that its functions import when they run."""
    loaded = importlib.import_module(module)
    names = dict(vars(loaded))
    for node in ast.walk(ast.parse(Path(loaded.__file__ or "").read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("leadwerk"):
            imported = importlib.import_module(str(node.module))
            names |= {alias.name: vars(imported)[alias.name] for alias in node.names if alias.name in vars(imported)}
    return names


CALLS = [pytest.param(module, call, id=f"{module}:{call.lineno}") for module, call in _calls()]


@pytest.mark.parametrize(("module", "call"), CALLS)
def test_a_record_has_the_columns_of_its_statement(module: str, call: ast.Call) -> None:
    namespace = {**_names(module), "policy": load("b2b_swiss"), "exports": EXPORTS}
    name, record = (eval(ast.unparse(argument), namespace) for argument in call.args)
    repeated = {keyword.arg or "": eval(ast.unparse(keyword.value), namespace) for keyword in call.keywords}
    assert _columns(record) == analyse(statement(name, record, **repeated)), name


def test_some_statements_name_a_record() -> None:
    assert CALLS, "the search for calls has gone blind"


@pytest.mark.parametrize("table", sorted(TABLE_RECORDS))
def test_a_table_record_has_the_columns_of_its_table(table: str) -> None:
    from leadwerk.warehouse import schema
    from leadwerk.warehouse.statement import from_text

    columns = ", ".join(f"`{field.name}`" for field in schema.table(table).fields)
    assert _columns(TABLE_RECORDS[table]) == analyse(from_text(f"SELECT {columns} FROM leadwerk.{table}"))


def _columns(record: type[msgspec.Struct]) -> dict[str, str]:
    hints = typing.get_type_hints(record)
    return {name: _googlesql(hints[name]) for name in record.__struct_fields__}


def _googlesql(hint: Any) -> str:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        [inner] = [argument for argument in arguments if argument is not type(None)]
        return _googlesql(inner)
    if origin is typing.Literal:
        return GOOGLESQL[type(arguments[0])]
    if origin in (tuple, list):
        return f"ARRAY<{_googlesql(arguments[0])}>"
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return f"STRUCT<{', '.join(f'{name} {kind}' for name, kind in _columns(hint).items())}>"
    return GOOGLESQL[hint]
