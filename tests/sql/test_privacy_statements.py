"""Queries of erasures: Google's evaluator and the embedded engine agree, over hostile rows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from leadwerk.warehouse import schema
from leadwerk.warehouse.protocol import Row
from leadwerk.warehouse.statement import statement
from leadwerk.warehouse.table_statements import rows_of_ids, stored_ids
from sql.reference import analyse, assert_engines_agree

NOW = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
few = settings(deadline=None, max_examples=15, suppress_health_check=list(HealthCheck))
leads = st.sampled_from(["1", "2", "3"])
visitors = st.sampled_from(["V1", "V2"])
keys = st.sampled_from([None, "k", "l"])


@pytest.mark.parametrize(
    "name",
    [
        "erased_ids/all",
        "erasures/unfinished",
        "erasures/of_id",
        "erasures/person",
        "erasures/first_trace",
        "erasures/visitor_trace",
        "erasures/audit_hashes",
        "erasures/totals",
        "audit_seals/all",
        "audit/trail",
    ],
)
def test_the_statement_passes_googles_analyser(name: str) -> None:
    assert analyse(statement(name))


@pytest.mark.parametrize("table", schema.tables_of_persons(), ids=lambda table: table.name)
def test_ids_and_rows_of_each_table_pass_googles_analyser(table: schema.Table) -> None:
    for column in table.privacy.subject:
        assert list(analyse(stored_ids(table, column)[0])) == ["id"]
        assert list(analyse(stored_ids(table, column, (NOW.date(), NOW.date()))[0])) == ["id"]
        assert list(analyse(rows_of_ids(table, column))) == [field.name for field in table.fields]


def link(visitor_id: str, lead_id: str) -> Row:
    return {"visitor_id": visitor_id, "lead_id": lead_id, "linked_at": NOW, "source": "form"}


@pytest.mark.slow
@few
@given(
    st.lists(st.tuples(leads, keys), max_size=5, unique=True),
    st.lists(st.builds(link, visitors, leads), max_size=3),
    st.lists(leads, max_size=1),
    st.lists(visitors, max_size=1),
)
def test_a_person_is_closed_under_their_hash(
    versions: list[tuple[str, str | None]], links: list[Row], lead_ids: list[str], visitor_ids: list[str]
) -> None:
    rows = [
        {"event_id": f"e{at}", "lead_id": lead_id, "person_key": key, "recorded_at": NOW, "created_at": NOW,
         "web_consent": True, "attributes": []}
        for at, (lead_id, key) in enumerate(versions)
    ]  # fmt: skip
    parameters = {"lead_ids": lead_ids, "visitor_ids": visitor_ids, "person_keys": []}
    person = assert_engines_agree(statement("erasures/person"), parameters, {"leads": rows, "identities": links})
    own_leads = {row["id"] for row in person if row["kind"] == "lead"}
    own_keys = {row["id"] for row in person if row["kind"] == "person"}
    assert own_leads >= {lead_id for lead_id, _ in versions if lead_id in lead_ids}
    assert own_leads >= {lead_id for lead_id, key in versions if key in own_keys}
    own_visitors = {row["id"] for row in person if row["kind"] == "visitor"}
    assert own_visitors >= {row["visitor_id"] for row in links if row["lead_id"] in own_leads}


def test_hashes_without_an_order_erase_nothing() -> None:
    order = {
        "entry_id": "A/begun", "erasure_id": "A", "recorded_at": NOW, "state": "begun", "author": "Eva",
        "reason": "request", "deleted": [], "audit_hashes": [], "models": [],
    }  # fmt: skip
    hashes = [
        {"proof": f"hash of {erasure}", "kind": "lead", "erasure_id": erasure, "erased_at": NOW} for erasure in "AB"
    ]
    tables = {"erasures": [order], "erased_ids": hashes}
    erased = assert_engines_agree(statement("erased_ids/all"), {}, tables)
    assert [row["proof"] for row in erased] == ["hash of A"]


@few
@given(st.lists(st.tuples(st.sampled_from("AB"), st.sampled_from(["begun", "completed"])), max_size=4, unique=True))
def test_an_erasure_is_unfinished_until_its_receipt(steps: list[tuple[str, str]]) -> None:
    rows = [
        {
            "entry_id": f"{erasure}/{state}", "erasure_id": erasure, "recorded_at": NOW + timedelta(hours=at),
            "state": state, "author": "Eva", "reason": "request", "deleted": [], "audit_hashes": [], "models": [],
        }
        for at, (erasure, state) in enumerate(steps)
    ]  # fmt: skip
    hashes = [{"proof": "h", "kind": "lead", "erasure_id": "A", "erased_at": NOW}]
    unfinished = assert_engines_agree(statement("erasures/unfinished"), {}, {"erasures": rows, "erased_ids": hashes})
    expected = {erasure for erasure, _ in steps if erasure == "A" and ("A", "completed") not in steps}
    assert {row["erasure_id"] for row in unfinished} == expected
