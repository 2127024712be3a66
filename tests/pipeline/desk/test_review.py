"""The review of a month: which first scores were wrong, and whether the order helped."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from leadwerk.errors import InputError
from leadwerk.pipeline.desk.review import Month, Review, ReviewedLead, read_review
from leadwerk.report.wording import Wording
from leadwerk.web.pages.review import answer
from support.selling import DAY, HOUR, NOW, POLICY, lead, outcome, score, warehouse

MAY = Month.of("2026-05", POLICY, NOW)
WON = POLICY.positive[0]


def verdict(lead_id: str, opinion: str, at: datetime = NOW) -> dict[str, Any]:
    row = {"event_id": f"v:{lead_id}", "lead_id": lead_id, "day": at.date(), "given_at": at, "seller": "anna"}
    return row | {"reached": True, "verdict": opinion, "reason": "no_budget", "note": None, "score_id": None}


def test_errors_both_ways_are_those_of_the_first_score(tmp_path: Path) -> None:
    april = NOW - 20 * DAY
    names = {
        "hot won": "HOT",
        "hot lost": "HOT",
        "hot bad": "HOT",
        "cold won": "COLD",
        "cold lost": "COLD",
        "out won": "DISQUALIFIED",
        "out lost": "DISQUALIFIED",
    }
    later = [score("cold won", NOW - HOUR, score_cluster="HOT"), score("hot lost", NOW - HOUR, score_cluster="COLD")]
    filled = warehouse(
        tmp_path,
        leads=[lead(name) for name in (*names, "old")],
        scores=[*(score(name, april, score_cluster=cluster) for name, cluster in names.items()), *later,
                score("old", april, score_cluster="HOT")],
        outcomes=[outcome("hot won", NOW, "signed", WON), outcome("cold won", NOW, "signed", WON),
                  outcome("hot lost", NOW, "closedlost", "lost"), outcome("cold lost", NOW, "closedlost", "lost"),
                  outcome("old", april, "closedlost", "lost"), outcome("out won", NOW, "signed", WON),
                  outcome("out lost", NOW, "closedlost", "lost")],
        verdicts=[verdict("hot bad", "bad"), verdict("cold lost", "good")],
    )  # fmt: skip
    review = read_review(filled, POLICY, MAY, NOW + HOUR)
    assert {row.lead_id for row in review.false_positives} == {"hot lost", "hot bad"}
    assert [row.lead_id for row in review.false_negatives] == ["cold won", "out won"]
    assert review.ended(is_hot=True) == (2, 1)
    assert review.ended(is_hot=False) == (2, 1)
    assert review.lost_statuses == [("closedlost", 3)]
    assert sorted(review.verdicts) == [(("bad", "no_budget"), 1), (("good", "no_budget"), 1)]


def test_a_month_is_one_of_the_policys_clock() -> None:
    assert MAY.since == datetime(2026, 4, 30, 22, tzinfo=UTC)
    assert MAY.until == datetime(2026, 5, 31, 22, tzinfo=UTC)
    assert Month.of(None, POLICY, NOW).name == "2026-04"
    assert Month.of("2025-12", POLICY, NOW).until == datetime(2025, 12, 31, 23, tzinfo=UTC)
    with pytest.raises(InputError, match="is no month"):
        Month.of("2026-13", POLICY, NOW)


def reviewed(cluster: str, count: int, won: int) -> list[ReviewedLead]:
    nothing = dict.fromkeys(("points", "decided_by", "seller", "verdict", "reason", "note"))
    return [
        ReviewedLead(
            lead_id=f"{cluster}{at}", score_id="s", day=NOW.date(), basis="model", score_cluster=cluster,
            predictive_score=50, is_withheld=False, status="x",
            outcome=WON if at < won else "lost", ended_at=NOW, **nothing,
        )
        for at in range(count)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("hot", "cold", "beginning"),
    [
        ((60, 30), (200, 20), "Yes: of 60 leads that were HOT at first 50.0% were won, of 200 others 10.0%."),
        ((60, 3), (200, 100), "No: of 60 leads that were HOT at first 5.0%"),
        ((30, 5), (60, 8), "It may be chance: of 30 leads"),
        ((5, 5), (60, 8), "Too few leads ended in this month to say (65)."),
    ],
)
def test_the_answer_follows_from_the_figures(hot: tuple[int, int], cold: tuple[int, int], beginning: str) -> None:
    review = Review(MAY, [*reviewed("HOT", *hot), *reviewed("COLD", *cold)], frozenset(POLICY.positive))
    assert answer(Wording(POLICY, "en", NOW), review).startswith(beginning)
