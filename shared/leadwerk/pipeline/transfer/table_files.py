"""A table as a file and back: Parquet keeps every type; CSV is for people, with lists and records as JSON."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from leadwerk.warehouse import schema
from leadwerk.warehouse.protocol import Row

RowBatch = list[Row]

ROWS_A_BATCH = 20_000
ARROW_TYPES = {
    "STRING": pa.string(),
    "INT64": pa.int64(),
    "FLOAT64": pa.float64(),
    "BOOL": pa.bool_(),
    "DATE": pa.date32(),
    "TIMESTAMP": pa.timestamp("us", tz="UTC"),
}


def write_parquet(path: Path, table: schema.Table, batches: Iterable[RowBatch]) -> int:
    """Write the rows of a table; returns how many."""
    columns = pa.schema([_arrow_field(field) for field in table.fields])
    count = 0
    with pq.ParquetWriter(path, columns, compression="zstd") as writer:
        for rows in batches:
            writer.write_table(pa.Table.from_pylist(rows, schema=columns))
            count += len(rows)
    return count


def read_parquet(path: Path) -> Iterator[RowBatch]:
    """The rows of a file, in batches."""
    for batch in pq.ParquetFile(path).iter_batches(batch_size=ROWS_A_BATCH):
        yield batch.to_pylist()


def write_csv(path: Path, table: schema.Table, batches: Iterable[RowBatch]) -> int:
    """Write the rows of a table as UTF-8 with a mark, which spreadsheets need; returns how many."""
    count = 0
    names = [field.name for field in table.fields]
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(names)
        for rows in batches:
            writer.writerows([_cell(row[name]) for name in names] for row in rows)
            count += len(rows)
    return count


def _cell(value: object) -> str:
    if value is None or isinstance(value, str):
        from leadwerk.importing.written_file import harmless

        return str(harmless(value or ""))
    return msgspec.json.encode(value).decode().strip('"') if not isinstance(value, list) else _json(value)


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _arrow_field(field: schema.Field) -> pa.Field:
    base = pa.struct([_arrow_field(inner) for inner in field.fields]) if field.fields else ARROW_TYPES[field.type]
    return pa.field(field.name, pa.list_(base) if field.mode == "REPEATED" else base)
