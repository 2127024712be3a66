"""Steps of Tryton's opportunities from their versions, most of which our own writes made."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from leadwerk.crm.tryton_history import read_steps
from leadwerk.crm.tryton_rpc import Moment, written

START = datetime(2026, 1, 5, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)
# Number → moments and states of its versions; the scores of hour 2 were written together.
VERSIONS = {
    1: [(START, "lead"), (START + 2 * HOUR, "lead"), (START + 3 * HOUR, "lost"), (START + 5 * HOUR, "lead")],
    2: [(START + HOUR, "lead"), (START + 2 * HOUR, "lead"), (START + 4 * HOUR, "converted"), (START + 6 * HOUR, "won")],
}


class Versioned:
    """As much of Tryton as the history asks: revisions in no order, and records as of a moment."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def read(self, method: str, *parameters: Any, **context: Any) -> bytes:
        self.calls.append(method)
        (ids, *_) = parameters
        if method == "history_revisions":
            rows = [(written(moment), number, "admin") for number in ids for moment, _ in reversed(VERSIONS[number])]
            return msgspec.json.encode(rows)
        at = msgspec.convert(context["_datetime"], Moment).utc()
        states = {number: [state for moment, state in VERSIONS[number] if moment <= at][-1] for number in ids}
        return msgspec.json.encode([{"id": number, "state": state} for number, state in states.items()])


def steps_since(since: datetime | None, rpc: Versioned | None = None) -> dict[int, list[tuple[str, str | None, int]]]:
    steps = read_steps(rpc or Versioned(), [1, 2], since)  # type: ignore[arg-type]
    return {
        number: [(step.stage, step.kind, (step.reached_at - START) // HOUR) for step in of_record]
        for number, of_record in steps.items()
    }


def test_each_change_of_state_is_a_step_and_a_written_score_is_none() -> None:
    """A quotation is not won yet; the sale is."""
    assert steps_since(None) == {
        1: [("lead", "open", 0), ("lost", "lost", 3), ("lead", "open", 5)],
        2: [("lead", "open", 1), ("converted", "open", 4), ("won", "won", 6)],
    }


def test_of_what_was_read_already_only_the_last_version_is_looked_at() -> None:
    rpc = Versioned()
    assert steps_since(START + 4 * HOUR, rpc) == {
        1: [("lead", "open", 5)],
        2: [("converted", "open", 4), ("won", "won", 6)],
    }
    # Records that were written together share a call: hours 2 and 3 before, then 4, 5 and 6.
    assert rpc.calls == ["history_revisions", *["read"] * 5]


def test_nobody_is_asked_about_nothing() -> None:
    rpc = Versioned()
    assert read_steps(rpc, [], None) == {}  # type: ignore[arg-type]
    assert rpc.calls == []
