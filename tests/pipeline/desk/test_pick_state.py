"""Steps of a hold, without any store: what sellers do in any order leaves one holder and an unbroken trail."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from leadwerk.errors import AlreadyPicked
from leadwerk.pipeline.desk import pick_state
from leadwerk.pipeline.desk.pick_state import PickState

NOW = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
FREE = PickState(lead_id="7")


def test_a_pick_holds_for_its_hours_and_not_a_moment_longer() -> None:
    state = pick_state.pick(FREE, "anna", NOW, 48)
    assert state.holder(NOW + 48 * HOUR - timedelta(microseconds=1)).seller == "anna"
    assert state.holder(NOW + 48 * HOUR) is None


def test_who_comes_second_is_told_who_holds_it_and_until_when() -> None:
    state = pick_state.pick(FREE, "anna", NOW, 48)
    with pytest.raises(AlreadyPicked) as refusal:
        pick_state.pick(state, "beat", NOW + HOUR, 48)
    assert (refusal.value.seller, refusal.value.until) == ("anna", NOW + 48 * HOUR)
    assert "anna until 2026-05-06 09:30 UTC" in refusal.value.message


def test_picking_what_one_holds_changes_nothing_not_even_its_end() -> None:
    state = pick_state.pick(FREE, "anna", NOW, 48)
    assert pick_state.pick(state, "anna", NOW + 47 * HOUR, 48) is state


def test_a_takeover_after_the_end_says_that_the_first_lapsed_and_when() -> None:
    state = pick_state.pick(pick_state.pick(FREE, "anna", NOW, 48), "beat", NOW + 60 * HOUR, 48)
    expired, picked = state.steps
    assert (expired.kind, expired.seller, expired.occurred_at) == ("expired", "anna", NOW + 48 * HOUR)
    assert expired.recorded_at == NOW + 60 * HOUR
    assert (picked.kind, picked.seller, picked.taken_from) == ("picked", "beat", "anna")


def test_only_the_holder_releases() -> None:
    state = pick_state.pick(FREE, "anna", NOW, 48)
    with pytest.raises(AlreadyPicked):
        pick_state.release(state, "beat", NOW)
    assert pick_state.release(state, "anna", NOW + HOUR).holder(NOW + HOUR) is None
    assert pick_state.release(FREE, "beat", NOW) is FREE


def test_a_clock_that_goes_behind_does_not_turn_the_trail_around() -> None:
    state = pick_state.release(pick_state.pick(FREE, "anna", NOW, 48), "anna", NOW + HOUR)
    again = pick_state.pick(state, "beat", NOW, 48)
    assert again.steps[0].occurred_at == NOW + HOUR


sellers = st.sampled_from(["anna", "beat", "carla"])
deeds = st.lists(
    st.tuples(st.sampled_from(["pick", "release", "expire"]), sellers, st.integers(0, 80), st.integers(1, 60)),
    max_size=25,
)


@given(deeds)
def test_whatever_sellers_do_the_trail_tells_who_held_a_lead_one_at_a_time(
    done: list[tuple[str, str, int, int]],
) -> None:
    state, now, trail = FREE, NOW, []
    for deed, seller, hours, length in done:
        now += hours * HOUR
        holder = state.holder(now)
        try:
            new = (
                pick_state.pick(state, seller, now, length)
                if deed == "pick"
                else pick_state.release(state, seller, now)
                if deed == "release"
                else pick_state.expire(state, now)
            )
        except AlreadyPicked as refusal:
            assert holder is not None and holder.seller == refusal.seller != seller
            continue
        if new is not state:
            trail += new.steps
        if deed == "pick":
            assert new.holder(now).seller == seller
        state = new
    assert [step.sequence for step in trail] == list(range(1, len(trail) + 1))
    assert len({step.event_id for step in trail}) == len(trail)
    assert all(earlier.occurred_at <= later.occurred_at for earlier, later in itertools.pairwise(trail))
    # Replayed from the table alone: a hold begins only where none is, and ends with the one who held.
    holding = None
    for step in trail:
        assert (holding is None) if step.kind == "picked" else (holding == step.seller)
        holding = step.seller if step.kind == "picked" else None
    assert holding == (state.hold.seller if state.hold else None)
