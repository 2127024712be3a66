"""Changes of stage: only real ones, forward and back, and why."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import msgspec
import pytest

from leadwerk.policy.load import load
from leadwerk.policy.selling import Stage
from leadwerk.scoring.stage_change import StageInputs, stage_change
from leadwerk.warehouse import schema
from leadwerk.warehouse.json_rows import json_rows

MORTGAGE = load("mortgage")
AT = datetime(2026, 5, 4, 23, 30, tzinfo=UTC)
NOBODY = StageInputs(stage="known", cluster="COLD", grade="D", points=-2.5, interest=0.0, status=None, outcome=None)


def change(before: str | None, **inputs: object):
    return stage_change("1", before, replace(NOBODY, **inputs), MORTGAGE, at=AT, score_id="s")


def test_a_change_is_a_row_of_its_table():
    change_row = change("mql", stage="sql", cluster="HOT")
    assert json_rows(schema.table("stage_changes"), [msgspec.structs.asdict(change_row)])
    assert msgspec.structs.asdict(change_row) == {
        "lead_id": "1", "day": AT.date(), "changed_at": AT, "from_stage": "mql", "to_stage": "sql",
        "direction": "forward", "reason": "cluster=HOT", "score_id": "s",
    }  # fmt: skip


def test_the_same_stage_is_no_change_and_neither_is_none_at_all():
    assert change("known") is None
    assert change("known", stage=None) is None


def test_the_first_stage_is_a_change_from_nothing():
    change_row = change(None)
    assert (change_row.from_stage, change_row.to_stage, change_row.direction, change_row.reason) == (
        None, "known", "forward", "known=true",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("before", "after", "facts", "direction", "reason"),
    [
        ("sql", "mql", {"cluster": "WARM"}, "back", "cluster=WARM"),
        ("sql", "known", {"cluster": "COLD"}, "back", "cluster=COLD"),
        ("mql", "application", {"cluster": "WARM", "status": "Prüfung"}, "forward", "status=Prüfung, cluster=WARM"),
        ("application", "customer", {"status": "Ausbezahlt", "outcome": "paid_out"}, "forward",
         "status=Ausbezahlt, outcome=paid_out"),
        ("of_last_year", "mql", {"cluster": "WARM"}, "forward", "cluster=WARM"),
    ],
)  # fmt: skip
def test_the_reason_is_what_both_stages_ask_for_as_it_is_now(before, after, facts, direction, reason):
    change_row = change(before, stage=after, **facts)
    assert (change_row.direction, change_row.reason) == (direction, reason)


def test_points_in_a_reason_are_as_people_write_them():
    ready = msgspec.structs.replace(MORTGAGE, stages=(Stage(name="new"), Stage(name="ready", points=50, grade="B")))
    inputs = replace(NOBODY, stage="ready", points=62.5, grade="B")
    change_row = stage_change("1", "new", inputs, ready, at=AT, score_id=None)
    assert change_row.reason == "grade=B, points=62.5"
