"""Ingest: however the CRM tells its story, and however often it is interrupted, the tables end up the same."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, strategies as st

from leadwerk.crm.case_page import BadRow, Case, CasePage, Touchpoint, Unread
from leadwerk.errors import CRMUnavailable, RecordFailure, WarehouseBusy
from leadwerk.lead import lead_version
from leadwerk.pipeline import case_rows, ingest
from leadwerk.pipeline.run_limit import RunLimit
from leadwerk.policy import load
from leadwerk.warehouse import schema
from leadwerk.warehouse.duckdb import DuckDBWarehouse
from leadwerk.warehouse.protocol import Row
from leadwerk.warehouse.statement import from_text
from support.examples import examples
from support.homes import home_warehouse
from support.scripted_crm import HOUR, PagedCRM, case, pages

NOW = datetime(2026, 3, 2, 2, tzinfo=UTC)
POLICY = load("mortgage")
TABLES = ("leads", "identities", "touchpoints", "outcomes", "rejections")


def run(
    warehouse: DuckDBWarehouse, crm: PagedCRM, *, now: datetime = NOW, from_start: bool = False
) -> ingest.IngestReport:
    return ingest.run(warehouse, POLICY, crm, now=now, person_key="secret", options=ingest.IngestOptions(from_start))


def table(warehouse: DuckDBWarehouse, name: str) -> list[Row]:
    """A table's rows in the order of its key, without the moment of the run that wrote them."""
    columns = [field.name for field in schema.table(name).fields if field.name not in ("rejected_at", schema.STORED_AT)]
    columns = [column for column in columns if (name, column) != ("rejections", "day")]
    rows = warehouse.rows(from_text(f"SELECT {', '.join(f'`{c}`' for c in columns)} FROM leadwerk.{name}"), {})
    return sorted(rows, key=lambda row: [str(row[part]) for part in schema.table(name).key])


def cursor(warehouse: DuckDBWarehouse) -> str | None:
    rows = table(warehouse, "cursors")
    return max(rows, key=lambda row: row["moved_at"])["cursor"] if rows else None


def test_a_case_becomes_lead_link_touchpoint_and_outcome(warehouse: DuckDBWarehouse) -> None:
    paid_out = case(3, status="Ausbezahlt", amount="CHF 450'000.–", reason=" ")
    paid_out = replace(paid_out, touchpoints=(Touchpoint("t1", "call_answered", paid_out.changed_at - HOUR),))
    report = run(warehouse, PagedCRM(pages([paid_out])))
    assert (report.leads, report.identities, report.touchpoints, report.outcomes, report.rejected) == (1, 1, 1, 1, 0)
    (lead,), (link,), (touch,), (outcome,) = (table(warehouse, name) for name in TABLES[:4])
    assert (lead["region"], lead["loan_amount"], lead["recorded_at"]) == ("CH-ZH", 450000.0, paid_out.changed_at)
    assert (link["visitor_id"], link["linked_at"]) == ("102938.1", datetime(2026, 1, 5, 8, tzinfo=UTC))
    assert (touch["occurred_at"], touch["recorded_at"]) == (paid_out.changed_at - HOUR, paid_out.changed_at)
    assert (outcome["outcome"], outcome["amount"], outcome["reason"]) == ("paid_out", 450000.0, None)


@pytest.mark.parametrize(
    ("status", "outcome"),
    [("Neu", "open"), ("Prüfung", "open"), ("Genehmigung", "open"), ("Abgelehnt", "lost"), ("Ausbezahlt", "paid_out")],
)
def test_the_policy_says_what_a_status_means(warehouse: DuckDBWarehouse, status: str, outcome: str) -> None:
    run(warehouse, PagedCRM(pages([case(1, status=status)])))
    assert [row["outcome"] for row in table(warehouse, "outcomes")] == [outcome]


def test_a_cursor_that_stands_where_it_stood_is_no_row(warehouse: DuckDBWarehouse) -> None:
    run(warehouse, PagedCRM(pages([case(1)], [case(2)])))
    before = table(warehouse, "cursors")

    class Finished(PagedCRM):
        def pull(self, cursor: str | None) -> Iterator[CasePage]:
            yield CasePage((), (), cursor or "")

    assert run(warehouse, Finished([])).cursor == "2"
    assert table(warehouse, "cursors") == before
    assert len(before) == 2


def test_what_the_credentials_may_not_read_is_named_once(
    warehouse: DuckDBWarehouse, caplog: pytest.LogCaptureFixture
) -> None:
    unread = Unread("emails", "touchpoints email", "the scope sales-email-read", "The CRM answered 403.")
    with_gap = [replace(page, unread=(unread,)) for page in pages([case(1)], [case(2)])]
    with caplog.at_level(logging.WARNING, "leadwerk"):
        report = run(warehouse, PagedCRM(with_gap))
    assert (report.leads, report.unread) == (2, {"emails": "no touchpoints email; needs the scope sales-email-read"})
    assert [record.message.count("sales-email-read") for record in caplog.records] == [1]


def test_an_unknown_status_is_named_with_its_remedy_and_read_again_once_known(warehouse: DuckDBWarehouse) -> None:
    crm = PagedCRM(pages([case(1, status="Pausiert")], [case(2, status="Neu")]))
    report = run(warehouse, crm)
    assert (report.unknown_statuses, report.rejected, report.outcomes, report.leads) == ({"Pausiert": 1}, 1, 1, 2)
    (rejection,) = table(warehouse, "rejections")
    assert (rejection["row"], rejection["field"], rejection["source"]) == ("e1", "status", "scripted.cases")
    assert "'Pausiert'" in rejection["reason"]
    assert "`outcomes`" in rejection["reason"]
    rules = (*POLICY.outcomes, type(POLICY.outcomes[0])(status="Pausiert", outcome="open"))
    taught = msgspec.structs.replace(POLICY, outcomes=rules)
    again = ingest.run(
        warehouse, taught, crm, now=NOW + HOUR, person_key="secret", options=ingest.IngestOptions(from_start=True)
    )
    assert (again.outcomes, again.leads, again.rejected) == (1, 0, 0)


@pytest.mark.parametrize(
    ("bad", "field"),
    [
        ({"lead": {"created_at": "2026-01-05T08:00:00Z"}}, "lead_id"),
        ({"lead": {"lead_id": "1"}}, "created_at"),
        ({"changed_at": NOW + HOUR}, "changed_at"),
    ],
)
def test_a_bad_case_is_rejected_and_stops_nobody(warehouse: DuckDBWarehouse, bad: dict[str, Any], field: str) -> None:
    report = run(warehouse, PagedCRM(pages([case(1), case(2, **bad), case(3)])))
    assert (report.cases, report.outcomes, report.rejected, report.rejected_fields) == (3, 2, 1, {field: 1})
    assert [row["row"] for row in table(warehouse, "rejections")] == ["e2"]


def test_a_bad_field_costs_only_itself(warehouse: DuckDBWarehouse) -> None:
    lead = {**case(1).lead, "loan_amount": "viel"}
    future = Touchpoint("t2", "call_answered", NOW)
    report = run(warehouse, PagedCRM(pages([case(1, lead=lead, amount="viel", touchpoints=(future,))])))
    assert report.rejected_fields == {"loan_amount": 1, "touchpoints.occurred_at": 1, "amount": 1}
    assert (report.leads, report.outcomes, report.touchpoints) == (1, 1, 0)


def test_a_time_before_all_leads_costs_only_itself(warehouse: DuckDBWarehouse) -> None:
    ancient = datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14)))  # no such moment in UTC
    early = Touchpoint("t2", "call_answered", ancient)
    report = run(warehouse, PagedCRM(pages([case(1, touchpoints=(early,)), case(2, changed_at=ancient)])))
    assert report.rejected_fields == {"touchpoints.occurred_at": 1, "changed_at": 1}
    assert (report.leads, report.outcomes, report.touchpoints) == (1, 1, 0)


def test_a_time_of_more_digits_than_a_float_holds_costs_only_its_case(warehouse: DuckDBWarehouse) -> None:
    endless = {**case(2).lead, "created_at": 10**310}
    report = run(warehouse, PagedCRM(pages([case(1), case(2, lead=endless), case(3)])))
    assert (report.outcomes, report.rejected_fields, cursor(warehouse)) == (2, {"created_at": 1}, "1")


@pytest.fixture
def poisoned(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault of our own code at every lead whose loan is "poison"."""

    def read(raw: Any, **arguments: Any) -> Any:
        if raw["loan_amount"] == "poison":
            raise ZeroDivisionError(f"of {raw['email']}")
        return lead_version(raw, **arguments)

    monkeypatch.setattr(case_rows, "lead_version", read)


POISON = {**case(2).lead, "loan_amount": "poison"}


@pytest.mark.usefixtures("poisoned")
def test_a_case_at_which_our_own_code_fails_costs_only_itself(
    warehouse: DuckDBWarehouse, caplog: pytest.LogCaptureFixture
) -> None:
    report = run(warehouse, PagedCRM(pages([case(1), case(2, lead=POISON), case(3)])))
    assert (report.cases, report.outcomes, report.rejected_fields) == (3, 2, {"case": 1})
    (rejection,) = table(warehouse, "rejections")
    assert rejection["row"] == "e2"
    assert "ZeroDivisionError at test_ingest.py:" in rejection["reason"]
    assert "anna" not in rejection["reason"] + caplog.text
    assert (cursor(warehouse), [record.levelname for record in caplog.records]) == ("1", ["ERROR"])


@pytest.mark.usefixtures("poisoned")
def test_where_our_own_code_fails_at_most_cases_the_cursor_waits_for_better_code(warehouse: DuckDBWarehouse) -> None:
    first, *rest = (case(number, lead=POISON) for number in range(2, 22))
    crm = PagedCRM(pages([case(1), first], rest))
    with pytest.raises(RecordFailure, match="e3 cannot be read: ZeroDivisionError"):
        run(warehouse, crm)
    assert (cursor(warehouse), len(table(warehouse, "outcomes"))) == ("1", 1)


def test_what_the_adapter_could_not_read_is_kept_as_a_rejection(warehouse: DuckDBWarehouse) -> None:
    report = run(warehouse, PagedCRM(pages([], bad=[BadRow("e9", "status", "Expected `str`, got `int`")])))
    assert (report.rejected, table(warehouse, "rejections")[0]["row"]) == (1, "e9")


def test_no_row_says_who_the_person_is(warehouse: DuckDBWarehouse) -> None:
    lead = {**case(1).lead, "email": "anna(at)example.ch", "phone": "+41 79 123 45 67"}
    run(warehouse, PagedCRM(pages([case(1), case(2, lead=lead)])))
    stored = repr([table(warehouse, name) for name in TABLES])
    assert "anna" not in stored
    assert "791234567" not in stored.replace(" ", "")


def test_a_touchpoint_alone_is_no_new_status(warehouse: DuckDBWarehouse) -> None:
    touch = Touchpoint("t1", "email_click", case(2).changed_at)
    report = run(warehouse, PagedCRM(pages([case(1), case(2, touchpoints=(touch,), status_changed=False)])))
    assert (report.outcomes, report.touchpoints) == (1, 1)


def test_without_consent_there_is_no_link(warehouse: DuckDBWarehouse) -> None:
    lead = {**case(1).lead, "web_consent": False}
    assert run(warehouse, PagedCRM(pages([case(1, lead=lead)]))).identities == 0


def test_the_next_run_begins_where_this_one_ended(warehouse: DuckDBWarehouse) -> None:
    crm = PagedCRM(pages([case(1)], [case(2)]))
    assert run(warehouse, crm).pages == 2
    crm.pages += [CasePage((case(3),), (), "3")]
    report = run(warehouse, crm, now=NOW + HOUR)
    assert (report.pages, report.outcomes, report.cursor) == (1, 1, "3")


def test_a_rerun_at_the_same_moment_moves_the_cursor_too(warehouse: DuckDBWarehouse) -> None:
    crm = PagedCRM([*pages([case(1)]), CRMUnavailable("down")])
    with pytest.raises(CRMUnavailable):
        run(warehouse, crm)
    crm.pages += [CasePage((case(2),), (), "2")]
    run(warehouse, crm)
    assert cursor(warehouse) == "2"


def test_the_cursor_moves_only_after_its_rows_are_stored(
    warehouse: DuckDBWarehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    crm = PagedCRM(pages([case(1)], [case(2)]))
    monkeypatch.setattr(warehouse, "append", failing_at(6, warehouse.append))
    with pytest.raises(WarehouseBusy):
        run(warehouse, crm)
    assert cursor(warehouse) == "1"  # a page is leads, identities, outcomes and cursor: the second's outcomes failed
    monkeypatch.undo()
    run(warehouse, crm)
    assert (cursor(warehouse), len(table(warehouse, "outcomes"))) == ("2", 2)


def failing_at(call: int, append: Callable[[str, Sequence[Row]], int]) -> Callable[[str, Sequence[Row]], int]:
    calls = iter(range(10_000))

    def fail(table: str, rows: Sequence[Row]) -> int:
        if next(calls) == call:
            raise WarehouseBusy("taken")
        return append(table, rows)

    return fail


STORY = [
    case(1, "a"),
    case(2, "b", touchpoints=(Touchpoint("t1", "email_click", datetime(2026, 1, 5, 9, tzinfo=UTC)),)),
    case(3, "a", status="Prüfung"),
    case(4, "a", status="Pausiert"),
    case(5, "b", status="Abgelehnt", reason="Unzureichendes Einkommen"),
    case(6, "c", lead={"lead_id": "c"}),
    case(7, "a", status="Ausbezahlt", amount=450_000),
]


@st.composite
def tellings(draw: st.DrawFn) -> list[list[Case]]:
    """The story in any order, with repeats, cut into pages."""
    repeated = STORY + draw(st.lists(st.sampled_from(STORY), max_size=6))
    ordered = draw(st.permutations(repeated))
    cuts = sorted(draw(st.lists(st.integers(0, len(ordered)), max_size=4)))
    return [list(ordered[start:end]) for start, end in zip([0, *cuts], [*cuts, len(ordered)], strict=True)]


@pytest.fixture(scope="module")
def as_told_plainly(tmp_path_factory: pytest.TempPathFactory) -> list[list[Row]]:
    """The tables after the story came in order, once, without interruption."""
    warehouse = home_warehouse(tmp_path_factory.mktemp("plain"))
    run(warehouse, PagedCRM(pages(STORY)))
    return [table(warehouse, name) for name in TABLES]


@examples(15)
@given(deliveries=tellings(), breaks=st.lists(st.tuples(st.booleans(), st.integers(0, 12)), max_size=3))
def test_any_telling_gives_the_same_tables(
    tmp_path_factory: pytest.TempPathFactory,
    as_told_plainly: list[list[Row]],
    deliveries: list[list[Case]],
    breaks: list[tuple[bool, int]],
) -> None:
    warehouse = home_warehouse(tmp_path_factory.mktemp("told"))
    crm = PagedCRM(pages(*deliveries))
    with warehouse.unit_of_work():  # one connection: the example costs a tenth
        for number, (of_the_crm, place) in enumerate(breaks):
            interrupted(warehouse, crm, of_the_crm, place, NOW + number * HOUR)
        for _ in range(2):
            run(warehouse, crm, now=NOW + 9 * HOUR)
        assert [table(warehouse, name) for name in TABLES] == as_told_plainly
        assert cursor(warehouse) == str(len(deliveries))


def interrupted(warehouse: DuckDBWarehouse, crm: PagedCRM, of_the_crm: bool, place: int, now: datetime) -> None:
    with pytest.MonkeyPatch.context() as patch:
        if of_the_crm:
            crm.pages.insert(min(place, len(crm.pages)), CRMUnavailable("down"))
        else:
            patch.setattr(warehouse, "append", failing_at(place, warehouse.append))
        try:
            run(warehouse, crm, now=now)
        except (CRMUnavailable, WarehouseBusy):
            return


def test_limited_runs_read_a_backfill_to_its_end_oldest_changes_first(
    warehouse: DuckDBWarehouse, tmp_path: Path
) -> None:
    changes = [case(number, lead_id=str(number % 5)) for number in range(1, 8)]
    crm = PagedCRM(pages(changes[:2], changes[2:4], changes[4:6], changes[6:]))
    whole = home_warehouse(tmp_path / "whole")
    run(whole, crm)
    reports = []
    while not reports or reports[-1].unfinished:
        limit = RunLimit(records=3)
        reports.append(
            ingest.run(warehouse, POLICY, crm, now=NOW, person_key="secret", options=ingest.IngestOptions(limit=limit))
        )
    assert [report.cases for report in reports] == [4, 3]
    for name in TABLES:
        assert table(warehouse, name) == table(whole, name)
