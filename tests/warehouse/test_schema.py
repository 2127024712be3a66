"""The tables' descriptions are complete and true."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from leadwerk.errors import MissingTable
from leadwerk.warehouse import schema

SAMPLE = Path(__file__).parents[3] / "shared" / "data" / "ga4-export-samples" / "events_schema.json"
OLD_NAMES = {"INTEGER": "INT64", "FLOAT": "FLOAT64", "BOOLEAN": "BOOL"}


@pytest.mark.parametrize("name", schema.names())
def test_a_table_says_its_grain_key_and_columns(name: str) -> None:
    table = schema.table(name)
    columns = {field.name for field in table.fields}
    assert re.fullmatch(r"One [^.]+[.]", table.description), "one sentence that says what one row is"
    assert all(field.description for field in table.fields)
    assert {*table.key, *table.cluster} <= columns
    assert table.partition is None or table.field(table.partition) is not None
    assert table.key or table.dataset == "ga4"


def test_the_export_is_as_google_writes_it() -> None:
    if not SAMPLE.exists():
        pytest.skip("the sample of the GA4 export's schema is not here")
    expected = _shape(json.loads(SAMPLE.read_text()))
    ours = json.loads((schema.FOLDER / schema.EXPORT / "schema.json").read_text())["fields"]
    assert _shape(ours) == expected
    assert len(expected) == 31


def _shape(fields: list[dict[str, object]]) -> list[object]:
    return [
        (
            field["name"],
            OLD_NAMES.get(str(field["type"]), field["type"]),
            field["mode"],
            _shape(field.get("fields", [])),
        )  # type: ignore[arg-type]
        for field in fields
    ]


def test_an_unknown_table_is_named() -> None:
    with pytest.raises(MissingTable, match="nonsense"):
        schema.table("nonsense")
