"""Closed leads: the CRM's last word becomes a stage, once, and reaches the CRM, once, whatever happened on the way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, strategies as st

from leadwerk.crm.case_page import Case, CasePage
from leadwerk.crm.port import LeadUpdate
from leadwerk.pipeline import deliver, ingest, rescore
from leadwerk.policy.load import load
from leadwerk.policy.outcome import outcome_of
from leadwerk.warehouse.duckdb import DuckDBWarehouse
from leadwerk.warehouse.protocol import Row
from leadwerk.warehouse.statement import from_text, statement
from support import example_leads
from support.example_leads import NOW
from support.examples import examples
from support.one_by_one import OneByOne

POLICY = load("mortgage")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def warehouse(tmp_path: Path) -> DuckDBWarehouse:
    return example_leads.warehouse(tmp_path)


@dataclass
class CRM(OneByOne):
    """A CRM in memory: the changes it tells, and the stages it was sent, in order."""

    cases: list[Case] = field(default_factory=list)
    sent: list[tuple[str, str | float | None]] = field(default_factory=list)

    def say(self, lead_id: str, status: str, at: datetime) -> None:
        case = {"lead_id": lead_id, "created_at": example_leads.CREATED.isoformat(), "country": "CH"}
        self.cases.append(Case(f"{lead_id} {status} {at}", at, case, status))

    def pull(self, cursor: str | None) -> Iterator[CasePage]:
        since = int(cursor or 0)
        if self.cases[since:]:
            yield CasePage(tuple(self.cases[since:]), (), str(len(self.cases)))

    def patch_lead(self, update: LeadUpdate) -> None:
        self.sent.append((update.lead_id, update.fields.get("lead_stage")))

    def stages(self, lead_id: str) -> list[str | float | None]:
        return [stage for lead, stage in self.sent if lead == lead_id]


def night(warehouse: DuckDBWarehouse, crm: CRM, at: datetime, policy: Any = POLICY) -> rescore.RescoreReport:
    """The feedback, the rescoring, the delivery."""
    with warehouse.unit_of_work():  # the file is opened once a night, not thirty times
        ingest.run(warehouse, policy, crm, now=at, person_key="secret")
        report = rescore.run(warehouse, policy, None, now=at, stored_at=at)
        deliver.run(warehouse, policy, crm, now=at)
    return report


def table(warehouse: DuckDBWarehouse, name: str, lead_id: str = "3") -> list[Row]:
    order = {"scores": "scored_at", "stage_changes": "changed_at"}[name]
    text = f"SELECT * FROM leadwerk.{name} ORDER BY {order}"
    return [row for row in warehouse.rows(from_text(text), {}) if row["lead_id"] == lead_id]


def changes(warehouse: DuckDBWarehouse, lead_id: str = "3") -> list[tuple[Any, ...]]:
    return [(row["to_stage"], row["direction"], row["reason"]) for row in table(warehouse, "stage_changes", lead_id)]


@pytest.mark.slow
def test_who_became_a_customer_is_one_in_the_record_in_the_score_and_in_the_crm(warehouse: DuckDBWarehouse) -> None:
    crm = CRM()
    night(warehouse, crm, NOW)
    crm.say("3", "Prüfung", NOW + HOUR)
    night(warehouse, crm, NOW + DAY)
    crm.say("3", "Ausbezahlt", NOW + DAY + HOUR)
    report = night(warehouse, crm, NOW + 2 * DAY)
    assert report.closed == 1
    last = table(warehouse, "scores")[-1]
    assert (last["stage"], last["score_origin"], last["scored_at"]) == ("customer", "outcome", NOW + 2 * DAY)
    moved = table(warehouse, "stage_changes")[-1]
    assert (moved["from_stage"], moved["to_stage"], moved["direction"]) == ("application", "customer", "forward")
    assert (moved["changed_at"], moved["score_id"]) == (NOW + 2 * DAY, last["score_id"])
    assert moved["reason"] == "status=Ausbezahlt, outcome=paid_out"
    assert crm.stages("3")[1:] == ["application", "customer"]


@pytest.mark.slow
def test_once_told_nothing_is_stored_or_sent_again(warehouse: DuckDBWarehouse) -> None:
    crm = CRM()
    night(warehouse, crm, NOW)
    crm.say("3", "Ausbezahlt", NOW + HOUR)
    night(warehouse, crm, NOW + DAY)
    before = (table(warehouse, "scores"), table(warehouse, "stage_changes"), crm.stages("3"))
    for at in (NOW + DAY, NOW + DAY + HOUR, NOW + 9 * DAY):
        assert night(warehouse, crm, at).closed == 0
    assert (table(warehouse, "scores"), table(warehouse, "stage_changes"), crm.stages("3")) == before


@pytest.mark.slow
def test_a_crm_that_takes_it_back_takes_the_stage_back(warehouse: DuckDBWarehouse) -> None:
    crm = CRM()
    night(warehouse, crm, NOW)
    crm.say("3", "Ausbezahlt", NOW + HOUR)
    night(warehouse, crm, NOW + DAY)
    crm.say("3", "Prüfung", NOW + DAY + HOUR)  # paid out by mistake
    night(warehouse, crm, NOW + 2 * DAY)
    assert changes(warehouse)[-1] == ("application", "back", "status=Prüfung, outcome=open")
    crm.say("3", "Ausbezahlt", NOW + 2 * DAY + HOUR)
    night(warehouse, crm, NOW + 3 * DAY)
    assert [change[0] for change in changes(warehouse)][1:] == ["customer", "application", "customer"]
    assert crm.stages("3")[1:] == ["customer", "application", "customer"]


@pytest.mark.slow
def test_news_that_arrive_after_a_younger_score_are_not_lost(warehouse: DuckDBWarehouse) -> None:
    """The CRM closed the case at noon; somebody had the lead scored in the evening; at night we learned of the case."""
    crm = CRM()
    night(warehouse, crm, NOW)
    crm.say("3", "Prüfung", NOW + HOUR)
    night(warehouse, crm, NOW + 10 * HOUR)
    crm.say("3", "Ausbezahlt", NOW + 5 * HOUR)
    night(warehouse, crm, NOW + DAY)
    assert changes(warehouse)[-1][:2] == ("customer", "forward")
    assert crm.stages("3")[-1] == "customer"


@pytest.mark.slow
def test_old_news_that_arrive_late_do_not_undo_newer_ones(warehouse: DuckDBWarehouse) -> None:
    crm = CRM()
    night(warehouse, crm, NOW)
    crm.say("3", "Ausbezahlt", NOW + 5 * HOUR)
    night(warehouse, crm, NOW + DAY)
    crm.say("3", "Prüfung", NOW + HOUR)
    assert night(warehouse, crm, NOW + 2 * DAY).closed == 0
    assert [change[0] for change in changes(warehouse)][1:] == ["customer"]
    assert crm.stages("3")[1:] == ["customer"]


class Dying:
    """A warehouse that is no more from the n-th append to scores or stage_changes on."""

    def __init__(self, warehouse: DuckDBWarehouse, appends: int) -> None:
        self.warehouse, self.left = warehouse, appends
        self.rows, self.unit_of_work = warehouse.rows, warehouse.unit_of_work

    def append(self, name: str, rows: Any) -> int:
        self.left -= 1
        if self.left < 0:
            raise KeyboardInterrupt
        return self.warehouse.append(name, rows)


@pytest.mark.slow
@pytest.mark.parametrize("appends", range(5))
@pytest.mark.parametrize("later", [timedelta(0), HOUR])
def test_killed_anywhere_the_next_run_ends_where_an_undisturbed_one_does(
    warehouse: DuckDBWarehouse, appends: int, later: timedelta
) -> None:
    crm = CRM()
    night(warehouse, crm, NOW)
    crm.say("3", "Ausbezahlt", NOW + HOUR)
    ingest.run(warehouse, POLICY, crm, now=NOW + DAY, person_key="secret")
    dying: Any = Dying(warehouse, appends)
    with pytest.raises(KeyboardInterrupt):
        rescore.run(dying, POLICY, None, now=NOW + DAY, stored_at=NOW + DAY)
    for _ in range(2):
        night(warehouse, crm, NOW + DAY + later)
    assert [change[0] for change in changes(warehouse)][1:] == ["customer"]
    assert [row["stage"] for row in table(warehouse, "scores")][1:] == ["customer"]
    assert crm.stages("3")[1:] == ["customer"]
    assert table(warehouse, "stage_changes")[-1]["score_id"] == table(warehouse, "scores")[-1]["score_id"]


class Watched:
    """A warehouse that notes for which leads states were asked."""

    def __init__(self, warehouse: DuckDBWarehouse) -> None:
        self.warehouse, self.asked = warehouse, []
        self.append, self.unit_of_work = warehouse.append, warehouse.unit_of_work
        self.kept_open = warehouse.kept_open

    def rows(self, statement: Any, parameters: Any) -> Any:
        if statement.name == "lead_states/select":
            self.asked += parameters["lead_ids"]
        return self.warehouse.rows(statement, parameters)


@pytest.mark.slow
def test_only_who_was_newly_closed_is_read_again(warehouse: DuckDBWarehouse) -> None:
    crm = CRM()
    night(warehouse, crm, NOW)
    for number, lead_id in enumerate(("1", "3")):
        crm.say(lead_id, "Ausbezahlt", NOW + number * DAY + HOUR)
        watched: Any = Watched(warehouse)
        night(watched, crm, NOW + (number + 1) * DAY)
        assert watched.asked.count(lead_id) == 1
    watched = Watched(warehouse)
    night(watched, crm, NOW + 3 * DAY)
    assert set(watched.asked) == {"2"}


def test_a_closed_lead_is_in_no_list_of_open_ones_and_counts_for_no_threshold(warehouse: DuckDBWarehouse) -> None:
    crm = CRM()
    night(warehouse, crm, NOW)
    crm.say("3", "Ausbezahlt", NOW + HOUR)
    assert night(warehouse, crm, NOW + DAY).clusters.keys() <= {"HOT", "WARM", "COLD"}
    opened = {"created_since": NOW - 9 * DAY, "as_of": NOW + DAY}
    assert [row["lead_id"] for row in warehouse.rows(statement("leads/open"), opened)] == ["1", "2"]
    valued = statement("thresholds/call_demand").text
    assert "score_origin != 'outcome'" in valued


def test_a_lead_that_was_never_scored_gets_no_score_for_being_closed(warehouse: DuckDBWarehouse) -> None:
    crm = CRM()
    crm.say("9", "Ausbezahlt", NOW - HOUR)
    assert night(warehouse, crm, NOW).closed == 0
    assert (table(warehouse, "scores", "9"), changes(warehouse, "9"), crm.stages("9")) == ([], [], [])


def test_an_old_lead_that_is_rescored_no_more_moves_as_well(warehouse: DuckDBWarehouse) -> None:
    crm, late = CRM(), NOW + (rescore.OPEN_LEAD_DAYS + 30) * DAY
    night(warehouse, crm, NOW)
    crm.say("3", "Prüfung", late - HOUR)
    assert night(warehouse, crm, late).leads == 0
    assert crm.stages("3")[1:] == ["application"]
    assert table(warehouse, "scores")[-1]["score_origin"] == "rescore"  # it is old, and not closed
    crm.say("3", "Ausbezahlt", late + HOUR)
    night(warehouse, crm, late + DAY)
    assert crm.stages("3")[1:] == ["application", "customer"]


def test_after_a_rescoring_in_sql_only_the_closed_ones_are_left(warehouse: DuckDBWarehouse) -> None:
    crm = CRM()
    night(warehouse, crm, NOW)
    crm.say("3", "Ausbezahlt", NOW + HOUR)
    ingest.run(warehouse, POLICY, crm, now=NOW + DAY, person_key="secret")
    report = rescore.run(
        warehouse, POLICY, None, now=NOW + DAY, stored_at=NOW + DAY, options=rescore.RescoreOptions(only_closed=True)
    )
    assert (report.leads, report.stored, report.closed, report.stage_changes) == (0, 0, 1, 1)
    assert changes(warehouse)[-1][0] == "customer"


def test_without_stages_the_crms_news_still_close_a_lead(warehouse: DuckDBWarehouse) -> None:
    bare, crm = msgspec.structs.replace(POLICY, stages=()), CRM()
    night(warehouse, crm, NOW, bare)
    crm.say("3", "Ausbezahlt", NOW + HOUR)
    assert night(warehouse, crm, NOW + DAY, bare).closed == 1
    assert night(warehouse, crm, NOW + 2 * DAY, bare).closed == 0
    assert [(row["score_cluster"], row["recommended_action"]) for row in table(warehouse, "scores")][1:] == [
        ("CLOSED", "No_Action")
    ]


news = st.lists(
    st.tuples(st.sampled_from(["Neu", "Prüfung", "Abgelehnt", "Ausbezahlt"]), st.integers(1, 90), st.integers(1, 4)),
    min_size=1,
    max_size=5,
    unique_by=lambda report: report[1],
)


@pytest.mark.slow
@examples(6, suppress_health_check=list(HealthCheck))
@given(news)
def test_in_any_order_of_news_the_last_word_stands_and_each_change_is_sent_once(
    tmp_path_factory: pytest.TempPathFactory, updates: list[tuple[str, int, int]]
) -> None:
    home = tmp_path_factory.mktemp("home")
    warehouse, crm = example_leads.warehouse(home), CRM()
    night(warehouse, crm, NOW)
    for number in range(1, 5):
        for status, hours, _ in [update for update in updates if update[2] == number]:
            crm.say("3", status, NOW + hours * HOUR)
        night(warehouse, crm, NOW + (3 + number) * DAY)
    last = max(updates, key=lambda update: update[1])[0]
    trail, scores = table(warehouse, "stage_changes"), table(warehouse, "scores")
    expected = {"Ausbezahlt": "customer", "Prüfung": "application"}.get(last)
    assert trail[-1]["to_stage"] == scores[-1]["stage"] == crm.stages("3")[-1]
    assert expected in (None, trail[-1]["to_stage"])
    assert expected is not None or trail[-1]["to_stage"] not in ("customer", "application")
    assert [row["from_stage"] for row in trail] == [None, *(row["to_stage"] for row in trail[:-1])]
    assert all(row["from_stage"] != row["to_stage"] for row in trail)
    assert crm.stages("3") == [row["stage"] for row in scores]
    assert outcome_of(POLICY, last) is not None
