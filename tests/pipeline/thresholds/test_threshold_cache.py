"""Thresholds are read once in a while, and not for each request."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from leadwerk.pipeline.thresholds import threshold_cache as kept_thresholds
from leadwerk.pipeline.thresholds.threshold_cache import CHECK_SECONDS, ThresholdCache
from leadwerk.policy.load import load
from leadwerk.scoring.seller_pools import HotThresholds

NOW = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
MORTGAGE = load("mortgage")


def test_they_are_read_again_only_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    reads: list[datetime] = []
    clock = [0.0]

    def read(_: object, policy: object, now: datetime) -> HotThresholds:
        reads.append(now)
        return HotThresholds(MORTGAGE, {("points", ""): 40 + len(reads)})

    monkeypatch.setattr(kept_thresholds, "hot_thresholds", read)
    cache = ThresholdCache(None, MORTGAGE, clock=lambda: clock[0])  # type: ignore[arg-type]
    first = cache.at(NOW)
    clock[0] = CHECK_SECONDS - 1
    assert cache.at(NOW) is first
    clock[0] = CHECK_SECONDS
    assert cache.at(NOW).decided == {("points", ""): 42}
    assert len(reads) == 2
