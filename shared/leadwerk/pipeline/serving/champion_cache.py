"""Champion cache: keeps the champion's scorer in the process and renews it when another model is promoted."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from leadwerk.errors import ContractMismatch, RegistryUnavailable
from leadwerk.pipeline.serving.newest_stage_model import newest_stage_model
from leadwerk.scoring.model import Scorer

if TYPE_CHECKING:
    from leadwerk.features.stage_model import StageModel
    from leadwerk.policy.model import Policy
    from leadwerk.registry import Registry

logger = logging.getLogger("leadwerk")

CHECK_SECONDS = 15.0
"""Longest delay until a running process notices a promotion; each check reads one small object."""


class ChampionCache:
    """The scorer in use. Thread-safe.

    A published policy may have features that the champion was not trained on. If the policy has rules, the points then
    decide until the next retraining and `refused` has the cause; without rules the error is raised. `stage_model` is
    renewed with the scorer.

    Args:
        threads: of one prediction, as in `Booster`.
        clock: seconds that only go forward.
    """

    def __init__(
        self,
        registry: Registry,
        policy: Policy,
        *,
        threads: int = 1,
        check_seconds: float = CHECK_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._registry, self._policy, self._threads = registry, policy, threads
        self._check_seconds, self._clock = check_seconds, clock
        self._lock = threading.Lock()
        self._checked_at = float("-inf")
        self._scorer: Scorer | None = None
        self.refused: ContractMismatch | None = None
        self.stage_model: StageModel | None = None

    def scorer(self) -> Scorer | None:
        """The champion's scorer; None before the first promotion, and where the champion is `refused`.

        Raises:
            CorruptModel: a file of the champion is not what was saved.
            RegistryUnavailable: the registry does not answer, and nobody served until now.
            ContractMismatch: the champion was trained on other features than the policy yields, which has no rules.
        """
        # Predictions wait here while a model is loaded: two threads that load it at once would need its memory twice.
        with self._lock:
            if self._clock() - self._checked_at >= self._check_seconds:
                self._scorer = self._renewed()
                self._checked_at = self._clock()
            return self._scorer

    @property
    def problem(self) -> str | None:
        """Why the champion is not in use, with the remedy; None if it is."""
        return str(self.refused) if self.refused else None

    def _renewed(self) -> Scorer | None:
        """The present champion's scorer; if the registry does not answer, the last one."""
        try:
            return self._current()
        except RegistryUnavailable as error:
            # Nothing has served yet: to answer without a score would be stored as if there were no champion.
            if self._scorer is None:
                raise
            logger.warning(
                "%s goes on: %s", self._scorer.version, error, extra={"fields": {"event": "registry_unavailable"}}
            )
            return self._scorer

    def _current(self) -> Scorer | None:
        self.stage_model = newest_stage_model(self._registry)
        champion = self._registry.champion()
        if champion is None:
            self.refused = None  # the champion was demoted
            return None
        if self._scorer is not None and self._scorer.version == champion.version:
            return self._scorer
        try:
            scorer = Scorer.load(self._registry.load(champion.version), self._policy, threads=self._threads)
        except ContractMismatch as error:
            # Without rules nothing is left that could decide.
            if not self._policy.points.rules:
                raise
            logger.error("The points decide: %s", error, extra={"fields": {"event": "champion_refused"}})
            self.refused = error
            return None
        self.refused = None
        return scorer
