"""Subject access: every row of a person in every table, and no row of another."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from leadwerk.errors import UnknownPerson
from leadwerk.pipeline.privacy.access import AccessAnswer, access
from leadwerk.policy.load import load
from leadwerk.warehouse import schema
from leadwerk.warehouse.duckdb import DuckDBWarehouse
from support.person_rows import ANNA, BEAT, ERASED_AT, SECRET, fill


def answer(tmp_path: Path, name: str) -> AccessAnswer:
    warehouse = DuckDBWarehouse(tmp_path)
    fill(warehouse, ANNA, BEAT)
    return access(warehouse, load("mortgage"), name, secret=SECRET, now=ERASED_AT)


@pytest.mark.parametrize("name", [ANNA.lead, ANNA.visitor, ANNA.key])
def test_the_answer_has_every_table_and_nobody_elses_rows(tmp_path: Path, name: str) -> None:
    person = answer(tmp_path, name)
    assert [part.table for part in person.tables] == [table.name for table in schema.tables_of_persons()]
    assert all(len(part.rows) == 1 for part in person.tables)
    written = msgspec.json.encode(person).decode()
    assert ANNA.lead in written
    assert "beat" not in written


def test_each_column_and_retention_is_explained(tmp_path: Path) -> None:
    parts = {part.table: part for part in answer(tmp_path, ANNA.lead).tables}
    assert parts["scores"].retention_days == load("mortgage").retention.scores
    assert parts["leads"].retention_days is None
    assert all(part.columns[name] for part in parts.values() for row in part.rows for name in row)


def test_nobody_is_found_by_an_unknown_id(tmp_path: Path) -> None:
    with pytest.raises(UnknownPerson):
        answer(tmp_path, "nobody")
