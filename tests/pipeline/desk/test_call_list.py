"""The list sellers choose from: order, filters, pages, and who holds what."""

from __future__ import annotations

import random
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from leadwerk.errors import InputError
from leadwerk.pipeline.desk import call_list, page_cursor
from leadwerk.pipeline.desk.call_list import LeadFilter, LeadListItem, LeadPage
from leadwerk.pipeline.desk.page_cursor import PageRequest
from leadwerk.pipeline.desk.picks import Picks
from leadwerk.policy.model import Policy
from leadwerk.registry import FolderStore
from leadwerk.warehouse.duckdb import DuckDBWarehouse
from support.selling import BORN, DAY, HOUR, NOW, POLICY, lead, outcome, score, warehouse

LEADS = ("big", "mid", "small", "unsized", "french", "hot", "gone", "won", "old", "silent")


@pytest.fixture(scope="module")
def valued(tmp_path_factory: pytest.TempPathFactory) -> DuckDBWarehouse:
    """Chances and amounts that rank differently; `silent` states no amount, `pointed` has no chance."""
    amounts = {"likely": 200_000.0, "large": 900_000.0, "small": 100_000.0, "silent": None, "pointed": 900_000.0}
    chances = {"likely": 0.5, "large": 0.2, "small": 0.3, "silent": 0.3}
    return warehouse(
        tmp_path_factory.mktemp("valued"),
        leads=[lead(name, loan_amount=amount) for name, amount in amounts.items()],
        scores=[
            *(
                score(name, probability=chance, predictive_score=round(100 * chance))
                for name, chance in chances.items()
            ),
            score("pointed", probability=None, predictive_score=None, points=99.0),
        ],
    )


def test_h3_the_policy_ranks_by_expected_value(valued: DuckDBWarehouse) -> None:
    capacity = msgspec.structs.replace(POLICY.capacity, rank_by="expected_value")
    by_value, request = msgspec.structs.replace(POLICY, capacity=capacity), PageRequest(now=NOW, limit=50)

    def listed(policy: Policy, **filters: Any) -> list[str]:
        return [item.lead_id for item in call_list.page(valued, policy, LeadFilter(**filters), request).leads]

    # The mean of 525,000 stands for the amount that `silent` does not state: 0.3 x 525,000 is second.
    assert listed(by_value) == listed(POLICY, sort="value") == ["large", "silent", "likely", "small", "pointed"]
    assert listed(POLICY)[:2] == ["pointed", "likely"]
    assert listed(by_value, sort="score") == listed(POLICY)


def test_expected_value_is_chance_times_amount_where_both_are_known(valued: DuckDBWarehouse) -> None:
    values = {item.lead_id: item.expected_value for item in page(valued).leads}
    assert values == {"likely": 100_000, "large": 180_000, "small": 30_000, "silent": None, "pointed": None}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> DuckDBWarehouse:
    leads = [lead(name) for name in LEADS if name not in ("french", "old")]
    leads += [lead("french", language="fr", region="CH-VD", account_id="acme.ch")]
    leads += [lead("old", created_at=NOW - 200 * DAY, recorded_at=NOW - 200 * DAY)]
    scores = [
        score("big", tier="Enterprise", icp=70, fit=30.0),
        score("mid", tier="Mid-Market", icp=70, fit=30.0),
        score("small", tier="SMB", icp=70, fit=30.0),
        score("unsized", icp=70, fit=30.0),
        score(
            "french", predictive_score=40, language="fr", grade="A", level=1, matrix_cell="A1", fit=50.0, points=80.0
        ),
        score("hot", NOW - 3 * DAY, predictive_score=10, score_cluster="COLD"),
        score(
            "hot",
            predictive_score=90,
            score_cluster="HOT",
            stage="sql",
            grade="C",
            level=4,
            matrix_cell="C4",
            points=12.5,
        ),
        score("gone", score_cluster="DISQUALIFIED", predictive_score=0),
        score("won", predictive_score=99),
        score("old", predictive_score=99),
    ]
    outcomes = [outcome("won", NOW - DAY, "closedwon", "won"), outcome("hot", NOW - DAY, "contractsent", "open")]
    return warehouse(tmp_path_factory.mktemp("desk"), leads=leads, scores=scores, outcomes=outcomes)


def page(desk: DuckDBWarehouse, *, limit: int = 50, cursor: str | None = None, **filters: Any) -> LeadPage:
    return call_list.page(desk, POLICY, LeadFilter(**filters), PageRequest(now=NOW, limit=limit, cursor=cursor))


def ids(desk: DuckDBWarehouse, **filters: Any) -> list[str]:
    return [lead.lead_id for lead in page(desk, **filters).leads]


def test_e2_with_an_equal_match_an_enterprise_ranks_above_mid_market_above_smb(desk: DuckDBWarehouse) -> None:
    for sort in ("score", "points", "fit"):
        listed = [lead_id for lead_id in ids(desk, sort=sort) if lead_id in ("big", "mid", "small", "unsized")]
        assert listed == ["big", "mid", "small", "unsized"]


def test_e6_the_list_is_by_score_fit_points_or_tier(desk: DuckDBWarehouse) -> None:
    assert ids(desk, sort="score") == ["hot", "big", "mid", "small", "unsized", "french"]
    assert ids(desk, sort="points") == ["french", "big", "mid", "small", "unsized", "hot"]
    assert ids(desk, sort="fit")[:2] == ["french", "hot"]
    assert ids(desk, sort="tier")[:3] == ["big", "mid", "small"]


@pytest.mark.parametrize(
    ("filters", "lead_ids"),
    [
        ({"cluster": "HOT"}, ["hot"]),
        ({"cluster": "DISQUALIFIED"}, ["gone"]),
        ({"grade": "A"}, ["french"]),
        ({"matrix_cell": "A1"}, ["french"]),
        ({"matrix_cell": "A2"}, []),
        ({"tier": "Mid-Market"}, ["mid"]),
        ({"region": "CH-VD"}, ["french"]),
        ({"region": "DE"}, []),
        ({"language": "fr"}, ["french"]),
        ({"account_id": "acme.ch"}, ["french"]),
        ({"language": "fr", "cluster": "HOT"}, []),
    ],
    ids=str,
)
def test_e6_the_list_is_cut_by_cluster_grade_tier_region_and_language(
    desk: DuckDBWarehouse, filters: dict[str, Any], lead_ids: list[str]
) -> None:
    assert ids(desk, **filters) == lead_ids


def test_who_is_closed_forgotten_disqualified_or_not_scored_is_not_called(desk: DuckDBWarehouse) -> None:
    assert not {"won", "old", "gone", "silent"} & set(ids(desk))


def test_a_lead_says_what_a_seller_needs(desk: DuckDBWarehouse) -> None:
    hot = page(desk).leads[0]
    assert (hot.score, hot.points, hot.cluster, hot.matrix_cell, hot.stage) == (90, 12.5, "HOT", "C4", "sql")
    assert hot.reasons == ("Dafür spricht: 3 Besuche",)
    assert hot.labels["traffic_light"] == "grün"
    labels = call_list.page(desk, POLICY, LeadFilter(), PageRequest(now=NOW), "fr").leads[0].labels
    assert (labels["traffic_light"], labels["cluster"]) == ("vert", "très prometteur")


def test_before_a_model_the_list_is_by_points(tmp_path: Path) -> None:
    scores = [score(name, predictive_score=None, points=points) for name, points in (("a", 20.5), ("b", 70.0))]
    desk = warehouse(tmp_path, leads=[lead("a"), lead("b")], scores=scores)
    assert ids(desk, sort="score") == ["b", "a"]


def test_the_list_says_who_holds_a_lead_and_until_when(tmp_path: Path) -> None:
    desk = warehouse(tmp_path, leads=[lead("a"), lead("b"), lead("c")], scores=[score(name) for name in "abc"])
    picks = Picks(desk, POLICY, FolderStore(tmp_path / "picks"))
    picks.pick("a", "anna", NOW - HOUR)
    picks.pick("b", "beat", NOW - 60 * HOUR)
    holds = {listed.lead_id: (listed.held_by, listed.held_until) for listed in page(desk).leads}
    assert holds == {"a": ("anna", NOW + 47 * HOUR), "b": (None, None), "c": (None, None)}
    assert ids(desk, held=False) == ["b", "c"]
    assert ids(desk, held=True) == ids(desk, seller="anna") == ["a"]


def test_a_lead_that_is_worked_on_stays_with_its_seller(tmp_path: Path) -> None:
    worked = [outcome("a", NOW - HOUR, "contractsent", "open")]
    desk = warehouse(tmp_path, leads=[lead("a"), lead("b")], scores=[score("a"), score("b")], outcomes=worked)
    picks = Picks(desk, POLICY, FolderStore(tmp_path / "picks"))
    for name in ("a", "b"):
        picks.pick(name, "anna", NOW - 60 * HOUR)
    assert {listed.lead_id: listed.held_until for listed in page(desk).leads} == {"a": NOW + 47 * HOUR, "b": None}


def all_pages(desk: DuckDBWarehouse, limit: int, **filters: Any) -> list[LeadListItem]:
    leads: list[LeadListItem] = []
    cursor = None
    for _ in range(100):  # pages; one that leads back to itself must not hang the suite
        lead_page = page(desk, limit=limit, cursor=cursor, **filters)
        assert len(lead_page.leads) <= limit
        leads += lead_page.leads
        cursor = lead_page.next
        if cursor is None:
            return leads
    raise AssertionError("the pages do not end")


@pytest.mark.slow
@pytest.mark.parametrize("sort", ["score", "points", "fit", "tier"])
def test_pages_put_together_are_the_list(tmp_path: Path, sort: str) -> None:
    chance = random.Random(3)
    names = [f"l{number}" for number in range(24)]
    scores = [
        score(
            name,
            predictive_score=chance.choice([None, 10, 50, 50, 90]),
            points=chance.choice([None, 0.0, 33.33, 33.34]),
            fit=chance.choice([None, 0.1, 0.2]),
            tier=chance.choice([None, "SMB", "Enterprise", "of an older policy"]),
        )
        for name in names
    ]
    desk = warehouse(tmp_path, leads=[lead(name) for name in names], scores=scores)
    with desk.unit_of_work():
        whole = page(desk, sort=sort, limit=200)
        assert (len(whole.leads), whole.next) == (24, None)
        for limit in (1, 7, 23, 24):
            assert all_pages(desk, limit, sort=sort) == list(whole.leads)


def test_the_pages_of_a_list_are_as_of_its_first_page(tmp_path: Path) -> None:
    desk = warehouse(tmp_path, leads=[lead("a"), lead("b")], scores=[score("a", predictive_score=80), score("b")])
    first = page(desk, limit=1)
    desk.append("scores", [score("b", NOW + HOUR, predictive_score=99)])
    second_page = PageRequest(now=NOW + 2 * HOUR, limit=1, cursor=first.next)
    later = call_list.page(desk, POLICY, LeadFilter(), second_page)
    assert [listed.lead_id for listed in (*first.leads, *later.leads)] == ["a", "b"]
    assert (later.as_of, later.leads[0].score) == (NOW, 60)


@pytest.mark.parametrize("cursor", ["x", "!!!", "eyJhIjoxfQ", "W10", "ÿ"])
def test_a_cursor_that_is_none_is_refused_with_a_remedy(desk: DuckDBWarehouse, cursor: str) -> None:
    with pytest.raises(InputError, match="start again") as refusal:
        page(desk, cursor=cursor)
    assert (refusal.value.field, refusal.value.value) == ("cursor", cursor)


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_cursor_of_a_moment_at_which_no_page_was_read_is_refused(desk: DuckDBWarehouse, moment: str) -> None:
    forged = page_cursor.PageCursor("score", datetime.fromisoformat(moment), (0.0, 0.0, 0.0), "1").written()
    with pytest.raises(InputError, match="cursor"):
        page(desk, cursor=forged)
    with pytest.raises(InputError, match="cursor"):
        page_cursor.read(forged, "score")


def test_a_cursor_of_another_order_is_refused(desk: DuckDBWarehouse) -> None:
    with pytest.raises(InputError, match="belongs to a different list"):
        page(desk, sort="points", cursor=page(desk, limit=1).next)


def test_a_tier_that_the_policy_does_not_know_names_those_it_does(desk: DuckDBWarehouse) -> None:
    with pytest.raises(InputError, match="Enterprise, Mid-Market, SMB"):
        page(desk, tier="Huge")


def test_leads_are_listed_from_their_newest_version(tmp_path: Path) -> None:
    moved = lead("a", event_id="later", recorded_at=BORN + DAY, region="CH-GE")
    desk = warehouse(tmp_path, leads=[lead("a"), moved], scores=[score("a")])
    assert (ids(desk, region="CH-GE"), ids(desk, region="CH-ZH")) == (["a"], [])
