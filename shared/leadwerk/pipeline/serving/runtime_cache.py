"""Runtime cache: settings, policy, warehouse and the champion's scorer, kept between the requests of a process.

Policy and settings are checked again after POLICY_SECONDS: a published policy and a new version of a mounted secret are
in use everywhere within that time, a promoted model within `champion_cache.CHECK_SECONDS`.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from leadwerk import settings
from leadwerk.errors import LeadwerkError
from leadwerk.pipeline import wiring
from leadwerk.pipeline.serving.champion_cache import ChampionCache
from leadwerk.pipeline.serving.scoring_run import ScoringRun
from leadwerk.pipeline.thresholds.threshold_cache import ThresholdCache

if TYPE_CHECKING:
    from leadwerk.policy.model import Policy
    from leadwerk.scoring.seller_pools import HotThresholds
    from leadwerk.warehouse.protocol import Warehouse

logger = logging.getLogger("leadwerk")

POLICY_SECONDS = 60.0
"""Longest delay until a running process notices a published policy or a new secret."""


@dataclass(frozen=True)
class Runtime:
    """Objects that serve requests. Built at the first request: wrong settings give an answer, not a failed start."""

    settings: settings.Settings
    policy: Policy
    warehouse: Warehouse
    champions: ChampionCache
    thresholds: ThresholdCache

    def hot(self) -> HotThresholds:
        """The HOT thresholds of today."""
        return self.thresholds.at(datetime.now(UTC))

    def scoring_run(self, *, now: datetime, stored_at: datetime, store: bool) -> ScoringRun:
        """A run of the stage `score` with the present champion and stage model; raises as `champions.scorer` does."""
        # The scorer first: with it the stage model is renewed.
        scorer = self.champions.scorer()
        return ScoringRun(
            self.warehouse,
            self.policy,
            scorer,
            now=now,
            stored_at=stored_at,
            person_key=self.person_key,
            store=store,
            stage_model=self.champions.stage_model,
        )

    @property
    def person_key(self) -> str:
        """The secret that keys the hashes of persons."""
        return wiring.person_key(self.settings)


class RuntimeCache:
    """The runtime in use. Thread-safe; `clock` gives monotonic seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._runtime: Runtime | None = None
        self._looked_at = float("-inf")

    def runtime(self) -> Runtime:
        """The present runtime: the same objects until a new policy is in force."""
        # One thread looks while the others wait: without the lock each of them would load the new policy and its model.
        with self._lock:
            if self._runtime is None or self._clock() - self._looked_at >= POLICY_SECONDS:
                self._runtime = _new_runtime() if self._runtime is None else _renewed(self._runtime)
                # After the look, not before: a slow bucket would else be asked again by the very next request.
                self._looked_at = self._clock()
            return self._runtime


def _new_runtime() -> Runtime:
    config = settings.read()
    return _runtime_for(config, wiring.policy(config))


def _runtime_for(config: settings.Settings, policy: Policy) -> Runtime:
    warehouse = wiring.warehouse(config)
    warehouse.stay_open(for_few_rows=True)
    champions, thresholds = ChampionCache(wiring.registry(config), policy), ThresholdCache(warehouse, policy)
    return Runtime(config, policy, warehouse, champions, thresholds)


def _renewed(present: Runtime) -> Runtime:
    """The present runtime, or a new one if another policy is in force (its contract is checked against the champion).

    A policy that is invalid or unreadable is logged, and the present one stays in use.
    """
    present = _with_settings_of_now(present)
    try:
        policy = wiring.policy(present.settings)
    except LeadwerkError as error:
        logger.error("The new policy is not in use: %s", error, extra={"fields": {"event": "policy_not_taken_over"}})
        return present
    # Compared by version, the hash of the content: a file that was saved without a change costs no caches.
    return present if policy.version == present.policy.version else _runtime_for(present.settings, policy)


def _with_settings_of_now(present: Runtime) -> Runtime:
    """The runtime with fresh settings: a mounted secret may change, and a first publication creates a policy file."""
    try:
        current = settings.read()
    except LeadwerkError as error:
        logger.error(
            "The new settings are not in use: %s", error, extra={"fields": {"event": "settings_not_taken_over"}}
        )
        return present
    return present if current == present.settings else replace(present, settings=current)


_cache = RuntimeCache()


def current_runtime() -> Runtime:
    """The runtime of this process."""
    return _cache.runtime()
