"""Google's own analyser and reference evaluator of GoogleSQL, as the judge over our statements.

`analyse` checks a statement against all schema.json; `evaluate` runs it over given rows; `on_duckdb` runs it over the
same rows on the embedded engine; `assert_equal_rows` compares. Tables and parameters are inlined, the tables as a WITH
clause, because the evaluator that zetasql ships runs one SELECT and nothing else.
"""

from __future__ import annotations

import ctypes
import fcntl
import functools
import math
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import msgspec

from leadwerk.warehouse import schema
from leadwerk.warehouse.create_tables import create_tables
from leadwerk.warehouse.duckdb import DuckDBWarehouse
from leadwerk.warehouse.json_rows import json_rows
from leadwerk.warehouse.parameter_types import googlesql as googlesql_type, literal, parameter_type, single
from leadwerk.warehouse.protocol import Row, Statement
from leadwerk.warehouse.statement import inlined

Tables = Mapping[str, Sequence[Row]]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
OWN_TABLE = re.compile(r"`?\bleadwerk\.(\w+)`?")
EXPORT_TABLE = re.compile(r"`ga4\.(events_\w+)\*`")
SUFFIX = schema.Field("_TABLE_SUFFIX", "STRING")
EMPTY_OF = {"STRING": "''", "INT64": "0", "FLOAT64": "0.0", "BOOL": "FALSE"}


class Refused(Exception):
    """The reference says no: a wrong column, a wrong type, or a failure while evaluating."""


def analyse(statement: Statement) -> dict[str, str]:
    """Columns and types of the statement's result, by Google's analyser over all schema.json.

    Raises:
        Refused: the statement does not pass, with the analyser's message.
    """
    request = _messages().PrepareQueryRequest(
        sql=_with_tables(statement, {}), options=_options(statement), registered_catalog_id=_registered()
    )
    answer = _call("PrepareQuery", request, _messages().PrepareQueryResponse)
    _call(
        "UnprepareQuery", _messages().UnprepareQueryRequest(prepared_query_id=answer.prepared.prepared_query_id), None
    )
    return {column.name: _type_name(column.type) for column in answer.prepared.columns}


def evaluate(statement: Statement, parameters: Mapping[str, Any], tables: Tables) -> list[Row]:
    """The statement's rows on the reference evaluator, over `tables` (name → rows; ga4_events with _TABLE_SUFFIX)."""
    text = inlined(statement, parameters)
    sql = _with_tables(Statement(statement.name, text), tables)
    request = _messages().EvaluateQueryRequest(sql=sql, options=_options(None), registered_catalog_id=_registered())
    answer = _call("EvaluateQuery", request, _messages().EvaluateQueryResponse)
    columns = answer.prepared.columns
    return [
        {column.name: _value(cell, column.type) for column, cell in zip(columns, row.cell, strict=True)}
        for row in answer.content.table_data.row
    ]


def on_duckdb(statement: Statement, parameters: Mapping[str, Any], tables: Tables) -> list[Row]:
    """The statement's rows on the embedded engine, over the same rows."""
    warehouse = _engine()
    with _filled(warehouse.connection, tables):
        return warehouse.rows(statement, parameters)


class _InMemory(DuckDBWarehouse):
    """The embedded engine on one connection in memory: opening files takes longer than most statements."""

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        self._file._in_use = self.connection = duckdb.connect()
        self.connection.execute("SET TimeZone = 'UTC'")
        create_tables(self.connection)

    def _export_tables(self, connection: duckdb.DuckDBPyConnection) -> list[str]:
        tables = connection.execute("SELECT table_name FROM duckdb_tables() WHERE database_name = 'ga4' ORDER BY 1")
        return [name for (name,) in tables.fetchall()]


@functools.cache
def _engine() -> _InMemory:
    return _InMemory(Path(_scratch().name))


@functools.cache
def _scratch() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="parity-")


@contextmanager
def _filled(connection: duckdb.DuckDBPyConnection, tables: Tables) -> Iterator[None]:
    """These rows and none besides, while the block runs."""
    connection.execute("ATTACH ':memory:' AS ga4")
    try:
        _fill_export(connection, tables.get(schema.EXPORT, ()))
        connection.execute("BEGIN TRANSACTION")
        try:
            _fill_tables(connection, tables)
            yield
        finally:
            connection.execute("ROLLBACK")
    finally:
        connection.execute("DETACH ga4")


def assert_equal_rows(actual: Sequence[Row], other: Sequence[Row]) -> None:
    """Equal as bags of rows; floats to 1e-9 relative."""
    assert len(actual) == len(other), f"{len(actual)} rows against {len(other)}:\n{list(actual)[:5]}\n{list(other)[:5]}"
    for left, right in zip(sorted(actual, key=_order), sorted(other, key=_order), strict=True):
        assert list(left) == list(right), f"columns {list(left)} against {list(right)}"
        wrong = {name: (left[name], right[name]) for name in left if not _same(left[name], right[name])}
        assert not wrong, f"{wrong} in {left}"


def assert_engines_agree(statement: Statement, parameters: Mapping[str, Any], tables: Tables) -> list[Row]:
    """Reference and embedded engine yield the same; returns the reference's rows."""
    expected = evaluate(statement, parameters, tables)
    assert_equal_rows(on_duckdb(statement, parameters, tables), expected)
    return expected


def _same(left: Any, right: Any) -> bool:
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, int | float) and isinstance(right, int | float):
        # Engines add in their own order: where addends cancel, either may leave a rest far below any value's digits.
        return math.isclose(left, right, rel_tol=1e-9, abs_tol=1e-30) or (left != left and right != right)
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(_same(left[name], right[name]) for name in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(_same, left, right))
    # The reference, as BigQuery, stores no NULL array: it reads as the empty one.
    return left == right or (not left and not right and [] in (left, right))


def _order(row: Row) -> str:
    return repr([_rounded(value) for value in row.values()])


def _rounded(value: Any) -> Any:
    if isinstance(value, bool) or value is None:
        return str(value)
    if isinstance(value, int | float):
        return f"{value:+.6e}"
    if isinstance(value, dict):
        return [_rounded(part) for part in value.values()]
    return [_rounded(part) for part in value] if isinstance(value, list) else repr(value) if value != [] else "None"


def _with_tables(statement: Statement, tables: Tables) -> str:
    """The statement with every table it names as a CTE; those without rows are empty but typed."""
    tables_read = sorted(set(OWN_TABLE.findall(statement.text)))
    text = OWN_TABLE.sub(r"leadwerk__\1", statement.text)
    ctes = [
        f"leadwerk__{name} AS ({_rows_sql(schema.table(name).fields, tables.get(name, ()))})" for name in tables_read
    ]
    export = (SUFFIX, *schema.table(schema.EXPORT).fields)
    for prefix in sorted(set(EXPORT_TABLE.findall(text))):
        rows = _matched_by(prefix, tables.get(schema.EXPORT, ()))
        ctes.append(f"ga4__{prefix} AS ({_rows_sql(export, rows)})")
    text = EXPORT_TABLE.sub(r"ga4__\1", text)
    return f"WITH {', '.join(ctes)}\n({text}\n)" if ctes else text


def _matched_by(prefix: str, export: Sequence[Row]) -> list[Row]:
    """The rows of the tables that a wildcard takes in, with what follows its prefix as their suffix."""
    tables = [(f"events_{row[SUFFIX.name]}", row) for row in export]
    return [{**row, SUFFIX.name: table.removeprefix(prefix)} for table, row in tables if table.startswith(prefix)]


def _rows_sql(fields: Sequence[schema.Field], rows: Sequence[Row]) -> str:
    kind = ", ".join(f"`{field.name}` {googlesql_type(field)}" for field in fields)
    written = ",\n".join(_struct(fields, row) for row in rows)
    return f"SELECT * FROM UNNEST(ARRAY<STRUCT<{kind}>>[{written}])"


def _struct(fields: Sequence[schema.Field], row: Row) -> str:
    return "(" + ", ".join(_field(field, row.get(field.name)) for field in fields) + ")"


def _field(field: schema.Field, value: Any) -> str:
    if field.mode == "REPEATED":
        items = ", ".join(_field(single(field), item) for item in value or ())
        return f"{googlesql_type(field)}[{items}]"
    if value is None:
        return "NULL"
    if field.fields:
        # A struct of one field would read as a mere pair of brackets.
        return f"{googlesql_type(field)}{_struct(field.fields, value)}"
    return literal(value, field)


def _fill_tables(connection: duckdb.DuckDBPyConnection, tables: Tables) -> None:
    """Fill without looking at keys: BigQuery's tables may hold a key twice, so statements must bear it."""
    for name in tables.keys() - {schema.EXPORT}:
        connection.execute(f"INSERT INTO leadwerk.{name} BY NAME {_select_json(schema.table(name), tables[name])}")


def _fill_export(connection: duckdb.DuckDBPyConnection, export: Sequence[Row]) -> None:
    for suffix in sorted({row["_TABLE_SUFFIX"] for row in export}):
        rows = [{k: v for k, v in row.items() if k != SUFFIX.name} for row in export if row[SUFFIX.name] == suffix]
        connection.execute(f"CREATE TABLE ga4.events_{suffix} AS {_select_json(schema.table(schema.EXPORT), rows)}")


def _select_json(table: schema.Table, rows: Sequence[Row]) -> str:
    kind = schema.duckdb_type(schema.Field("rows", "RECORD", "REPEATED", fields=table.fields))
    payload = msgspec.json.encode(json_rows(table, rows)).decode().replace("'", "''")
    return f"SELECT r.* FROM (SELECT unnest(CAST('{payload}'::JSON AS {kind})) AS r)"


def _value(cell: Any, kind: Any) -> Any:
    which = cell.WhichOneof("value")
    if which is None:
        return None
    if which == "array_value":
        return [_value(item, kind.array_type.element_type) for item in cell.array_value.element]
    if which == "struct_value":
        fields = kind.struct_type.field
        return {
            part.field_name: _value(item, part.field_type)
            for part, item in zip(fields, cell.struct_value.field, strict=True)
        }
    if which == "timestamp_value":
        seconds, nanos = cell.timestamp_value.seconds, cell.timestamp_value.nanos
        return EPOCH + timedelta(seconds=seconds, microseconds=nanos // 1000)
    value = getattr(cell, which)
    return date(1970, 1, 1) + timedelta(days=value) if which == "date_value" else value


def _type_name(kind: Any) -> str:
    from zetasql.wasi._pb2.zetasql.public import type_pb2

    name = type_pb2.TypeKind.Name(kind.type_kind).removeprefix("TYPE_")
    if name == "ARRAY":
        return f"ARRAY<{_type_name(kind.array_type.element_type)}>"
    if name == "STRUCT":
        parts = (f"{part.field_name} {_type_name(part.field_type)}" for part in kind.struct_type.field)
        return f"STRUCT<{', '.join(parts)}>"
    return {"DOUBLE": "FLOAT64"}.get(name, name)


def _messages() -> Any:
    from zetasql.wasi._pb2.zetasql.local_service import local_service_pb2

    return local_service_pb2


@functools.cache
def _service() -> Any:
    """The WebAssembly service, compiled once a machine: compiling takes 20 s, reading the compiled module 0.2 s."""
    from importlib.metadata import version

    import wasmtime
    from zetasql.core import local_service, wasm_client

    class Cached(wasmtime.Module):
        @classmethod
        def from_file(cls, engine: Any, path: Any) -> Any:
            compiled = Path(tempfile.gettempdir()) / f"zetasql-{version('zetasql')}-{version('wasmtime')}.cwasm"
            with compiled.with_suffix(".lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)  # two workers that compile at once take twice as long
                if not compiled.exists():
                    draft = compiled.with_suffix(".draft")
                    draft.write_bytes(wasmtime.Module.from_file(engine, path).serialize())
                    draft.replace(compiled)
            return wasmtime.Module.deserialize_file(engine, str(compiled))

    original = wasm_client.Module
    wasm_client.Module = Cached  # type: ignore[misc]
    try:
        client = local_service.ZetaSqlLocalService().wasm_client
    finally:
        wasm_client.Module = original  # type: ignore[misc]
    # zetasql copies byte by byte, which takes seconds for a table of some hundred rows.
    client.write_bytes = lambda place, data: ctypes.memmove(_address(client) + place, data, len(data))
    client.read_bytes = lambda place, size: ctypes.string_at(_address(client) + place, size)
    return client


def _address(client: Any) -> int:
    return ctypes.addressof(client.memory.data_ptr().contents)


def _call(name: str, request: Any, answer: Any) -> Any:
    from google.protobuf import empty_pb2
    from zetasql.core.exceptions import ZetaSQLError

    try:
        return _service().call_grpc_func(f"ZetaSqlLocalService_{name}", request, answer or empty_pb2.Empty)
    except ZetaSQLError as error:
        raise Refused(str(error)) from error


@functools.cache
def _language() -> Any:
    from zetasql.wasi._pb2.zetasql.proto import options_pb2

    request = _messages().LanguageOptionsRequest(maximum_features=True)
    language = _call("GetLanguageOptions", request, options_pb2.LanguageOptionsProto)
    language.reserved_keywords.append("QUALIFY")  # as in BigQuery
    return language


def _options(statement: Statement | None) -> Any:
    from zetasql.wasi._pb2.zetasql.proto import options_pb2

    # BigQuery's default; the library's own is California.
    options = options_pb2.AnalyzerOptionsProto(language_options=_language(), default_timezone="UTC")
    for name, kind in (statement.parameters if statement else {}).items():
        parameter = options.query_parameters.add(name=name)
        _set_type(parameter.type, parameter_type(kind))
    return options


def _set_type(target: Any, kind: schema.Field) -> None:
    from zetasql.wasi._pb2.zetasql.public import type_pb2

    if kind.mode == "REPEATED":
        target.type_kind = type_pb2.TYPE_ARRAY
        _set_type(target.array_type.element_type, single(kind))
    elif kind.fields:
        target.type_kind = type_pb2.TYPE_STRUCT
        for part in kind.fields:
            _set_type(target.struct_type.field.add(field_name=part.name).field_type, part)
    else:
        target.type_kind = type_pb2.TypeKind.Value("TYPE_" + {"FLOAT64": "DOUBLE"}.get(kind.type, kind.type))


@functools.cache
def _catalog() -> Any:
    from zetasql.wasi._pb2.zetasql.proto import simple_catalog_pb2

    catalog = simple_catalog_pb2.SimpleCatalogProto(name="warehouse")
    catalog.builtin_function_options.language_options.CopyFrom(_language())
    return catalog


@functools.cache
def _registered() -> int:
    """The catalog's id in the service, which fills it with all functions of GoogleSQL: 13 ms for each use without."""
    request = _messages().RegisterCatalogRequest(simple_catalog=_catalog())
    return int(_call("RegisterCatalog", request, _messages().RegisterResponse).registered_id)
