"""The import stage on a real warehouse: stored once, rejected with reason, ready to be learned from."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from leadwerk.errors import InputError
from leadwerk.importing.table import read_table
from leadwerk.pipeline import import_leads
from leadwerk.pipeline.import_leads import ImportReport
from leadwerk.pipeline.leads.features import (
    features_statement,
    label_parameters,
    labels_statement,
    training_parameters,
)
from leadwerk.policy.model import Policy
from leadwerk.warehouse.duckdb import DuckDBWarehouse
from leadwerk.warehouse.statement import from_text
from support.homes import home_warehouse
from support.imported_files import NOW, plan, table

LEADS = "id,visits,city,won\n1,3,Bern,yes\n2,5,Chur,no\n3,,Bern,no\n4,7,,\n"


def run(folder: Path, text: str = LEADS, **options: Any) -> tuple[DuckDBWarehouse, Policy, ImportReport]:
    how = plan(table(folder, text, "leads.csv"), "id", "won")
    accept = options.pop("accept_rejects", False)
    choices = import_leads.ImportChoices(lambda: "k", accept_rejects=accept)
    prepared = import_leads.prepare(how.policy, how.table, how.mapping, choices, now=NOW)
    warehouse = home_warehouse(folder / "home")
    report = import_leads.run(warehouse, prepared, rejects_to=folder / "leads.rejects.csv", **options)
    return warehouse, how.policy, report


def contents(warehouse: DuckDBWarehouse) -> list[object]:
    texts = ("SELECT * FROM leadwerk.leads ORDER BY lead_id", "SELECT * FROM leadwerk.outcomes ORDER BY lead_id")
    return [[{**row, "stored_at": None} for row in warehouse.rows(from_text(text), {})] for text in texts]


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


def test_a_later_file_replaces_what_an_earlier_one_stated_of_its_leads(tmp_path: Path) -> None:
    run(tmp_path)
    warehouse, _, _ = run(tmp_path, "id,visits,city,won\n1,4,Chur,no\n2,5,Chur,\n5,1,Bern,yes\n")
    leads, outcomes = (list(rows) for rows in contents(warehouse))  # type: ignore[call-overload]
    assert [lead["lead_id"] for lead in leads] == ["1", "2", "3", "4", "5"]
    assert [(row["lead_id"], row["outcome"]) for row in outcomes] == [("1", "lost"), ("3", "lost"), ("5", "won")]


def test_what_a_form_stated_is_not_replaced(tmp_path: Path) -> None:
    warehouse, _, _ = run(tmp_path)
    row = {"event_id": "form:1", "lead_id": "1", "recorded_at": NOW, "created_at": NOW, "web_consent": True}
    warehouse.append("leads", [row])
    run(tmp_path, LEADS.replace("1,3,Bern", "1,4,Bern"))
    leads = warehouse.rows(from_text("SELECT event_id FROM leadwerk.leads WHERE lead_id = '1' ORDER BY 1"), {})
    assert [lead["event_id"].split(":")[0][:6] for lead in leads] == ["form", "import"]


def test_an_import_whose_policy_cannot_take_its_place_stores_nothing(tmp_path: Path) -> None:
    warehouse, _, _ = run(tmp_path)
    before = contents(warehouse)

    def fail() -> None:
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        run(tmp_path, LEADS.replace("Bern", "Chur"), commit=fail)
    assert contents(warehouse) == before


SPOILT = LEADS + ",1,Bern,no\n" + '6,"x,Bern,yes\n'


def test_bad_rows_are_counted_and_written_down_with_the_reason(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"2 of 6 rows cannot be used, so nothing was imported\. Most often"):
        run(tmp_path, SPOILT)
    _, _, report = run(tmp_path, SPOILT, accept_rejects=True)
    rejects = read_table(tmp_path / "leads.rejects.csv")
    assert (report.rows, report.leads, report.rejected_rows) == (6, 4, 2)
    assert rejects.columns == ("line", "left_out", "field", "reason")
    assert rejects.values("line") == ["6", "7"]
    assert rejects.values("reason") == [
        "die Lead-Nummer fehlt", "ein Anführungszeichen wird geöffnet und nicht geschlossen, oder steht in der Mitte",
    ]  # fmt: skip


def test_a_field_that_cannot_be_read_is_counted_without_its_value_and_said_aloud(tmp_path: Path) -> None:
    text = "id,postcode,email,won\n1,nowhere,anna@example.ch,yes\n2,Anna Muster,b@b,no\n3,3011,carl@example.ch,no\n"
    warehouse, _, report = run(tmp_path, text)
    rejects = read_table(tmp_path / "leads.rejects.csv")
    assert (report.new_leads, report.rejected_rows, report.rejected_values) == (3, 0, 3)
    assert sorted(zip(rejects.values("line"), rejects.values("field"), strict=True)) == [
        ("2", "postcode"), ("3", "email"), ("3", "postcode"),
    ]  # fmt: skip
    assert "Anna" not in (tmp_path / "leads.rejects.csv").read_text("utf-8-sig")
    assert report.warnings == ("'postcode': 2 of 3 values cannot be read. this is no postcode; the value is left out",)
    postcodes = warehouse.rows(from_text("SELECT postcode FROM leadwerk.leads ORDER BY lead_id"), {})
    assert [row["postcode"] for row in postcodes] == [None, None, "3011"]


def test_a_better_file_leaves_no_rejects_of_the_worse_one_behind(tmp_path: Path) -> None:
    run(tmp_path, SPOILT, accept_rejects=True)
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


def test_links_with_web_visitors_are_stored_with_consent_alone(tmp_path: Path) -> None:
    text = "id,ga_client_id,web_consent,won\n1,123.456,yes,yes\n2,124.456,no,no\n3,,yes,no\n"
    warehouse, _, _ = run(tmp_path, text)
    links = warehouse.rows(from_text("SELECT visitor_id, lead_id, source FROM leadwerk.identities"), {})
    assert links == [{"visitor_id": "123.456", "lead_id": "1", "source": "import"}]
