"""Picks over store and table: exclusive, audited, healed after a crash, cheap."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace as changed

from leadwerk.errors import AlreadyPicked, InputError, UnknownLead, WarehouseError, WriteConflict
from leadwerk.pipeline.desk.picks import Picks, first_day
from leadwerk.policy.load import load
from leadwerk.policy.selling import Capacity, Seller
from leadwerk.registry import FolderStore
from leadwerk.warehouse.duckdb import DuckDBWarehouse
from leadwerk.warehouse.statement import from_text, statement
from sql.reference import assert_engines_agree
from support import example_leads, selling
from support.example_leads import NOW
from support.strict_store import StrictStore

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TRAIL = from_text("SELECT kind, seller, taken_from FROM leadwerk.picks WHERE lead_id = '1' ORDER BY sequence")


@pytest.fixture(params=["folder", "strict"])
def picks(request: pytest.FixtureRequest, tmp_path: Path) -> Picks:
    store = FolderStore(tmp_path / "picks") if request.param == "folder" else StrictStore()
    return Picks(example_leads.warehouse(tmp_path), load("mortgage"), store)


def trail(picks: Picks) -> list[str]:
    return [f"{row['kind']} {row['seller']}" for row in picks.warehouse.rows(TRAIL, {})]


def test_a_pick_a_release_and_a_takeover_stand_in_the_table(picks: Picks) -> None:
    first = picks.pick("1", "anna", NOW)
    assert first.expires_at == NOW + 48 * HOUR
    picks.release("1", "anna", NOW + HOUR)
    picks.pick("1", "beat", NOW + 2 * HOUR)
    picks.pick("1", "carla", NOW + 100 * HOUR)
    assert trail(picks) == ["picked anna", "released anna", "picked beat", "expired beat", "picked carla"]
    assert picks.warehouse.rows(TRAIL, {})[-1]["taken_from"] == "beat"


def test_the_hours_are_the_policys(picks: Picks) -> None:
    hours = changed(picks.policy, capacity=Capacity(pick_hours=5))
    assert replace(picks, policy=hours).pick("1", "anna", NOW).expires_at == NOW + 5 * HOUR


@pytest.mark.parametrize("count", [2, 16])
def test_of_sellers_who_pick_at_once_exactly_one_wins(picks: Picks, count: int) -> None:
    start = threading.Barrier(count)

    def attempt(number: int) -> Any:
        start.wait()
        try:
            return picks.pick("1", f"seller {number}", NOW).seller
        except AlreadyPicked as refusal:
            return refusal

    with ThreadPoolExecutor(count) as pool:
        results = list(pool.map(attempt, range(count)))
    [winner] = [result for result in results if isinstance(result, str)]
    losers = [result for result in results if isinstance(result, AlreadyPicked)]
    assert len(losers) == count - 1
    assert {(loser.seller, loser.until) for loser in losers} == {(winner, NOW + 48 * HOUR)}
    assert trail(picks) == [f"picked {winner}"]


def test_the_swap_decides_when_both_have_already_looked(tmp_path: Path) -> None:
    both_looked = threading.Barrier(2)
    looks: list[str] = []

    def wait(name: str) -> None:
        looks.append(name)
        if len(looks) <= 2:
            both_looked.wait(timeout=10)

    picks = Picks(example_leads.warehouse(tmp_path), load("mortgage"), StrictStore(wait))

    def attempt(seller: str) -> Any:
        try:
            return picks.pick("1", seller, NOW)
        except AlreadyPicked as refusal:
            return refusal

    with ThreadPoolExecutor(2) as pool:
        first, other = pool.map(attempt, ["anna", "beat"])
    assert isinstance(first, AlreadyPicked) != isinstance(other, AlreadyPicked)


class Dying:
    """A warehouse whose appends fail from the n-th on, as if the process had been killed there."""

    def __init__(self, warehouse: DuckDBWarehouse, appends: int = 0) -> None:
        self.warehouse, self.left = warehouse, appends

    def rows(self, *arguments: Any) -> Any:
        return self.warehouse.rows(*arguments)

    def append(self, table: str, rows: Any) -> int:
        self.left -= 1
        if self.left < 0:
            raise KeyboardInterrupt
        return self.warehouse.append(table, rows)


def killed_after_the_swap(picks: Picks, seller: str, now: Any, appends: int = 0) -> None:
    with pytest.raises(KeyboardInterrupt):
        replace(picks, warehouse=Dying(picks.warehouse, appends)).pick("1", seller, now)


def test_after_a_crash_behind_the_swap_the_same_seller_has_one_pick(picks: Picks) -> None:
    killed_after_the_swap(picks, "anna", NOW)
    assert trail(picks) == []
    assert picks.pick("1", "anna", NOW + HOUR).picked_at == NOW
    assert trail(picks) == ["picked anna"]


@pytest.mark.parametrize("healer", ["reader", "rival", "settle"])
def test_whoever_comes_next_writes_what_a_crash_left_unsaid(picks: Picks, healer: str) -> None:
    killed_after_the_swap(picks, "anna", NOW)
    if healer == "reader":
        assert picks.holder("1", NOW + HOUR).seller == "anna"
    elif healer == "rival":
        with pytest.raises(AlreadyPicked, match="anna"):
            picks.pick("1", "beat", NOW + HOUR)
    else:
        assert (picks.settle(NOW + HOUR).recorded, picks.settle(NOW + HOUR).recorded) == (1, 0)
    assert trail(picks) == ["picked anna"]


def test_crash_upon_crash_loses_no_step(picks: Picks) -> None:
    killed_after_the_swap(picks, "anna", NOW)
    killed_after_the_swap(picks, "beat", NOW + 60 * HOUR, appends=1)  # heals, swaps, dies
    assert picks.holder("1", NOW + 61 * HOUR).seller == "beat"
    assert trail(picks) == ["picked anna", "expired anna", "picked beat"]


def test_settling_notes_what_lapsed_once(picks: Picks) -> None:
    picks.pick("1", "anna", NOW)
    picks.pick("2", "beat", NOW + 40 * HOUR)
    assert picks.settle(NOW + 50 * HOUR).in_force == 1
    assert picks.settle(NOW + 51 * HOUR).leads == 2
    assert trail(picks) == ["picked anna", "expired anna"]


def test_what_a_seller_holds_is_read_from_the_table(picks: Picks) -> None:
    for lead, seller in (("1", "anna"), ("2", "beat"), ("3", "anna")):
        picks.pick(lead, seller, NOW)
    picks.release("3", "anna", NOW + HOUR)
    assert [(pick.lead_id, pick.seller) for pick in picks.active(NOW + HOUR)] == [("1", "anna"), ("2", "beat")]
    assert [pick.lead_id for pick in picks.active(NOW + HOUR, "beat")] == ["2"]
    assert picks.active(NOW + 48 * HOUR) == []


def test_who_works_on_a_lead_keeps_it(picks: Picks) -> None:
    picks.pick("1", "anna", NOW)
    picks.pick("2", "anna", NOW)
    picks.warehouse.append("outcomes", [selling.outcome("1", NOW + 40 * HOUR, "Kontaktiert", "open")])
    assert picks.holder("1", NOW + 60 * HOUR).expires_at == NOW + 88 * HOUR
    assert picks.holder("2", NOW + 60 * HOUR) is None
    with pytest.raises(AlreadyPicked) as refusal:
        picks.pick("1", "beat", NOW + 60 * HOUR)
    assert refusal.value.until == NOW + 88 * HOUR
    assert [(pick.lead_id, pick.expires_at) for pick in picks.active(NOW + 60 * HOUR)] == [("1", NOW + 88 * HOUR)]
    picks.pick("1", "beat", NOW + 88 * HOUR)
    assert trail(picks) == ["picked anna", "expired anna", "picked beat"]
    lapsed = picks.warehouse.rows(from_text("SELECT occurred_at FROM leadwerk.picks WHERE kind = 'expired'"), {})
    assert lapsed == [{"occurred_at": NOW + 88 * HOUR}]


def test_what_was_done_before_the_pick_is_not_work_of_the_one_who_picked(picks: Picks) -> None:
    picks.warehouse.append("outcomes", [selling.outcome("1", NOW - HOUR, "Kontaktiert", "open")])
    picks.pick("1", "anna", NOW)
    assert picks.holder("1", NOW + 48 * HOUR) is None
    assert picks.active(NOW + 48 * HOUR) == []


def test_a_lead_that_nobody_knows_is_not_picked(picks: Picks) -> None:
    with pytest.raises(UnknownLead, match="nobody"):
        picks.pick("nobody", "anna", NOW)
    with pytest.raises(UnknownLead):
        picks.release("nobody", "anna", NOW)
    assert picks.store.names() == []


@pytest.mark.parametrize("seller", ["", " ", "x" * 101, "a\nb"])
def test_a_pick_needs_a_sellers_name(picks: Picks, seller: str) -> None:
    with pytest.raises(InputError) as refusal:
        picks.pick("1", seller, NOW)
    assert (refusal.value.field, bool(refusal.value.remedy)) == ("seller", True)


@pytest.mark.parametrize("spelling", ["anna ", " Anna", "ANNA", "ａｎｎａ"])
def test_a_seller_is_one_however_the_name_is_spelt(picks: Picks, spelling: str) -> None:
    first = picks.pick("1", "anna", NOW)
    assert picks.pick("1", spelling, NOW + HOUR) == first
    picks.release("1", spelling, NOW + HOUR)
    assert trail(picks) == ["picked anna", "released anna"]
    named = changed(
        picks.policy,
        capacity=Capacity(sellers=(Seller(name="anna", hours_per_week=40), Seller(name="beat", hours_per_week=40))),
    )
    assert replace(picks, policy=named).pick("1", spelling, NOW + 2 * HOUR).seller == "anna"
    assert [hold.seller for hold in replace(picks, policy=named).active(NOW + 3 * HOUR, spelling)] == ["anna"]


def test_a_policy_that_names_its_sellers_lets_nobody_else_pick(picks: Picks) -> None:
    capacity = Capacity(sellers=(Seller(name="anna", hours_per_week=20), Seller(name="beat", hours_per_week=40)))
    named = replace(picks, policy=changed(picks.policy, capacity=capacity))
    with pytest.raises(InputError, match="anna, beat"):
        named.pick("1", "carla", NOW)
    assert named.pick("1", "anna", NOW).seller == "anna"


@pytest.mark.parametrize("lead_id", ["../../etc/passwd", "a/b", "..", "ü" * 200, "%2e%2e", "\ud800"])
def test_an_id_is_no_path(tmp_path: Path, lead_id: str) -> None:
    picks = Picks(example_leads.warehouse(tmp_path), load("mortgage"), FolderStore(tmp_path / "picks"))
    assert picks.holder(lead_id, NOW) is None
    if lead_id.isprintable():
        picks.warehouse.append("leads", [example_leads.lead(lead_id)])
        picks.pick(lead_id, "anna", NOW)
        assert picks.holder(lead_id, NOW).seller == "anna"
        assert [p for p in tmp_path.rglob("*.json") if not p.is_relative_to(tmp_path / "picks" / "leads")] == []


def test_a_damaged_object_is_named_with_what_to_do(picks: Picks) -> None:
    picks.pick("1", "anna", NOW)
    [name] = picks.store.names()
    picks.store.write(name, b"{")
    with pytest.raises(WarehouseError, match="Delete the object"):
        picks.pick("1", "beat", NOW)


class Deaf(StrictStore):
    """Takes every write, and says of the first that it did not: an answer that was lost on its way."""

    def write(self, name: str, data: bytes, **options: Any) -> None:
        first = not self.blobs
        super().write(name, data, **options)
        if first:
            raise WriteConflict("412")


def test_a_swap_whose_answer_was_lost_is_recognised_as_ones_own(tmp_path: Path) -> None:
    picks = Picks(example_leads.warehouse(tmp_path), load("mortgage"), Deaf())
    assert picks.pick("1", "anna", NOW).seller == "anna"
    assert trail(picks) == ["picked anna"]


class Watched:
    """A warehouse that notes which statements read it."""

    def __init__(self, warehouse: DuckDBWarehouse) -> None:
        self.warehouse, self.read = warehouse, []
        self.append = warehouse.append

    def rows(self, statement: Any, parameters: Any) -> Any:
        self.read.append(statement)
        return self.warehouse.rows(statement, parameters)


def test_a_pick_reads_its_own_leads_block_and_no_more(picks: Picks) -> None:
    watched = Watched(picks.warehouse)
    frugal = replace(picks, warehouse=watched)
    frugal.pick("1", "anna", NOW)
    assert [statement_read.name for statement_read in watched.read] == ["leads/as_of"]
    # The table is clustered by lead_id: equality with it prunes.
    assert "AND (lead_id = @lead_id)" in statement("leads/as_of").text
    frugal.release("1", "anna", NOW)
    frugal.pick("1", "beat", NOW)
    assert len(watched.read) == 1


def step(number: int, lead_id: str, kind: str, seller: str, hours: float, **more: Any) -> dict[str, Any]:
    at = NOW + hours * HOUR
    lasting = {"expires_at": at + 48 * HOUR} if kind == "picked" else {}
    row = {"event_id": f"p{number}", "lead_id": lead_id, "day": at.date(), "sequence": number, "kind": kind}
    return row | {"seller": seller, "occurred_at": at, "recorded_at": at, **lasting, **more}


def test_both_engines_say_the_same_of_picks_even_where_a_row_came_twice() -> None:
    rows = [
        step(1, "1", "picked", "anna", -90),
        step(2, "1", "expired", "anna", -42),
        step(3, "1", "picked", "beat", -1, taken_from="anna"),
        step(3, "1", "picked", "beat", -1, taken_from="anna"),
        step(1, "2", "picked", "anna", -1),
        step(2, "2", "released", "anna", 0),
        step(1, "3", "picked", "carla", -48),
    ]
    parameters = {"first_day": first_day(NOW), "now": NOW, "seller": None}
    active = assert_engines_agree(statement("picks/active"), parameters, {"picks": rows})
    assert [(row["lead_id"], row["seller"]) for row in active] == [("1", "beat")]
    worked = [selling.outcome("3", NOW - HOUR, "Kontaktiert", "open")]
    active = assert_engines_agree(statement("picks/active"), parameters, {"picks": rows, "outcomes": worked})
    assert sorted(row["lead_id"] for row in active) == ["1", "3"]
    for lead_id in ("1", "3"):
        work = {"lead_id": lead_id, "first_day": NOW.date() - 2 * DAY, "picked_at": NOW - 48 * HOUR, "now": NOW}
        assert_engines_agree(statement("outcomes/last_activity"), work, {"outcomes": worked})
    parameters = {"lead_id": "1", "first_day": first_day(NOW), "as_of": NOW}
    history = assert_engines_agree(statement("picks/history"), parameters, {"picks": rows})
    assert [row["kind"] for row in history] == ["picked", "expired", "picked"]


def test_both_engines_say_the_same_of_a_known_lead() -> None:
    leads = [
        example_leads.lead("1"),
        example_leads.lead("1", event_id="later", recorded_at=NOW, account_id="muster-ag.ch"),
    ]
    for lead_id in ("1", "2"):
        parameters = {"lead_id": lead_id, "as_of": NOW}
        assert_engines_agree(statement("leads/as_of"), parameters, {"leads": leads})
