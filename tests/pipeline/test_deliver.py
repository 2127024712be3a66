"""Deliver: whatever the CRM does and other deliveries do, in the end it shows each lead's newest stored score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType, SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, strategies as st

from leadwerk.crm.port import Capabilities, Gone, LeadUpdate, PushResult, Taken
from leadwerk.errors import CRMRejected, CRMUnavailable
from leadwerk.pipeline import deliver, delivery_line
from leadwerk.warehouse.duckdb import DuckDBWarehouse
from support.examples import examples
from support.homes import home_warehouse
from support.numbered_scores import MINUTE, NOW, POLICY, run, score
from support.scripted_crm import ScriptedCRM, raising


def test_only_the_newest_score_of_a_lead_is_sent(warehouse: DuckDBWarehouse) -> None:
    warehouse.append("scores", [score("a", 1), score("a", 3), score("a", 2), score("b", 1)])
    crm = ScriptedCRM()
    report = run(warehouse, crm, lead_ids=["a", "b"])
    assert sorted(crm.received) == ["a-3", "b-1"]
    assert (report.sent, report.pending, report.states) == (2, 0, {"a-3": "sent", "b-1": "sent"})


def test_a_score_of_the_future_silences_no_lead(warehouse: DuckDBWarehouse) -> None:
    """As a wrong clock or a replay leaves it: it is sent when its time has come."""
    future = NOW + timedelta(days=1800)
    warehouse.append("scores", [score("a", 9, day=future.date(), scored_at=future, stored_at=NOW), score("a", 1)])
    crm = ScriptedCRM()
    run(warehouse, crm)
    warehouse.append("scores", [score("a", 2)])
    run(warehouse, crm, minutes=5)
    assert crm.received == ["a-1", "a-2"]
    deliver.run(warehouse, POLICY, crm, now=future)
    assert crm.received == ["a-1", "a-2", "a-9"]


def test_what_was_sent_is_not_sent_again(warehouse: DuckDBWarehouse) -> None:
    warehouse.append("scores", [score("a", 1)])
    crm = ScriptedCRM()
    run(warehouse, crm)
    report = run(warehouse, crm, minutes=5)
    assert crm.received == ["a-1"]
    assert (report.sent, report.pending, report.next_attempt_at) == (0, 0, None)


def test_a_newer_score_is_sent_over_an_older_one(warehouse: DuckDBWarehouse) -> None:
    crm = ScriptedCRM()
    for number in (1, 2):
        warehouse.append("scores", [score("a", number)])
        run(warehouse, crm, minutes=number)
    assert crm.received == ["a-1", "a-2"]


def test_a_score_without_a_model_is_not_sent_and_hides_none(warehouse: DuckDBWarehouse) -> None:
    warehouse.append(
        "scores", [score("a", 1), score("a", 2, basis="no_champion", predictive_score=None, probability=None)]
    )
    warehouse.append("scores", [score("b", 1, basis="no_champion", predictive_score=None, probability=None)])
    crm = ScriptedCRM()
    run(warehouse, crm)
    assert crm.received == ["a-1"]


def test_a_score_by_points_is_sent_the_most_points_first(warehouse: DuckDBWarehouse) -> None:
    by_points = {"basis": "points", "predictive_score": None, "probability": None, "model_version": None}
    warehouse.append("scores", [score("a", 1, points=12.0, **by_points), score("b", 1, points=60.5, **by_points)])
    crm = ScriptedCRM()
    run(warehouse, crm)
    assert crm.received == ["b-1", "a-1"]


def test_the_best_leads_go_first(warehouse: DuckDBWarehouse) -> None:
    warehouse.append("scores", [score("a", 10), score("b", 30), score("c", 20)])
    crm = ScriptedCRM()
    run(warehouse, crm)
    assert crm.received == ["b-30", "c-20", "a-10"]


def test_only_the_asked_leads_are_delivered(warehouse: DuckDBWarehouse) -> None:
    warehouse.append("scores", [score("a", 1), score("b", 1)])
    crm = ScriptedCRM()
    run(warehouse, crm, lead_ids=["b"])
    assert crm.received == ["b-1"]
    assert run(warehouse, crm, lead_ids=[]).sent == 0


def test_a_retry_waits_for_its_time(warehouse: DuckDBWarehouse) -> None:
    warehouse.append("scores", [score("a", 1)])
    crm = ScriptedCRM([raising(CRMUnavailable("busy", status=429, retry_after=180))])
    first = run(warehouse, crm)
    assert (first.retry, first.pending, first.next_attempt_at) == (1, 1, NOW + 3 * MINUTE)
    early = run(warehouse, crm, minutes=2)
    assert (early.sent, early.pending, early.next_attempt_at) == (0, 1, NOW + 3 * MINUTE)
    assert run(warehouse, crm, minutes=3).sent == 1


def test_waits_double_until_it_works(warehouse: DuckDBWarehouse) -> None:
    warehouse.append("scores", [score("a", 1)])
    crm = ScriptedCRM([raising(CRMUnavailable("down", status=500))] * 3)
    at, waits = NOW, []
    for _ in range(3):
        report = deliver.run(warehouse, POLICY, crm, now=at)
        assert report.next_attempt_at is not None
        waits.append((report.next_attempt_at - at) / MINUTE)
        at = report.next_attempt_at
    assert all(0.8 * full <= wait <= full for wait, full in zip(waits, [1, 2, 4], strict=True))
    assert deliver.run(warehouse, POLICY, crm, now=at).sent == 1


def test_a_newer_score_does_not_wait_for_an_older_ones_retry(warehouse: DuckDBWarehouse) -> None:
    warehouse.append("scores", [score("a", 1)])
    crm = ScriptedCRM([raising(CRMUnavailable("down", retry_after=3600))])
    run(warehouse, crm)
    warehouse.append("scores", [score("a", 2)])
    run(warehouse, crm, minutes=1)
    run(warehouse, crm, minutes=90)
    assert crm.received == ["a-2"]


def test_a_refusal_is_a_dead_letter_until_asked_for(warehouse: DuckDBWarehouse) -> None:
    warehouse.append("scores", [score("a", 1)])
    crm = ScriptedCRM([raising(CRMRejected("there is no such field", status=422))])
    report = run(warehouse, crm)
    assert (report.dead_letter, report.pending, report.errors) == (1, 0, {"there is no such field": 1})
    assert run(warehouse, crm, minutes=600).sent == 0
    assert run(warehouse, crm, minutes=601, retry_dead_letters=True).sent == 1


@pytest.mark.parametrize("status", [301, 302, 307, 401, 403])
def test_a_wrong_token_or_address_parks_nothing(warehouse: DuckDBWarehouse, status: int) -> None:
    warehouse.append("scores", [score("a", 1), score("b", 1)])
    crm = ScriptedCRM([None, raising(CRMRejected("who are you?", status=status, locked_out=True))])
    with pytest.raises(CRMRejected):
        run(warehouse, crm)
    assert run(warehouse, crm, minutes=1).pending == 0
    assert crm.scores_shown == {"a": "a-1", "b": "b-1"}


def test_for_how_long_the_oldest_score_has_waited_is_told(warehouse: DuckDBWarehouse) -> None:
    warehouse.append("scores", [score("a", 1), score("b", 31)])
    down = ScriptedCRM(script=[raising(CRMUnavailable("down", status=503))] * 2)
    assert run(warehouse, down).oldest_hours == 0.98
    assert run(warehouse, ScriptedCRM(), minutes=30).oldest_hours == 0


def test_a_crm_that_is_down_is_left_alone(warehouse: DuckDBWarehouse) -> None:
    warehouse.append("scores", [score(f"l{number}", 1) for number in range(20)])
    crm = ScriptedCRM([raising(CRMUnavailable("down", status=503))] * 20)
    report = run(warehouse, crm)
    assert (report.retry, report.pending, len(crm.script)) == (5, 20, 15)
    assert "5 times in a row" in str(report.stopped)
    assert report.next_attempt_at is not None
    assert 0.8 * MINUTE <= report.next_attempt_at - NOW <= MINUTE


def test_a_slow_crm_gets_no_more_than_fits_into_the_time_of_a_run(
    warehouse: DuckDBWarehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next run begins after five minutes, and the function may run but one at a time."""
    clock = iter(range(0, 10_000, 90))  # seconds; a call takes 90
    for module in (deliver, delivery_line):
        monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    warehouse.append("scores", [score(f"L{number}", number) for number in range(5)])
    crm = ScriptedCRM()
    report = run(warehouse, crm)
    assert (report.sent, report.pending, report.next_attempt_at, report.stopped) == (2, 3, NOW, None)
    assert run(warehouse, crm, minutes=5).sent == 2
    assert crm.received == ["L4-4", "L3-3", "L2-2", "L1-1"]


def test_a_drop_after_the_commit_leads_to_a_harmless_repeat(warehouse: DuckDBWarehouse) -> None:
    warehouse.append("scores", [score("a", 1)])
    crm = ScriptedCRM()

    def commit_and_drop(update: LeadUpdate) -> None:
        crm.take(update)
        raise CRMUnavailable("dropped")

    crm.script = [commit_and_drop]
    run(warehouse, crm)
    run(warehouse, crm, minutes=1)
    assert (crm.received, crm.scores_shown) == (["a-1"], {"a": "a-1"})


def test_a_newer_score_sent_by_another_just_before_wins(warehouse: DuckDBWarehouse) -> None:
    """We read a-1; before our PATCH arrives, a-2 is stored and delivered by another; ours then overwrites it."""
    warehouse.append("scores", [score("a", 1)])
    crm = ScriptedCRM()

    def another_delivers(update: LeadUpdate) -> None:
        warehouse.append("scores", [score("a", 2)])
        run(warehouse, crm)

    crm.script = [another_delivers]
    report = run(warehouse, crm, lead_ids=["a"])
    assert crm.received == ["a-2", "a-1", "a-2"]
    assert (crm.scores_shown, report.states) == ({"a": "a-2"}, {"a-1": "sent", "a-2": "sent"})


def test_an_overtaken_lead_is_followed_even_if_the_crm_goes_down_meanwhile(warehouse: DuckDBWarehouse) -> None:
    warehouse.append("scores", [score("a", 1), *(score(f"l{number}", 0) for number in range(5))])
    crm = ScriptedCRM()

    def another_delivers(update: LeadUpdate) -> None:
        warehouse.append("scores", [score("a", 2)])
        run(warehouse, crm, lead_ids=["a"])

    crm.script = [another_delivers, None, *[raising(CRMUnavailable("down"))] * 5]
    report = run(warehouse, crm)
    assert report.stopped
    assert crm.scores_shown["a"] == "a-1"
    run(warehouse, crm, minutes=10)
    assert crm.scores_shown["a"] == "a-2"


def test_a_crash_before_the_record_leads_to_a_repeat(
    warehouse: DuckDBWarehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    warehouse.append("scores", [score(f"l{number}", 1) for number in range(7)])
    monkeypatch.setattr(deliver, "RECORDED_AT_ONCE", 3)
    monkeypatch.setattr(deliver, "RECORDED_CALLS", 1)

    def crash(update: LeadUpdate) -> None:
        raise KeyboardInterrupt

    crm = ScriptedCRM([None] * 5 + [crash])
    with pytest.raises(KeyboardInterrupt):
        run(warehouse, crm)
    run(warehouse, crm, minutes=1)
    assert len(crm.received) == 5 + 4
    assert set(crm.scores_shown) == {f"l{number}" for number in range(7)}


def test_what_the_records_no_longer_say_is_not_sent_again(warehouse: DuckDBWarehouse) -> None:
    old = NOW - timedelta(days=100)
    warehouse.append("scores", [score("a", 1, day=old.date(), scored_at=old, stored_at=old)])
    assert run(warehouse, ScriptedCRM()).sent == 0


def test_what_the_crm_shows_already_is_not_sent_again(warehouse: DuckDBWarehouse) -> None:
    """A nightly rescore of which one lead in five changed costs one call in five."""
    crm = ScriptedCRM()
    warehouse.append("scores", [score(f"l{number}", 1) for number in range(5)])
    run(warehouse, crm)
    rescored = [score(f"l{number}", 2, predictive_score=1 if number else 2) for number in range(5)]
    warehouse.append("scores", rescored)
    report = run(warehouse, crm, minutes=5)
    assert (report.sent, report.same, report.pending) == (1, 4, 0)
    assert crm.received[5:] == ["l0-2"]
    assert run(warehouse, crm, minutes=10).same == 0


def test_a_score_sent_by_a_killed_run_is_no_reason_to_believe_the_crm(warehouse: DuckDBWarehouse) -> None:
    """a-1 is recorded, a-2 arrived and its run was killed before the record: a-3, equal to a-1, has to be sent."""
    crm = ScriptedCRM()
    warehouse.append("scores", [score("a", 1), score("b", 1)])
    run(warehouse, crm)

    def killed(update: LeadUpdate) -> None:
        raise KeyboardInterrupt

    warehouse.append("scores", [score("a", 2, predictive_score=90), score("b", 2, predictive_score=80)])
    crm.script = [None, killed]
    with pytest.raises(KeyboardInterrupt):
        run(warehouse, crm, minutes=5)
    assert crm.scores_shown == {"a": "a-2", "b": "b-1"}
    warehouse.append("scores", [score(lead_id, 3, predictive_score=1) for lead_id in ("a", "b")])
    assert run(warehouse, crm, minutes=10).sent == 2
    assert crm.scores_shown == {"a": "a-3", "b": "b-3"}


def test_a_score_that_may_have_arrived_late_is_no_reason_to_believe_the_crm(warehouse: DuckDBWarehouse) -> None:
    """a-1 arrived, a-2 got no answer but took effect: a-3, equal to a-1, has to be sent."""
    crm = ScriptedCRM()
    warehouse.append("scores", [score("a", 1)])
    run(warehouse, crm)

    def commit_and_drop(update: LeadUpdate) -> None:
        crm.take(update)
        raise CRMUnavailable("dropped")

    crm.script = [commit_and_drop]
    warehouse.append("scores", [score("a", 2)])
    run(warehouse, crm, minutes=1)
    warehouse.append("scores", [score("a", 3, predictive_score=1)])
    assert run(warehouse, crm, minutes=2).sent == 1
    assert crm.scores_shown == {"a": "a-3"}


def test_a_set_up_that_refuses_everything_stops_after_the_canary(warehouse: DuckDBWarehouse) -> None:
    """A missing field makes ten refusals and no dead letter, not one of each of all leads."""
    warehouse.append("scores", [score(f"l{number:02}", 1) for number in range(40)])
    crm = ScriptedCRM([raising(CRMRejected("there is no such field", status=422))] * 40)
    report = run(warehouse, crm)
    assert (report.retry, report.dead_letter, report.pending, len(crm.script)) == (10, 0, 40, 30)
    assert "10 of the first 10" in str(report.stopped)
    crm.script = []
    assert run(warehouse, crm, minutes=5).sent == 40


def test_two_bad_leads_among_the_first_ten_stop_nothing(warehouse: DuckDBWarehouse) -> None:
    warehouse.append("scores", [score(f"l{number:02}", 1) for number in range(40)])
    crm = ScriptedCRM([raising(CRMRejected("bad value", status=422))] * 2)
    report = run(warehouse, crm)
    assert (report.sent, report.dead_letter, report.stopped) == (38, 2, None)


def test_dead_letters_are_replayed_by_their_code(warehouse: DuckDBWarehouse) -> None:
    warehouse.append("scores", [score("a", 1), score("b", 1)])
    crm = ScriptedCRM([raising(CRMRejected("gone", status=410)), raising(CRMRejected("bad", status=422))])
    assert run(warehouse, crm).dead_letter == 2
    assert run(warehouse, crm, minutes=5, dead_letter_code="deleted").sent == 1
    assert run(warehouse, crm, minutes=6, dead_letter_code="deleted").sent == 0
    assert run(warehouse, crm, minutes=7, dead_letter_code="refused").sent == 1


class BatchCRM(ScriptedCRM):
    """Takes a hundred at once, four calls side by side; `moved` are records that were merged into others."""

    capabilities = Capabilities(batch=100, calls_at_once=4, budget_floor=0.2)
    moved: Mapping[str, str] = MappingProxyType({})
    left = 1.0

    def push(self, updates: Sequence[LeadUpdate]) -> Sequence[PushResult]:
        results: list[PushResult] = []
        for update in updates:
            if update.target in self.moved:
                results.append(Gone(self.moved[update.target]))
                continue
            self.scores_shown[update.target] = update.score_id
            results.append(Taken())
        self.received.append(str(len(updates)))
        return results

    def budget(self) -> float | None:
        return self.left


def test_scores_go_in_batches_after_the_canary(warehouse: DuckDBWarehouse) -> None:
    warehouse.append("scores", [score(f"l{number}", 1) for number in range(250)])
    crm = BatchCRM()
    assert run(warehouse, crm).sent == 250
    assert sorted(crm.received) == ["10", "100", "100", "40"]


def test_a_merged_lead_is_followed_and_remembered(warehouse: DuckDBWarehouse) -> None:
    warehouse.append("scores", [score("a", 1)])
    crm = BatchCRM()
    crm.moved = {"a": "b"}
    assert run(warehouse, crm).sent == 1
    assert crm.scores_shown == {"b": "a-1"}
    warehouse.append("scores", [score("a", 2)])
    calls = len(crm.received)
    assert run(warehouse, crm, minutes=5).sent == 1
    assert (crm.scores_shown, len(crm.received) - calls) == ({"b": "a-2"}, 1)


def test_of_two_leads_on_one_record_the_newer_score_is_shown(warehouse: DuckDBWarehouse) -> None:
    crm = BatchCRM()
    crm.moved = {"a": "b"}
    warehouse.append("scores", [score("a", 1)])
    run(warehouse, crm)
    warehouse.append("scores", [score("a", 3), score("b", 2)])
    report = run(warehouse, crm, minutes=5)
    assert (crm.scores_shown, report.pending) == ({"b": "a-3"}, 0)


def test_what_is_left_of_the_budget_is_for_hot_leads(warehouse: DuckDBWarehouse) -> None:
    warehouse.append("scores", [score("a", 50, score_cluster="HOT"), score("b", 10)])
    crm = BatchCRM()
    crm.left, crm.capabilities = 0.1, replace(crm.capabilities, batch=1, calls_at_once=1)
    report = run(warehouse, crm)
    assert (crm.scores_shown, report.pending, "10%" in str(report.stopped)) == ({"a": "a-50"}, 1, True)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("store"), st.sampled_from("abc")),
        st.tuples(st.just("deliver"), st.lists(st.sampled_from(["ok", "down", "drop", "other"]), max_size=6)),
    ),
    max_size=8,
)


@examples(25)
@given(STEPS)
def test_whatever_happens_the_newest_score_arrives(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, Any]]
) -> None:
    """Any order of storing, delivering, failing, dropping after the commit, and being overtaken by another."""
    warehouse = home_warehouse(tmp_path_factory.mktemp("home"))
    crm = ScriptedCRM()
    stored: dict[str, int] = {}

    def store(lead_id: str) -> None:
        stored[lead_id] = stored.get(lead_id, 0) + 1
        warehouse.append("scores", [score(lead_id, stored[lead_id])])

    def overtake(update: LeadUpdate) -> None:
        store(update.lead_id)
        run(warehouse, crm, lead_ids=[update.lead_id])

    def drop(update: LeadUpdate) -> None:
        crm.take(update)
        raise CRMUnavailable("dropped")

    fates = {"ok": None, "down": raising(CRMUnavailable("down")), "drop": drop, "other": overtake}
    with warehouse.unit_of_work():  # one connection: the example costs a tenth
        for minutes, (kind, what) in enumerate(steps):
            if kind == "store":
                store(what)
            else:
                crm.script = [fates[fate] for fate in what]
                run(warehouse, crm, minutes)
        crm.script = []
        run(warehouse, crm, len(steps) + 24 * 60)
    assert crm.scores_shown == {lead_id: f"{lead_id}-{number}" for lead_id, number in stored.items()}
