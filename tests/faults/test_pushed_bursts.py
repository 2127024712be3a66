"""Bursts of pushed events while the consumer is killed at random: each event is applied once.

50,000 events: python -m benchmarks bursts
"""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.bursts import play
from benchmarks.pubsub_emulator import emulator_jar

EVENTS = 2000


@pytest.mark.slow
@pytest.mark.parametrize("pushed_by", ["own driver", "emulator"])
def test_killed_consumers_apply_each_event_once(tmp_path: Path, pushed_by: str) -> None:
    jar = emulator_jar() if pushed_by == "emulator" else None
    if pushed_by == "emulator" and jar is None:
        pytest.skip("Google's Pub/Sub emulator is not installed (apt: google-cloud-cli-pubsub-emulator)")
    result = play(tmp_path, EVENTS, jar=jar)
    assert (result.rows, result.events) == (EVENTS, EVENTS)
    assert result.pushed_by == pushed_by
    assert result.kills >= 4
