"""The import stage on a real warehouse: stored once, rejected with reason, ready to be learned from."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from leadwerk.importing import policy_file
from leadwerk.importing.columns import describe
from leadwerk.importing.mapping import attributes, state, statuses
from leadwerk.importing.table import read
from leadwerk.pipeline import import_leads
from leadwerk.pipeline.import_leads import ImportReport
from leadwerk.pipeline.leads.features import (
    features_statement,
    label_parameters,
    labels_statement,
    training_parameters,
)
from leadwerk.policy.load import parse
from leadwerk.policy.model import Policy
from leadwerk.warehouse.duckdb import DuckDBWarehouse
from leadwerk.warehouse.statement import from_text

NOW = datetime(2026, 11, 1, tzinfo=UTC)
LEADS = "id,visits,city,won\n1,3,Bern,yes\n2,5,Chur,no\n3,,Bern,no\n4,7,,\n"


def run(folder: Path, text: str = LEADS) -> tuple[DuckDBWarehouse, Policy, ImportReport]:
    path = folder / "leads.csv"
    path.write_text(text, encoding="utf-8")
    content = read(path)
    how = state(content, id="id", outcome="won", positive=None, time=None, exclude=())
    columns = [describe(name, content.values(name)) for name in content.columns]
    made = policy_file.text("leads", how, attributes(columns, how), statuses(content, how), ("en", "de"))
    policy, warehouse = parse(made), DuckDBWarehouse(folder / "home")
    report = import_leads.run(
        warehouse, policy, content, how, now=NOW, person_key="k", rejects_to=folder / "leads.rejects.csv"
    )
    return warehouse, policy, report


def contents(warehouse: DuckDBWarehouse) -> list[object]:
    texts = ("SELECT * FROM leadwerk.leads ORDER BY lead_id", "SELECT * FROM leadwerk.outcomes ORDER BY lead_id")
    return [warehouse.rows(from_text(text), {}) for text in texts]


def test_leads_and_outcomes_are_stored_and_counted(tmp_path: Path) -> None:
    _, _, report = run(tmp_path)
    assert (report.rows, report.leads, report.new_leads, report.new_outcomes) == (4, 4, 4, 3)
    assert (report.converted, report.lost, report.rejects_file) == (1, 2, None)
    assert report.time == "the file's order"


def test_the_same_file_twice_is_once(tmp_path: Path) -> None:
    warehouse, _, _ = run(tmp_path)
    before = contents(warehouse)
    again, _, report = run(tmp_path)
    assert (report.new_leads, report.new_outcomes) == (0, 0)
    assert contents(again) == before


def test_bad_rows_are_counted_and_written_down_with_the_reason(tmp_path: Path) -> None:
    _, _, report = run(tmp_path, LEADS + '5,1\n1,2,Bern,no\n6,"x,Bern,yes\n')
    rejects = read(tmp_path / "leads.rejects.csv")
    assert report.rejected_rows == 3
    assert rejects.values("line") == ["6", "7", "8"]
    assert "has 2 fields, the header 4" in rejects.values("reason")
    assert "the id '1' stands on line 2 already; that line is used" in rejects.values("reason")


def test_a_known_field_that_cannot_be_read_is_counted_and_written_down(tmp_path: Path) -> None:
    text = "id,postcode,email,won\n1,8001,anna@example.ch,yes\n2,nowhere,b@b,no\n3,3011,carl@example.ch,no\n"
    warehouse, _, report = run(tmp_path, text)
    rejects = read(tmp_path / "leads.rejects.csv")
    assert (report.new_leads, report.rejected_rows, report.rejected_values) == (3, 0, 2)
    assert sorted(zip(rejects.values("line"), rejects.values("field"), rejects.values("text"), strict=True)) == [
        ("3", "email", ""), ("3", "postcode", "nowhere"),
    ]  # fmt: skip
    postcodes = warehouse.rows(from_text("SELECT postcode FROM leadwerk.leads ORDER BY lead_id"), {})
    assert [row["postcode"] for row in postcodes] == ["8001", None, "3011"]


def test_a_better_file_leaves_no_rejects_of_the_worse_one_behind(tmp_path: Path) -> None:
    run(tmp_path, LEADS + "5,1\n")
    run(tmp_path)
    assert not (tmp_path / "leads.rejects.csv").exists()


def test_every_lead_with_an_outcome_is_a_matured_landmark_with_its_features(tmp_path: Path) -> None:
    warehouse, policy, _ = run(tmp_path)
    first = datetime(1999, 1, 1, tzinfo=UTC)
    labels = warehouse.rows(labels_statement(policy), label_parameters(policy, first, NOW, NOW))
    assert {row["lead_id"]: row["converted"] for row in labels} == {"1": True, "2": False, "3": False}
    features = warehouse.rows(features_statement(policy), training_parameters(policy, first, NOW))
    seen = {row["lead_id"]: (row["attribute_visits_stated"], row["attribute_city"]) for row in features}
    assert seen == {"1": (3.0, "Bern"), "2": (5.0, "Chur"), "3": (None, "Bern"), "4": (7.0, None)}


@pytest.mark.parametrize("rows", [0, 1])
def test_a_file_with_hardly_a_row_is_no_error(tmp_path: Path, rows: int) -> None:
    text = "".join(LEADS.splitlines(keepends=True)[: 3 + rows])
    assert run(tmp_path, text)[2].leads == 2 + rows
