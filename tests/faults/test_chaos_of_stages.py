"""The chaos benchmark's seeds: killed anywhere, each stage and the CRM end as they do in calm."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.chaos import TABLES, Ending, differences, play, play_seeds, template_home

SEEDS = 10  # 200 before a release: `python -m benchmarks.chaos`


@pytest.mark.slow
def test_chaos_ends_as_calm_does() -> None:
    failures, kills = play_seeds(range(SEEDS))
    assert failures == {}
    assert kills >= SEEDS


@pytest.mark.slow
def test_a_play_is_about_scores_cases_and_events(tmp_path: Path) -> None:
    """Equal endings prove nothing where nothing happened."""
    ending, kills = play(template_home(tmp_path / "template"), tmp_path / "calm", 5, in_chaos=False)
    assert kills == 0
    assert all(ending.tables.values())
    assert len(ending.events) > 3
    assert None not in ending.scores.values()


def test_endings_that_differ_are_named() -> None:
    calm = Ending({"1": 50}, dict.fromkeys(TABLES, ("a",)), frozenset("e"))
    assert differences(calm, calm) == []
    chaos = replace(calm, scores={"1": 49}, tables={**calm.tables, "outcomes": ("a", "a")}, events=frozenset())
    assert differences(calm, chaos) == ["scores", "outcomes", "events"]
