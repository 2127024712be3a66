"""Leases: one process at a time, also after one was killed; two deliveries at once send each score once."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from leadwerk.cli.application import run as command
from leadwerk.crm.port import LeadUpdate
from leadwerk.errors import RunInProgress
from leadwerk.pipeline import deliver
from leadwerk.pipeline.lease import leased
from leadwerk.policy import load
from leadwerk.warehouse.duckdb import DuckDBWarehouse
from support.numbered_scores import NOW, score
from support.one_by_one import OneByOne

PROCESSES = multiprocessing.get_context("forkserver")


def test_a_second_run_is_refused_with_what_to_do_and_a_third_goes_ahead(tmp_path: Path) -> None:
    with leased(tmp_path, "deliver"):
        with pytest.raises(RunInProgress, match="Wait until it is done") as refused, leased(tmp_path, "deliver"):
            pass
        assert refused.value.retryable
        with leased(tmp_path, "workflows"):
            pass
    with leased(tmp_path, "deliver"):
        pass


def test_an_error_within_gives_the_lease_back(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="broken"), leased(tmp_path, "deliver"):
        raise ValueError("broken")
    with leased(tmp_path, "deliver"):
        pass


def _hold(folder: Path) -> None:
    with leased(folder, "deliver"):
        (folder / "held").touch()
        time.sleep(60)


@pytest.mark.slow
def test_the_lease_of_a_killed_process_ends_with_it(tmp_path: Path) -> None:
    process = PROCESSES.Process(target=_hold, args=(tmp_path,))
    process.start()
    while not (tmp_path / "held").exists():
        assert process.is_alive()
        time.sleep(0.02)
    with pytest.raises(RunInProgress), leased(tmp_path, "deliver"):
        pass
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    with leased(tmp_path, "deliver"):
        pass


class WithoutKeys(OneByOne):
    """A CRM that takes a repeat for a second score, slowly."""

    def __init__(self) -> None:
        self.received: list[str] = []
        self.began = threading.Event()

    def patch_lead(self, update: LeadUpdate) -> None:
        self.began.set()
        time.sleep(0.02)
        self.received.append(update.score_id)


def test_two_deliveries_at_once_send_each_score_once(tmp_path: Path) -> None:
    warehouse, crm, refused = DuckDBWarehouse(tmp_path), WithoutKeys(), Counter[str]()
    warehouse.append("scores", [score(f"L{number}", 1) for number in range(25)])

    def run() -> None:
        try:
            with leased(tmp_path / "leases", "deliver"):
                deliver.run(warehouse, load("mortgage"), crm, now=NOW)
        except RunInProgress:
            refused["runs"] += 1

    first = threading.Thread(target=run)
    first.start()
    assert crm.began.wait(10)
    run()
    first.join()
    run()
    assert refused == {"runs": 1}
    assert sorted(crm.received) == sorted(f"L{number}-1" for number in range(25))


def test_the_command_says_that_another_one_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LEADWERK_HOME", str(tmp_path))
    monkeypatch.setenv("LEADWERK_CRM_TOKEN", "t")
    with leased(tmp_path / "leases", "deliver"):
        assert command(["deliver"]) == 2
    assert "Another process is at `deliver`" in capsys.readouterr().err
