"""Segments found by k-means: those that are there are found and named, and noise is not called a finding."""

from __future__ import annotations

import numpy as np
import pytest

from leadwerk.features.contract import Feature
from leadwerk.learning.natural_segments import FEWEST_LEADS, Segmentation, k_means, natural_segments, silhouette

FEATURES = (
    Feature("visits_7d", "number", "visits"),
    Feature("visits_30d", "number", "visits"),
    Feature("loan_amount", "number", "loan_amount"),
    Feature("channel", "category", "channel"),
)


def market(leads: int = 900, seed: int = 1) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]:
    """Three kinds of leads: busy visitors, large loans by telephone, and the others; busy ones convert."""
    random = np.random.default_rng(seed)
    kind = random.integers(0, 3, leads)
    columns = {
        "visits_7d": random.poisson(np.where(kind == 0, 12, 1)).astype(np.float64),
        "visits_30d": random.poisson(np.where(kind == 0, 30, 3)).astype(np.float64),
        "loan_amount": random.normal(np.where(kind == 1, 900, 300), 40),
        "channel": np.where(kind == 1, "phone", "web").astype(object),
    }
    return columns, random.random(leads) < np.where(kind == 0, 0.4, 0.05), kind


@pytest.fixture(scope="module")
def segmentation() -> Segmentation:
    columns, converted, _ = market()
    segmentation = natural_segments(columns, converted, FEATURES, seed=3)
    assert segmentation is not None
    return segmentation


def test_segments_are_named_by_what_sets_them_apart(segmentation: Segmentation) -> None:
    names = [[(trait.group, trait.kind, trait.value) for trait in segment.traits] for segment in segmentation.segments]
    busy = next(
        segment for segment, name in zip(segmentation.segments, names, strict=True) if ("visits", "high", None) in name
    )
    assert any(("channel", "value", "phone") in name and ("loan_amount", "high", None) in name for name in names)
    assert sum(segment.leads for segment in segmentation.segments) == 900
    assert busy.low > max(segment.rate for segment in segmentation.segments if segment is not busy)


def test_two_columns_that_hold_one_fact_are_one_trait() -> None:
    columns, converted, kind = market()
    columns |= {"country": np.where(kind == 1, "India", "Nepal"), "country_code": np.where(kind == 1, "IN", "NP")}
    features = (*FEATURES, Feature("country", "category", "country"), Feature("country_code", "category", "code"))
    segmentation = natural_segments(columns, converted, features, seed=3)
    assert segmentation is not None
    for segment in segmentation.segments:
        groups = {trait.group for trait in segment.traits}
        assert not {"country", "code"} <= groups
        assert not {"channel", "country"} <= groups
    assert any(
        {"country", "code", "channel"} & {trait.group for trait in part.traits} for part in segmentation.segments
    )


def test_what_is_there_is_told_apart(segmentation: Segmentation) -> None:
    assert segmentation.silhouette > 0.5
    random = np.random.default_rng(2)
    noise = {name: random.normal(size=600) for name in ("visits_7d", "visits_30d", "loan_amount")}
    noise["channel"] = np.full(600, "web", dtype=object)
    segmentation = natural_segments(noise, random.random(600) < 0.1, FEATURES, seed=3)
    assert segmentation is None or segmentation.silhouette < 0.45


def test_the_same_leads_give_the_same_segments_and_too_few_none(segmentation: Segmentation) -> None:
    columns, converted, _ = market()
    assert natural_segments(columns, converted, FEATURES, seed=3) == segmentation
    few, outcome, _ = market(FEWEST_LEADS - 1)
    assert natural_segments(few, outcome, FEATURES, seed=3) is None
    alike = {name: np.full(300, values[0]) for name, values in columns.items()}
    assert natural_segments(alike, np.arange(300) % 2 == 0, FEATURES, seed=3) is None


def test_k_means_finds_distant_groups() -> None:
    random = np.random.default_rng(4)
    truth = np.repeat([0, 1, 2], 50)
    points = random.normal(size=(150, 2)) + 20 * np.array([[0, 0], [1, 0], [0, 1]])[truth]
    member = k_means(points, 3, random)
    assert [len(set(member[truth == group])) for group in range(3)] == [1, 1, 1]
    assert silhouette(points, member) > 0.8
