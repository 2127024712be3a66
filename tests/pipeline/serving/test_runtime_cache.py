"""A running process takes a published policy and a new secret over within the time that is promised.

It never stops for a policy or a secret that cannot be read.
"""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from leadwerk.pipeline.serving.runtime_cache import POLICY_SECONDS, RuntimeCache
from leadwerk.policy.load import load, shipped_text

SHIPPED = load("mortgage").version


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: Clock) -> RuntimeCache:
    monkeypatch.delenv("LEADWERK_POLICY", raising=False)
    monkeypatch.delenv("LEADWERK_REGISTRY", raising=False)
    monkeypatch.setenv("LEADWERK_HOME", str(tmp_path))
    return RuntimeCache(clock)


def publish(home: Path, hot: int) -> str:
    file = home / "policy.yaml"
    file.write_text(shipped_text("mortgage").replace("{hot: 70,", f"{{hot: {hot},"), encoding="utf-8")
    return load(file).version


def test_the_same_objects_serve_until_it_is_time_to_look(cache: RuntimeCache, clock: Clock, tmp_path: Path) -> None:
    first = cache.runtime()
    publish(tmp_path, 72)
    clock.now = POLICY_SECONDS - 1
    assert cache.runtime() is first
    assert first.policy.version == SHIPPED


def test_a_published_policy_serves_within_the_time_promised(cache: RuntimeCache, clock: Clock, tmp_path: Path) -> None:
    first = cache.runtime()
    version = publish(tmp_path, 72)
    clock.now = POLICY_SECONDS
    second = cache.runtime()
    assert second.policy.version == version
    assert second.warehouse is first.warehouse
    assert second.champions is not first.champions  # its contract is held against the new policy


def test_an_unchanged_policy_keeps_the_champion_loaded(cache: RuntimeCache, clock: Clock, tmp_path: Path) -> None:
    publish(tmp_path, 72)
    first = cache.runtime()
    clock.now = 10 * POLICY_SECONDS
    assert cache.runtime() is first


def test_a_policy_that_is_wrong_is_said_and_the_former_one_serves_on(
    cache: RuntimeCache, clock: Clock, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    first = cache.runtime()
    (tmp_path / "policy.yaml").write_text("name: [broken", encoding="utf-8")
    clock.now = POLICY_SECONDS
    with caplog.at_level(logging.ERROR, logger="leadwerk"):
        assert cache.runtime().policy is first.policy
    assert "new policy is not in use" in caplog.text
    version = publish(tmp_path, 73)
    clock.now = 2 * POLICY_SECONDS
    assert cache.runtime().policy.version == version


@pytest.fixture
def secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folder with the secrets as a container sees them that mounts them."""
    folder = tmp_path / "secrets"
    folder.mkdir()
    for name in ("CRM_TOKEN", "PERSON_KEY"):
        monkeypatch.delenv(f"LEADWERK_{name}", raising=False)
        monkeypatch.setenv(f"LEADWERK_{name}_FILE", str(folder / name))
        (folder / name).write_text("first")
    return folder


def test_a_running_process_sees_the_new_version_of_a_secret(cache: RuntimeCache, clock: Clock, secrets: Path) -> None:
    first = cache.runtime()
    (secrets / "PERSON_KEY").write_text("second")
    (secrets / "CRM_TOKEN").write_text("renewed")
    clock.now = POLICY_SECONDS
    second = cache.runtime()
    assert (first.person_key, second.person_key, second.settings.crm_token) == ("first", "second", "renewed")
    assert second.champions is first.champions  # a secret is no reason to load the model again


def test_a_secret_that_cannot_be_read_is_logged_and_the_former_one_serves_on(
    cache: RuntimeCache, clock: Clock, secrets: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    cache.runtime()
    (secrets / "PERSON_KEY").unlink()
    version = publish(tmp_path, 72)
    clock.now = POLICY_SECONDS
    with caplog.at_level(logging.ERROR, logger="leadwerk"):
        assert cache.runtime().person_key == "first"
    assert "LEADWERK_PERSON_KEY_FILE" in caplog.text
    assert cache.runtime().policy.version == SHIPPED  # on a laptop the settings name the policy, too
    (secrets / "PERSON_KEY").write_text("second")
    clock.now = 2 * POLICY_SECONDS
    assert (cache.runtime().person_key, cache.runtime().policy.version) == ("second", version)
