"""docs/points.md: its rules are loaded, its ledger is the one that comes, its error too."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from leadwerk import policy
from leadwerk.errors import PolicyError
from leadwerk.points.classification import rate_leads
from leadwerk.points.engine import compute_points
from leadwerk.points.entry import Entry
from support.lead_history import NOON, facts_at, lead

DOCS = Path(__file__).parents[2] / "docs"
POINTS = (DOCS / "points.md").read_text("utf-8")
RULES, STAGES = re.findall(r"```yaml\n(.*?)```", POINTS, re.DOTALL)
(GARDEN_CENTRE,) = re.findall(r"```yaml\n(.*?)```", (DOCS / "policy.md").read_text("utf-8"), re.DOTALL)
EXAMPLE = f"{GARDEN_CENTRE}\n{RULES}\n{STAGES}"
B2B = policy.load("b2b_swiss")
DAYS = {"2026-01-09": 60, "2026-02-04": 34, "2026-02-05": 33}
STORY = (
    lead(job_title="CEO", industry="Software", employees=60)
    .did("webinar", 60.1)
    .did("pricing_page", 34.1)
    .did("pricing_page", 33.1, times=2)
)


def test_the_example_completes_the_smallest_useful_policy(tmp_path: Path) -> None:
    mine = tmp_path / "policy.yaml"
    mine.write_text(EXAMPLE, "utf-8")
    assert policy.errors(mine) == []
    assert len(policy.load(mine).points.rules) == 7


def written(entry: Entry) -> str:
    """An entry as a row of the table."""
    points = f"{entry.points:+.2f}".replace("-", "−")
    if entry.kind == "weight":
        cells = ["", entry.group, entry.score, f"weight: {entry.base} %", "", "", "", points]
    else:
        events = str(entry.events or "")
        factor = f"{entry.factor:.3g}"
        cells = [f"`{entry.rule}`", entry.group, entry.score, entry.subject, events, str(entry.base), factor, points]
    return "|" + "|".join(f" {cell} " if cell else " " for cell in cells) + "|"


def test_the_ledger_it_shows_is_the_one_that_comes() -> None:
    facts = facts_at(B2B, [STORY])
    totals = compute_points(B2B, facts)
    assert totals.ledger is not None
    rows = [written(entry) for entry in totals.ledger.entries(0)]
    table = POINTS[POINTS.index("|---|---|---|---|---|---|---|---|\n") :].split("\n\n")[0].splitlines()[1:]
    assert table == rows
    rating = rate_leads(B2B, facts, totals)[0]
    assert f"Fit {rating.fit:g}, interest {rating.interest:g}, together {rating.points:g} points: HOT" in POINTS
    assert rating.points >= B2B.points.bands.hot
    assert f"The lead above is a {rating.matrix_cell}" in POINTS


def test_the_days_it_tells_are_those_of_the_ledger() -> None:
    assert {day: (NOON.date() - NOON.date().fromisoformat(day)).days for day in DAYS} == DAYS


def test_the_error_it_shows_is_the_one_that_comes() -> None:
    (documented_error,) = re.findall(r"    (policy\.yaml:\d+: points\.rules.*)", POINTS)
    with pytest.raises(PolicyError) as caught:
        policy.parse(EXAMPLE.replace("signal: price_list,", "signal: price_lst,"), "policy.yaml")
    assert str(caught.value) == documented_error
