"""A clock that goes back: what was stored stays in force, and what comes when the clock is right again counts."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from leadwerk.errors import AlreadyPicked
from leadwerk.pipeline.audit.seal import seal, verify
from leadwerk.pipeline.desk.picks import Picks
from leadwerk.policy.load import load
from leadwerk.registry import FolderStore
from support import example_leads
from support.example_leads import NOW

BACK = timedelta(hours=5)
SECRET = "s3cret"


@pytest.fixture
def picks(tmp_path: Path) -> Picks:
    return Picks(example_leads.warehouse(tmp_path), load("mortgage"), FolderStore(tmp_path / "picks"))


def test_a_pick_holds_although_the_clock_goes_back(picks: Picks) -> None:
    picks.pick("1", "anna", NOW)
    with pytest.raises(AlreadyPicked):
        picks.pick("1", "beat", NOW - BACK)
    with pytest.raises(AlreadyPicked):
        picks.release("1", "beat", NOW - BACK)
    picks.release("1", "anna", NOW - BACK)
    assert picks.pick("1", "beat", NOW - BACK).seller == "beat"
    assert picks.pick("1", "beat", NOW).seller == "beat"


def test_the_trail_stays_whole_although_the_clock_goes_back(picks: Picks) -> None:
    picks.pick("1", "anna", NOW)
    policy = picks.policy
    sealed = seal(picks.warehouse, SECRET, NOW + BACK)
    assert sealed >= 1
    seal(picks.warehouse, SECRET, NOW)
    assert list(verify(picks.warehouse, policy, SECRET, NOW + BACK)) == []
    picks.release("1", "anna", NOW + 2 * BACK)
    assert seal(picks.warehouse, SECRET, NOW + 3 * BACK) >= 1
    assert list(verify(picks.warehouse, policy, SECRET, NOW + 3 * BACK)) == []
