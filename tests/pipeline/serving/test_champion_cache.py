"""The champion is loaded once, renewed when the pointer moves, and refused when it is damaged or not ours."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec import structs

from leadwerk.errors import ContractMismatch, CorruptModel, RegistryUnavailable
from leadwerk.pipeline.serving.champion_cache import ChampionCache
from leadwerk.policy.load import load
from leadwerk.policy.points import PointsModel
from leadwerk.registry import Blob, FolderStore, Registry, open_registry
from support import example_leads

MORTGAGE = load("mortgage")


class Clock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_before_the_first_promotion_there_is_none_and_then_there_is(tmp_path, clock):
    champions = ChampionCache(open_registry(str(tmp_path / "models")), MORTGAGE, check_seconds=10, clock=clock)
    assert champions.scorer() is None
    _, first = example_leads.champion(tmp_path, MORTGAGE)
    assert champions.scorer() is None, "the pointer is not read at every request"
    clock.seconds = 10
    assert champions.scorer().version == first.version


def test_the_same_champion_is_not_loaded_again(tmp_path, clock):
    registry, _ = example_leads.champion(tmp_path, MORTGAGE)
    champions = ChampionCache(registry, MORTGAGE, check_seconds=10, clock=clock)
    first = champions.scorer()
    clock.seconds = 100
    assert champions.scorer() is first


def test_another_champion_takes_over(tmp_path, clock):
    registry, _ = example_leads.champion(tmp_path, MORTGAGE)
    champions = ChampionCache(registry, MORTGAGE, check_seconds=10, clock=clock)
    before = champions.scorer().version
    _, second = example_leads.champion(tmp_path, MORTGAGE, seed=4)
    clock.seconds = 10
    assert champions.scorer().version == second.version != before


def test_a_flipped_byte_is_noticed(tmp_path: Path, clock):
    registry, champion = example_leads.champion(tmp_path, MORTGAGE)
    file = tmp_path / "models" / champion.version / "model.ubj"
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    with pytest.raises(CorruptModel, match=r"model\.ubj"):
        ChampionCache(registry, MORTGAGE, clock=clock).scorer()


def test_after_a_damaged_champion_a_good_one_serves_at_once(tmp_path, clock):
    registry, champion = example_leads.champion(tmp_path, MORTGAGE)
    (tmp_path / "models" / champion.version / "encoder.json").write_text("{}")
    champions = ChampionCache(registry, MORTGAGE, check_seconds=10, clock=clock)
    with pytest.raises(CorruptModel):
        champions.scorer()
    _, good = example_leads.champion(tmp_path, MORTGAGE, seed=4)
    assert champions.scorer().version == good.version


def test_a_champion_of_other_features_is_refused_and_the_points_decide(tmp_path, clock):
    registry, _ = example_leads.champion(tmp_path, MORTGAGE)
    champions = ChampionCache(registry, load("b2b_swiss"), clock=clock)
    assert champions.scorer() is None
    assert "retrain" in str(champions.refused)


def test_without_rules_a_champion_of_other_features_is_an_error(tmp_path, clock):
    registry, _ = example_leads.champion(tmp_path, MORTGAGE)
    policy = structs.replace(load("b2b_swiss"), points=PointsModel())
    with pytest.raises(ContractMismatch, match="retrain"):
        ChampionCache(registry, policy, clock=clock).scorer()


def test_a_champion_of_the_right_features_ends_the_refusal(tmp_path, clock):
    policy = load("b2b_swiss")
    registry, _ = example_leads.champion(tmp_path, MORTGAGE)
    champions = ChampionCache(registry, policy, check_seconds=0, clock=clock)
    champions.scorer()
    _, right = example_leads.champion(tmp_path, policy, seed=4)
    assert champions.scorer().version == right.version
    assert champions.refused is None


def test_a_running_process_notices_that_the_champion_stood_down(tmp_path, clock):
    registry, champion = example_leads.champion(tmp_path, MORTGAGE)
    champions = ChampionCache(registry, MORTGAGE, check_seconds=0, clock=clock)
    assert champions.scorer().version == champion.version
    registry.stand_down(expected=champion, at=example_leads.NOW, reason="behind the points")
    assert champions.scorer() is None
    assert champions.problem is None
    registry.rollback(at=example_leads.NOW)
    assert champions.scorer().version == champion.version


def test_who_stood_down_is_no_longer_refused(tmp_path, clock):
    registry, champion = example_leads.champion(tmp_path, MORTGAGE)
    champions = ChampionCache(registry, load("b2b_swiss"), check_seconds=0, clock=clock)
    champions.scorer()
    assert champions.problem
    registry.stand_down(expected=champion, at=example_leads.NOW, reason="behind the points")
    assert champions.scorer() is None
    assert champions.problem is None


class Interrupted(FolderStore):
    """A folder that can be cut off, as a bucket can."""

    reachable = True

    def read(self, name: str) -> Blob | None:
        if not self.reachable:
            raise RegistryUnavailable("The bucket does not answer.")
        return super().read(name)


def test_while_the_registry_does_not_answer_the_champion_of_before_serves(tmp_path, clock, caplog):
    _, champion = example_leads.champion(tmp_path, MORTGAGE)
    store = Interrupted(tmp_path / "models")
    champions = ChampionCache(Registry(store), MORTGAGE, check_seconds=10, clock=clock)
    serving = champions.scorer()
    store.reachable, clock.seconds = False, 10
    assert champions.scorer() is serving
    assert champion.version in caplog.text
    store.reachable, clock.seconds = True, 20
    _, second = example_leads.champion(tmp_path, MORTGAGE, seed=4)
    assert champions.scorer().version == second.version


def test_a_process_that_never_saw_a_champion_says_that_the_registry_does_not_answer(tmp_path, clock):
    store = Interrupted(tmp_path / "models")
    store.reachable = False
    with pytest.raises(RegistryUnavailable):
        ChampionCache(Registry(store), MORTGAGE, clock=clock).scorer()
