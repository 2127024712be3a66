"""Lapsed picks: right by the clock before they are recorded, recorded once, never against a later pick."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, strategies as st

from leadwerk.errors import AlreadyPicked
from leadwerk.pipeline.desk.lapsed_picks import GRACE, LapsedPicks, settle_lapsed
from leadwerk.pipeline.desk.picks import Picks, first_day
from leadwerk.policy.load import load
from leadwerk.registry import FolderStore
from leadwerk.warehouse.statement import from_text, statement
from sql.reference import analyse, assert_engines_agree
from support import example_leads, selling
from support.example_leads import NOW
from support.examples import examples
from support.strict_store import StrictStore

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
END = NOW + 48 * HOUR
MORNING = END + GRACE
STEPS = from_text("SELECT * FROM leadwerk.picks ORDER BY lead_id, sequence")


@pytest.fixture(params=["folder", "strict"])
def picks(request: pytest.FixtureRequest, tmp_path: Path) -> Picks:
    store = FolderStore(tmp_path / "picks") if request.param == "folder" else StrictStore()
    return Picks(example_leads.warehouse(tmp_path), load("mortgage"), store)


def trail(picks: Picks, lead_id: str = "1") -> list[str]:
    return [f"{row['kind']} {row['seller']}" for row in picks.warehouse.rows(STEPS, {}) if row["lead_id"] == lead_id]


def active_holds(picks: Picks, at: datetime) -> list[tuple[str, str]]:
    return [(pick.lead_id, pick.seller) for pick in picks.active(at)]


def test_a_lapse_is_noted_as_of_its_end(picks: Picks) -> None:
    picks.pick("1", "anna", NOW)
    assert settle_lapsed(picks, MORNING) == LapsedPicks(1, 0)
    assert trail(picks) == ["picked anna", "expired anna"]
    last = picks.warehouse.rows(STEPS, {})[-1]
    assert (last["occurred_at"], last["recorded_at"]) == (END, MORNING)


def test_noted_once_it_is_noted(picks: Picks) -> None:
    picks.pick("1", "anna", NOW)
    settle_lapsed(picks, MORNING)
    before = picks.warehouse.rows(STEPS, {})
    for later in (MORNING, MORNING + DAY):
        assert settle_lapsed(picks, later) == LapsedPicks(0, 0)
    picks.settle(MORNING + DAY)
    assert picks.warehouse.rows(STEPS, {}) == before


@pytest.mark.parametrize("settled", [False, True])
def test_at_any_moment_who_holds_a_lead_is_the_same_before_and_after_it_was_noted(picks: Picks, settled: bool) -> None:
    picks.pick("1", "anna", NOW)
    picks.pick("2", "beat", NOW + 12 * HOUR)
    picks.release("2", "beat", NOW + 20 * HOUR)
    if settled:
        assert settle_lapsed(picks, MORNING).lapsed_picks == 1
    tick = timedelta(microseconds=1)
    assert active_holds(picks, NOW - tick) == []
    assert active_holds(picks, NOW) == [("1", "anna")]
    assert active_holds(picks, NOW + 19 * HOUR) == [("1", "anna"), ("2", "beat")]
    assert active_holds(picks, END - tick) == [("1", "anna")]
    assert active_holds(picks, END) == active_holds(picks, MORNING) == []


def test_a_hold_is_not_noted_while_the_nights_feedback_may_still_extend_it(picks: Picks) -> None:
    picks.pick("1", "anna", NOW)
    assert settle_lapsed(picks, MORNING - HOUR) == LapsedPicks(0, 0)
    worked = selling.outcome("1", END - HOUR, "Kontaktiert", "open") | {"recorded_at": END + 12 * HOUR}
    picks.warehouse.append("outcomes", [worked])
    assert settle_lapsed(picks, MORNING) == LapsedPicks(0, 0)
    assert active_holds(picks, MORNING) == [("1", "anna")]
    extended = END - HOUR + 48 * HOUR
    assert settle_lapsed(picks, extended + GRACE) == LapsedPicks(1, 0)
    assert picks.warehouse.rows(STEPS, {})[-1]["occurred_at"] == extended


def test_who_picked_again_or_released_is_left_alone(picks: Picks) -> None:
    picks.pick("1", "anna", NOW)
    picks.pick("2", "anna", NOW)
    picks.pick("1", "beat", MORNING - HOUR)
    picks.release("2", "anna", NOW + HOUR)
    assert settle_lapsed(picks, MORNING) == LapsedPicks(0, 0)
    assert trail(picks) == ["picked anna", "expired anna", "picked beat"]
    assert picks.holder("1", MORNING).seller == "beat"


class Racing(StrictStore):
    """Before the settling's swap somebody else picks the lead."""

    rival: Any = None

    def write(self, name: str, data: bytes, **options: Any) -> None:
        rival, self.rival = self.rival, None
        if rival:
            rival()
        super().write(name, data, **options)


def test_a_pick_at_the_same_moment_wins(tmp_path: Path) -> None:
    store = Racing()
    picks = Picks(example_leads.warehouse(tmp_path), load("mortgage"), store)
    picks.pick("1", "anna", NOW)
    store.rival = lambda: picks.pick("1", "beat", MORNING)
    assert settle_lapsed(picks, MORNING) == LapsedPicks(0, 0)
    assert trail(picks) == ["picked anna", "expired anna", "picked beat"]


class Dying:
    """A warehouse that can be read, and dies of the first append."""

    def __init__(self, picks: Picks) -> None:
        self.rows = picks.warehouse.rows

    def append(self, table: str, rows: Any) -> int:
        raise KeyboardInterrupt


def test_killed_between_swap_and_table_the_next_run_says_what_is_missing(picks: Picks) -> None:
    picks.pick("1", "anna", NOW)
    picks.pick("2", "beat", NOW)
    dying: Any = Dying(picks)
    with pytest.raises(KeyboardInterrupt):
        settle_lapsed(replace(picks, warehouse=dying), MORNING)
    assert trail(picks) == ["picked anna"]
    assert active_holds(picks, MORNING) == []
    assert settle_lapsed(picks, MORNING + DAY) == LapsedPicks(2, 0)
    assert trail(picks) == ["picked anna", "expired anna"]
    assert {row["occurred_at"] for row in picks.warehouse.rows(STEPS, {}) if row["kind"] == "expired"} == {END}


def test_a_damaged_object_is_said_and_stops_nobody_else(picks: Picks, caplog: pytest.LogCaptureFixture) -> None:
    picks.pick("1", "anna", NOW)
    [damaged] = picks.store.names()
    picks.pick("2", "beat", NOW)
    picks.store.write(damaged, b"{")
    assert settle_lapsed(picks, MORNING) == LapsedPicks(1, 1)
    assert (trail(picks), trail(picks, "2")) == (["picked anna"], ["picked beat", "expired beat"])
    assert [vars(record)["fields"]["event"] for record in caplog.records] == ["pick_damaged"]


def test_the_lapse_of_a_hold_whose_object_was_deleted_is_noted_from_the_table(tmp_path: Path) -> None:
    picks = Picks(example_leads.warehouse(tmp_path), load("mortgage"), FolderStore(tmp_path / "picks"))
    picks.pick("1", "anna", NOW)
    for file in (tmp_path / "picks").rglob("*.json"):
        file.unlink()
    assert settle_lapsed(picks, MORNING) == LapsedPicks(1, 0)
    assert settle_lapsed(picks, MORNING + DAY) == LapsedPicks(0, 0)
    assert trail(picks) == ["picked anna", "expired anna"]


class Watched:
    """A store that notes what is read."""

    def __init__(self, store: Any) -> None:
        self.store, self.reads = store, []
        self.write = store.write

    def read(self, name: str) -> Any:
        self.reads.append(name)
        return self.store.read(name)

    def names(self, prefix: str = "") -> list[str]:
        raise AssertionError("a daily run does not list every lead ever picked")


def test_a_day_reads_what_lapsed_and_no_other_object(picks: Picks) -> None:
    for lead_id in ("1", "2", "3"):
        picks.pick(lead_id, "anna", NOW)
    settle_lapsed(picks, MORNING)
    picks.pick("3", "anna", MORNING)
    watched: Any = Watched(picks.store)
    assert settle_lapsed(replace(picks, store=watched), MORNING + 48 * HOUR + GRACE) == LapsedPicks(1, 0)
    assert len(watched.reads) == 1


deeds = st.lists(
    st.tuples(
        st.sampled_from(["pick", "release", "settle", "work"]), st.sampled_from(["anna", "beat"]), st.integers(1, 60)
    ),
    max_size=12,
)


@pytest.mark.slow
@examples(10, suppress_health_check=list(HealthCheck))
@given(deeds)
def test_whatever_is_done_settling_changes_no_hold_and_leaves_an_unbroken_trail(
    tmp_path_factory: pytest.TempPathFactory, done: list[tuple[str, str, int]]
) -> None:
    home = tmp_path_factory.mktemp("home")
    picks, now = Picks(example_leads.warehouse(home), load("mortgage"), StrictStore()), NOW
    with picks.warehouse.unit_of_work():
        for number, (deed, seller, hours) in enumerate(done):
            now += hours * HOUR
            before = active_holds(picks, now)
            try:
                if deed == "pick":
                    picks.pick("1", seller, now)
                elif deed == "release":
                    picks.release("1", seller, now)
                elif deed == "work":
                    worked = selling.outcome("1", now, "Kontaktiert", "open") | {"event_id": f"w{number}"}
                    picks.warehouse.append("outcomes", [worked])
                else:
                    settle_lapsed(picks, now)
                    assert active_holds(picks, now) == before
            except AlreadyPicked:
                assert before and before[0][1] != seller
        settle_lapsed(picks, now + 9 * DAY)
    steps = picks.warehouse.rows(STEPS, {})
    assert [row["sequence"] for row in steps] == list(range(1, len(steps) + 1))
    assert all(
        (step["kind"] == "picked") != (next_step["kind"] == "picked") for step, next_step in itertools.pairwise(steps)
    )
    assert not steps or steps[-1]["kind"] != "picked"


def step(number: int, lead_id: str, kind: str, hours: float) -> dict[str, Any]:
    at = NOW + hours * HOUR
    lasting = {"expires_at": at + 48 * HOUR} if kind == "picked" else {}
    row = {"event_id": f"{lead_id}{number}{kind}", "lead_id": lead_id, "day": at.date(), "sequence": number}
    return row | {"kind": kind, "seller": "anna", "occurred_at": at, "recorded_at": at, **lasting}


rows_of_steps = st.lists(
    st.builds(
        step, st.integers(1, 3), st.sampled_from(["1", "2"]), st.sampled_from(["picked", "released", "expired"]),
        st.sampled_from([-100.0, -72.0, -60.5, -48.0, -1.0, 1.0]),
    ),
    max_size=6,
)  # fmt: skip


@pytest.mark.slow
@examples(12, suppress_health_check=list(HealthCheck))
@given(rows_of_steps, st.lists(st.sampled_from([-70.0, -50.0, -2.0, 2.0]), max_size=2, unique=True))
def test_both_engines_find_the_same_lapses_and_no_hold_in_force_among_them(
    steps: list[dict[str, Any]], worked: list[float]
) -> None:
    outcomes = [selling.outcome("1", NOW + at * HOUR, f"Kontaktiert {at}", "open") for at in worked]
    tables, parameters = {"picks": steps, "outcomes": outcomes}, {"first_day": first_day(NOW), "now": NOW}
    over = assert_engines_agree(statement("picks/lapsed"), parameters | {"until": NOW - GRACE}, tables)
    force = assert_engines_agree(statement("picks/active"), parameters | {"seller": None}, tables)
    assert all(row["expires_at"] <= NOW - GRACE for row in over)
    assert all(row["picked_at"] <= NOW < row["expires_at"] for row in force)
    assert not {row["lead_id"] for row in over} & {row["lead_id"] for row in force}


def test_the_analyser_accepts_it() -> None:
    assert list(analyse(statement("picks/lapsed"))) == ["lead_id", "sequence", "seller", "picked_at", "expires_at"]
