"""A registry without a champion although there was one: decided once, undone by a rollback, never over another."""

from datetime import timedelta

import msgspec
import pytest

from leadwerk.errors import NoChampion, PromotionConflict
from leadwerk.registry import FolderStore, Registry
from support.registry_files import FILES, NOW, manifest
from support.strict_store import StrictStore


@pytest.fixture(params=["folder", "strict"])
def registry(request, tmp_path):
    return Registry(FolderStore(tmp_path / "models") if request.param == "folder" else StrictStore())


def champions(registry, count):
    """So many promotions, one after the other; the last is champion."""
    versions = [registry.save(FILES, manifest(seed=seed)) for seed in range(count)]
    for version in versions:
        registry.promote(version, expected=registry.champion(), at=NOW, reason="better")
    return versions


def stand_down(registry, at=NOW):
    return registry.stand_down(expected=registry.champion(), at=at, reason="behind the points")


def test_after_standing_down_there_is_no_champion_and_it_is_said_why(registry):
    (a,) = champions(registry, 1)
    assert registry.stood_down() is None
    stood_down = stand_down(registry)
    assert registry.champion() is None
    assert registry.stood_down() == stood_down
    assert (stood_down.version, stood_down.stood_down_at, stood_down.reason) == (
        a,
        NOW.isoformat(),
        "behind the points",
    )
    with pytest.raises(NoChampion, match=rf"{a} stood down on 2026-03-01: behind the points.*rollback"):
        registry.champion_files()


def test_a_rollback_brings_it_back_and_the_next_one_goes_further(registry):
    a, b = champions(registry, 2)
    stand_down(registry)
    assert registry.rollback(at=NOW).version == b
    assert registry.stood_down() is None
    assert registry.rollback(at=NOW).version == a


def test_a_better_model_takes_the_empty_place(registry):
    a, b = champions(registry, 2)
    stand_down(registry)
    c = registry.save(FILES, manifest(seed=9))
    promoted = registry.promote(c, expected=registry.champion(), at=NOW, reason="better than the points")
    assert (promoted.version, promoted.previous) == (c, (b, a))
    assert registry.stood_down() is None


def test_who_comes_back_by_promotion_is_not_his_own_predecessor(registry):
    a, b = champions(registry, 2)
    stand_down(registry)
    assert registry.promote(b, expected=None, at=NOW, reason="by hand").previous == (a,)


def test_the_same_decision_twice_is_one(registry):
    champions(registry, 1)
    seen = registry.champion()
    first = registry.stand_down(expected=seen, at=NOW, reason="behind")
    assert registry.stand_down(expected=seen, at=NOW, reason="behind") == first
    with pytest.raises(PromotionConflict):
        registry.stand_down(expected=seen, at=NOW + timedelta(days=7), reason="behind")


def test_who_decided_on_an_older_champion_makes_nobody_stand_down(registry):
    a, _ = champions(registry, 1)[0], None
    seen = registry.champion()
    b = registry.save(FILES, manifest(seed=5))
    registry.promote(b, expected=seen, at=NOW, reason="better")
    with pytest.raises(PromotionConflict):
        registry.stand_down(expected=seen, at=NOW, reason="behind")
    assert registry.champion().version == b
    assert registry.champion().previous == (a,)


def test_who_still_believes_in_the_one_that_stood_down_does_not_promote_over_it(registry):
    champions(registry, 1)
    seen = registry.champion()
    stand_down(registry)
    c = registry.save(FILES, manifest(seed=9))
    with pytest.raises(PromotionConflict):
        registry.promote(c, expected=seen, at=NOW, reason="better than the champion")
    assert registry.champion() is None


def test_before_the_first_promotion_nobody_can_stand_down(registry):
    (a,) = champions(registry, 1)
    other = Registry(StrictStore())
    assert other.stood_down() is None
    with pytest.raises(NoChampion):
        other.stand_down(expected=registry.champion(), at=NOW, reason="behind")
    assert registry.champion().version == a


def test_a_pointer_written_before_there_was_standing_down_is_read(tmp_path):
    store = FolderStore(tmp_path)
    registry = Registry(store)
    version = registry.save(FILES, manifest())
    old = {"champion": {"version": version, "promoted_at": NOW.isoformat(), "reason": "first"}, "previous": []}
    store.write("champion.json", msgspec.json.encode(old))
    assert registry.champion().version == version
    assert stand_down(registry).version == version
