"""Requests at once are scored together, and each gets what it gets alone."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from leadwerk.errors import WarehouseBusy
from leadwerk.pipeline import score
from leadwerk.pipeline.score import ScoringRun
from leadwerk.pipeline.serving import shared_scoring
from leadwerk.pipeline.serving.messages import ScoreReport, ScoreRequest
from leadwerk.pipeline.serving.shared_scoring import SharedScoring
from leadwerk.policy.load import load
from support import example_leads
from support.example_leads import NOW

MORTGAGE = load("mortgage")
REQUESTS = [
    ScoreRequest(lead_id="1"),
    ScoreRequest(lead_id="nobody"),
    ScoreRequest(ga_client_id="V4"),
    ScoreRequest(lead_id="77", form={"loan_amount": 450_000, "web_consent": True}),
    ScoreRequest(lead_id="77", form={"loan_amount": 1}),
    ScoreRequest(lead_id="3"),
]


@pytest.fixture
def context(tmp_path: Path) -> ScoringRun:
    warehouse = example_leads.warehouse(tmp_path)
    return ScoringRun(warehouse, MORTGAGE, None, now=NOW, stored_at=NOW, person_key="k", store=False)


class SlowStage:
    """The stage, whose first run lasts until all other requests wait; it notes how many requests each run has."""

    def __init__(self, failing: Exception | None = None) -> None:
        self.sizes: list[int] = []
        self.all_wait = threading.Event()
        self.failing = failing

    def __call__(self, context: ScoringRun, requests: Sequence[ScoreRequest]) -> ScoreReport:
        self.sizes.append(len(requests))
        if len(self.sizes) == 1:
            self.all_wait.wait(10)
        if self.failing and len(requests) > 1:
            raise self.failing
        return score.run(context, requests)


def at_once(shared: SharedScoring, stage: SlowStage, contexts: Sequence[ScoringRun]) -> list[ScoreReport]:
    with ThreadPoolExecutor(len(REQUESTS)) as threads:
        answers = [threads.submit(shared.score, contexts[0], REQUESTS[0])]
        while not stage.sizes:
            time.sleep(0.001)
        answers += [threads.submit(shared.score, *pair) for pair in zip(contexts[1:], REQUESTS[1:], strict=True)]
        while len(shared._queue) < len(REQUESTS) - 1:
            time.sleep(0.001)
        stage.all_wait.set()
        return [answer.result(30) for answer in answers]


def replies(report: ScoreReport) -> tuple[list[object], list[str]]:
    return [msgspec.structs.replace(s, scored_at=NOW) for s in report.scores], [str(r.error) for r in report.refusals]


@pytest.mark.slow
def test_each_gets_what_it_gets_alone_from_few_runs(context: ScoringRun) -> None:
    stage = SlowStage()
    reports = at_once(SharedScoring(stage), stage, [context] * len(REQUESTS))
    assert [replies(report) for report in reports] == [replies(score.run(context, [request])) for request in REQUESTS]
    # The first alone, then all that waited but the second form of lead 77, which comes last.
    assert stage.sizes == [1, 4, 1]


@pytest.mark.slow
def test_after_several_at_once_the_next_run_waits_for_all(context: ScoringRun, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of three callers one asks twice: its second request joins the two that wait, though it comes after them."""
    monkeypatch.setattr(shared_scoring, "PATIENCE", 10_000)
    stage = SlowStage()
    shared = SharedScoring(stage)
    waits: list[float | None] = []
    wait_for = shared._arrived.wait_for

    def noted(arrived: Callable[[], bool], timeout: float | None) -> bool:
        waits.append(timeout)
        return wait_for(arrived, timeout)

    monkeypatch.setattr(shared._arrived, "wait_for", noted)

    def ask_twice() -> None:
        shared.score(context, ScoreRequest(lead_id="1"))
        # Until the next leader waits, or has begun without waiting.
        while len(waits) < 2 and len(stage.sizes) < 2:
            time.sleep(0.001)
        shared.score(context, ScoreRequest(lead_id="3"))

    with ThreadPoolExecutor(3) as threads:
        answers: list[Future[Any]] = [threads.submit(ask_twice)]
        while not stage.sizes:
            time.sleep(0.001)
        answers += [threads.submit(shared.score, context, ScoreRequest(lead_id=lead_id)) for lead_id in ("2", "9")]
        while len(shared._queue) < 2:
            time.sleep(0.001)
        stage.all_wait.set()
        for answer in answers:
            answer.result(30)
    assert stage.sizes == [1, 3]


@pytest.mark.slow
def test_what_fails_together_is_scored_one_by_one(context: ScoringRun) -> None:
    stage = SlowStage(failing=ZeroDivisionError("of one"))
    reports = at_once(SharedScoring(stage), stage, [context] * len(REQUESTS))
    assert [replies(report) for report in reports] == [replies(score.run(context, [request])) for request in REQUESTS]


def test_a_warehouse_that_is_busy_is_so_for_all_that_asked(context: ScoringRun) -> None:
    def busy(*_: object) -> ScoreReport:
        raise WarehouseBusy("taken")

    shared = SharedScoring(busy)
    for _ in range(2):
        with pytest.raises(WarehouseBusy):
            shared.score(context, REQUESTS[0])


def test_who_is_scored_with_later_ones_is_scored_as_of_their_moment(context: ScoringRun) -> None:
    stage = SlowStage()
    contexts = [replace(context, now=NOW + timedelta(seconds=n)) for n in range(len(REQUESTS))]
    reports = at_once(SharedScoring(stage), stage, contexts)
    assert reports[0].scored_at == NOW
    assert max(report.scored_at for report in reports) == NOW + timedelta(seconds=len(REQUESTS) - 1)


def test_a_failure_of_the_machine_leaves_nobody_waiting(context: ScoringRun) -> None:
    stage = SlowStage(failing=OSError("no space left on device"))
    shared = SharedScoring(stage)
    with pytest.raises((OSError, WarehouseBusy)):
        at_once(shared, stage, [context] * len(REQUESTS))
    assert shared.score(context, REQUESTS[0]).scores, "the next request is scored as if nothing had been"
