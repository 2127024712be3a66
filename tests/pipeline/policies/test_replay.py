"""Two policies over the leads of a warehouse."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import msgspec
import pytest

from leadwerk.pipeline import retrain
from leadwerk.pipeline.policies import replay
from leadwerk.policy.load import load
from leadwerk.policy.model import Attribute, Policy, Segment, Signal, TextClass
from leadwerk.policy.points import Condition, Rule
from leadwerk.policy.points_numbers import PointsNumbers, apply_numbers
from leadwerk.policy.selling import Capacity, RankingRule, Seller
from leadwerk.registry import Registry, open_registry
from leadwerk.warehouse.duckdb import DuckDBWarehouse
from support import selling
from support.borrowers import DAY, NOW, filled
from support.homes import home_warehouse

MORTGAGE = load("mortgage")
CLICKS = msgspec.structs.replace(
    apply_numbers(MORTGAGE, PointsNumbers({("newsletter_click", False): 40})), version="0123456789ab"
)


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> DuckDBWarehouse:
    return filled(tmp_path_factory.mktemp("home"))


def request(new: Policy, old: Policy = MORTGAGE, *, now: datetime = NOW, days: int = 90) -> replay.ReplayRequest:
    return replay.ReplayRequest(old=old, new=new, now=now, days=days)


def replayed(warehouse: DuckDBWarehouse, new: Policy, old: Policy = MORTGAGE, days: int = 90) -> replay.Replayed:
    return replay.run(warehouse, request(new, old, days=days), None)


def test_a_policy_against_itself_moves_nobody(warehouse: DuckDBWarehouse) -> None:
    result = replayed(warehouse, MORTGAGE).replay
    assert (result.moved, result.movers, result.gained.leads, result.lost.leads) == (0, (), 0, 0)
    assert result.before == result.after
    assert result.leads > 100


@pytest.mark.parametrize("leads", [0, 2])
def test_on_the_first_day_without_any_outcome_a_policy_can_be_replayed(tmp_path: Path, leads: int) -> None:
    first = home_warehouse(tmp_path)
    if leads:
        first.append("leads", [selling.lead(str(n), recorded_at=NOW - DAY, created_at=NOW - DAY) for n in range(leads)])
    result = replay.run(first, request(CLICKS), None).replay
    assert (result.leads, result.gained.converted, result.gained.mature) == (leads, 0, 0)


def test_who_gains_is_shown_with_what_became_of_him(warehouse: DuckDBWarehouse) -> None:
    result = replayed(warehouse, CLICKS).replay
    assert result.gained.leads > 10
    assert result.lost.leads == 0
    assert 0 < result.gained.converted <= result.gained.mature <= result.gained.leads
    assert result.gained.rate is not None
    assert result.gained.low < result.gained.rate < result.gained.high
    assert result.after.leads == result.before.leads + result.gained.leads
    [first, *_] = result.movers[0].rules
    assert (first.rule, first.after > first.before) == ("newsletter_click", True)


@pytest.mark.slow
def test_only_leads_of_those_days_count_while_they_were_open(warehouse: DuckDBWarehouse) -> None:
    month, year = (replayed(warehouse, CLICKS, days=days).replay for days in (40, 365))
    assert month.leads < year.leads == 900
    assert year.moments < 900 * len(MORTGAGE.landmark_days)


def test_calls_go_to_those_who_speak_the_language(warehouse: DuckDBWarehouse) -> None:
    sellers = (
        Seller(name="anna", hours_per_week=10, languages=("de",)),
        Seller(name="beat", hours_per_week=30, languages=("de", "fr")),
        Seller(name="luc", hours_per_week=30, languages=("fr",)),
    )
    staffed = msgspec.structs.replace(MORTGAGE, capacity=Capacity(sellers=sellers, minutes_per_lead=30))
    result = replayed(warehouse, staffed).replay
    by_name = {seller_load.seller: seller_load for seller_load in result.after.sellers}
    assert by_name["luc"].average == 0
    assert by_name["anna"].average * 3 == pytest.approx(by_name["beat"].average, abs=0.5)
    assert by_name["anna"].room == 20
    assert sum(seller_load.average for seller_load in by_name.values()) == pytest.approx(result.after.average)


@pytest.mark.slow
def test_what_was_never_extracted_is_said_and_counts_for_nothing(warehouse: DuckDBWarehouse) -> None:
    chat = Signal(name="chat", event="chat_opened")
    first, *other_signals = MORTGAGE.signals
    changed = msgspec.structs.replace(first, event="something_else")
    result = replayed(warehouse, msgspec.structs.replace(MORTGAGE, signals=(changed, *other_signals, chat)))
    assert [note.split(":")[0] for note in result.notes] == [
        f"The signal {first.name} means something else now",
        "The signal chat is new",
    ]
    assert result.replay.moved == 0


BOSS = TextClass(name="boss", matches="(?i)ceo")
LEVEL = Attribute(name="level", kind="category", source="job_title", classes=(BOSS,))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("before", "after", "note"),
    [
        ((), (LEVEL,), "The attribute level has not been read from past leads: it counts for nothing here."),
        (
            (LEVEL,),
            (msgspec.structs.replace(LEVEL, classes=(TextClass(name="boss", matches="(?i)chef"),)),),
            "The attribute level is read otherwise now: of past leads it counts as it was read then.",
        ),
        (
            (LEVEL,),
            (msgspec.structs.replace(LEVEL, source="role"),),
            "The attribute level is read otherwise now: of past leads it counts as it was read then.",
        ),
        ((LEVEL,), (msgspec.structs.replace(LEVEL, labels={"de": "Stufe"}),), None),
    ],
)
def test_an_attribute_that_past_leads_were_not_asked_for_is_said(
    warehouse: DuckDBWarehouse, before: tuple[Attribute, ...], after: tuple[Attribute, ...], note: str | None
) -> None:
    bosses = Rule(name="bosses", group="person", points=90, when={"level": Condition(any_of=("boss",))})
    old, new = (msgspec.structs.replace(MORTGAGE, attributes=attributes) for attributes in (before, after))
    asking = msgspec.structs.replace(new.points, rules=(*new.points.rules, bosses))
    result = replayed(warehouse, msgspec.structs.replace(new, points=asking), old)
    assert list(result.notes) == ([] if note is None else [note])
    assert result.replay.moved == 0


def test_stages_move_with_the_thresholds(warehouse: DuckDBWarehouse) -> None:
    moves = {(move.before, move.after): move for move in replayed(warehouse, CLICKS).replay.stages if move.direction}
    assert moves["mql", "sql"].direction == "forward"
    assert moves["mql", "sql"].leads >= len(moves["mql", "sql"].examples) > 0


def test_without_leads_there_is_nothing_to_say(tmp_path: Path) -> None:
    registry = open_registry(str(tmp_path / "models"))
    result = replay.run(home_warehouse(tmp_path), request(CLICKS, days=30), registry)
    assert (result.replay.leads, result.replay.gained.rate, result.ranked_by) == (0, None, "points")


def test_the_future_is_not_looked_at(warehouse: DuckDBWarehouse) -> None:
    early = replay.run(warehouse, request(CLICKS, now=NOW - 80 * DAY, days=30), None).replay
    assert early.gained.mature < early.gained.leads


@pytest.fixture(scope="module")
def champion(warehouse: DuckDBWarehouse, tmp_path_factory: pytest.TempPathFactory) -> Registry:
    registry = open_registry(str(tmp_path_factory.mktemp("models")))
    quick = msgspec.structs.replace(MORTGAGE.training, trees=20)
    trained = retrain.run(warehouse, msgspec.structs.replace(MORTGAGE, training=quick), registry, now=NOW)
    assert trained.model_version is not None
    registry.promote(trained.model_version, expected=registry.champion(), at=NOW, reason="test")
    return registry


@pytest.mark.slow
def test_where_a_model_ranks_other_points_move_nobody(warehouse: DuckDBWarehouse, champion: Registry) -> None:
    result = replay.run(warehouse, request(CLICKS), champion)
    pointer = champion.champion()
    assert pointer is not None
    assert result.ranked_by == pointer.version
    assert result.replay.moved == 0
    assert result.replay.movers  # their points differ all the same
    both = msgspec.structs.replace(CLICKS, decision=RankingRule(rank_by="both", points_weight=100))
    assert replay.run(warehouse, request(both), champion).replay.moved > 0


def test_a_champion_that_a_policy_would_refuse_is_told(warehouse: DuckDBWarehouse, champion: Registry) -> None:
    wider = msgspec.structs.replace(MORTGAGE, signals=(*MORTGAGE.signals, Signal(name="chat", event="chat_opened")))
    result = replay.run(warehouse, request(wider), champion)
    assert any("The champion does not know the new policy's signals" in note for note in result.notes)


def test_other_segments_move_nobody_before_the_next_training_and_that_is_said(
    warehouse: DuckDBWarehouse, champion: Registry
) -> None:
    geneva = Segment(name="geneva", when={"region": Condition(any_of=("CH-GE",))})
    segmented = msgspec.structs.replace(MORTGAGE, segments=(geneva,))
    result = replay.run(warehouse, request(segmented), champion)
    assert result.replay.moved == 0
    assert "The segments are in force with the next training." in result.notes
