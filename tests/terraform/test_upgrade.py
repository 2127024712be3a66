"""A deployment with data gets columns and tables by `terraform apply`, in place; nothing else may touch rows."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from terraform import upgrade
from terraform.agreement import EXPORT
from terraform.workspace import PROJECT, VARIABLES, Workspace

TABLES = PROJECT / "shared" / "leadwerk" / "warehouse" / "tables"
DEPLOYED = json.loads(Path(__file__).with_name("deployed_tables.json").read_text())
"""Partition and columns of each table as the last version deployed them; brought up to date when a version is out."""

NEW = {"name": "reviewed_by", "type": "STRING", "mode": "NULLABLE", "description": "New."}


def now_written() -> dict[str, Any]:
    return {
        path.parent.name: json.loads(path.read_text())
        for path in TABLES.glob("*/schema.json")
        if path.parent.name != EXPORT
    }


def test_every_table_of_the_last_version_is_still_there() -> None:
    assert sorted(DEPLOYED.keys() - now_written().keys()) == []


@pytest.mark.parametrize("table", DEPLOYED)
def test_rows_of_the_last_version_fit_the_tables_of_this_one(table: str) -> None:
    assert upgrade.columns(DEPLOYED[table]["columns"], now_written()[table]["fields"]) == []
    assert now_written()[table]["partition"] == DEPLOYED[table]["partition"]


def planned(
    deployed: Workspace, folder: Path, table: str, change: Callable[[dict[str, Any]], None]
) -> list[dict[str, Any]]:
    """The plan's changes after `change` was made to a table's schema.json."""
    copy = deployed.copy_to(folder / "copy")
    file = copy.tables / table / "schema.json"
    schema = json.loads(file.read_text())
    change(schema)
    file.write_text(json.dumps(schema))
    done = copy.terraform("plan", "-no-color", "-input=false", "-refresh=false", "-out=plan.bin", *VARIABLES)
    assert done.returncode == 0, done.stderr
    return json.loads(copy.terraform("show", "-json", "plan.bin").stdout)["resource_changes"]


@pytest.fixture(scope="module")
def stateful(deployed: Workspace) -> Workspace:
    if deployed.mock:
        pytest.skip("a mock keeps no state that could be upgraded")
    return deployed


def test_a_new_column_is_an_update_in_place_of_its_table_alone(stateful: Workspace, tmp_path: Path) -> None:
    changes = planned(stateful, tmp_path, "scores", lambda schema: schema["fields"].append(NEW))
    tables = {
        change["index"]: change["change"]["actions"] for change in changes if change["type"] == "google_bigquery_table"
    }
    assert tables.pop("scores") == ["update"]
    assert set(map(tuple, tables.values())) == {("no-op",)}
    assert upgrade.complaints(changes) == []


def test_columns_in_another_order_are_refused(stateful: Workspace, tmp_path: Path) -> None:
    changes = planned(stateful, tmp_path, "scores", lambda schema: schema["fields"].insert(3, NEW))
    assert upgrade.complaints(changes) == [
        'google_bigquery_table.leadwerk["scores"]: the columns that are there are no longer the first, in their order'
    ]


def test_a_table_that_is_gone_is_refused(stateful: Workspace, tmp_path: Path) -> None:
    copy = stateful.copy_to(tmp_path / "copy")
    (copy.tables / "suggestions").rename(tmp_path / "suggestions")
    (copy.folder / "policy.tf").write_text((copy.folder / "policy.tf").read_text().replace(', "suggestions"', ""))
    copy.terraform("plan", "-input=false", "-refresh=false", "-out=plan.bin", *VARIABLES)
    changes = json.loads(copy.terraform("show", "-json", "plan.bin").stdout)["resource_changes"]
    assert upgrade.complaints(changes) == ['google_bigquery_table.leadwerk["suggestions"] would be deleted']


DAY = {"name": "day", "type": "DATE", "mode": "REQUIRED"}
TAGS = {"name": "tags", "type": "RECORD", "mode": "REPEATED", "fields": [DAY]}


@pytest.mark.parametrize(
    ("after", "complaint"),
    [
        ([DAY, TAGS], None),
        ([{**DAY, "mode": "NULLABLE", "description": "Other words."}, TAGS], None),
        ([DAY, {**TAGS, "fields": [DAY, NEW]}], None),
        ([DAY], "no longer the first"),
        ([TAGS, DAY], "no longer the first"),
        ([{**DAY, "type": "STRING"}, TAGS], "day becomes STRING"),
        ([DAY, {**TAGS, "mode": "NULLABLE"}], "tags becomes NULLABLE"),
        ([DAY, {**TAGS, "fields": []}], "in tags"),
        ([DAY, TAGS, {**NEW, "mode": "REQUIRED"}], "rows from before have none"),
    ],
)
def test_only_what_leaves_rows_as_they_are_is_taken(after: list[dict[str, Any]], complaint: str | None) -> None:
    complaints = upgrade.columns([DAY, TAGS], after)
    assert (complaint is None) == (complaints == [])
    assert complaint is None or complaint in complaints[0]


def test_another_partition_is_refused() -> None:
    values = {"schema": json.dumps([DAY]), "time_partitioning": [{"field": "day"}], "table_id": "scores"}
    change = {"actions": ["update"], "before": values, "after": {**values, "time_partitioning": [{"field": "at"}]}}
    assert upgrade.complaints([{"type": "google_bigquery_table", "address": "a", "change": change}]) == [
        "a: it is partitioned by another column"
    ]
