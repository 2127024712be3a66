"""Natural segments: groups of leads that resemble each other, found by k-means and described by what sets them apart.

Columns are standardised; those of one feature group (a signal over several windows, the values of a category) count
together as one, so that nothing weighs more for being counted often. Outcomes are not looked at: how a segment
converts is a finding.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Literal

import numpy as np

from leadwerk.features.contract import Feature
from leadwerk.features.encode import RARE, Columns, Encoder
from leadwerk.stats.arrays import Bools, Floats, Index
from leadwerk.stats.wilson import wilson

CHOICES = range(2, 8)
"""Numbers of segments that are tried; more than seven nobody keeps in mind."""

RESTARTS, STEPS = 4, 60
CLIPPED = 3.0
"""Standard deviations beyond which a value counts no more: one outlier must not be a segment."""

RAREST = 0.02
"""A category's value that fewer leads have describes no segment."""

SILHOUETTE_LEADS = 600
SMALLEST_TRAIT = 0.4
"""Distance of a segment's mean from that of all, in standard deviations, from which it is worth a word."""

SAME_FACT = 0.9
"""Correlation of two categories' values from which they are one trait, such as a country and its code."""

TRAITS = 3
FEWEST_LEADS = 100


@dataclass(frozen=True)
class Trait:
    """What sets a segment apart: a feature group that is high or low, or a category's `value` that is frequent."""

    group: str
    kind: Literal["high", "low", "value"]
    value: str | None
    distance: float


@dataclass(frozen=True)
class NaturalSegment:
    """Leads that resemble each other: how many, how many converted (95 % interval, Wilson), and their traits."""

    leads: int
    converted: int
    rate: float
    low: float
    high: float
    traits: tuple[Trait, ...]


@dataclass(frozen=True)
class Segmentation:
    """Segments, the largest first, and the silhouette of this number of them (−1 to 1; 0: no segments to be seen)."""

    silhouette: float
    segments: tuple[NaturalSegment, ...]


@dataclass(frozen=True)
class _Aspect:
    """One standardised column: a feature group, or a value of a category; `weight` of it in distances."""

    group: str
    value: str | None
    scores: Floats
    weight: float = 1.0


def natural_segments(
    columns: Columns, converted: Bools, features: Sequence[Feature], *, seed: int
) -> Segmentation | None:
    """Segments of n leads, one row each; None with too few leads, or where all are alike.

    The number of segments is the one with the best silhouette (Rousseeuw 1987, J. Comput. Appl. Math. 20, p. 53).
    """
    if len(converted) < FEWEST_LEADS:
        return None
    aspects = _aspects(columns, features)
    if not aspects:
        return None
    points = np.column_stack([aspect.weight * aspect.scores for aspect in aspects])
    random = np.random.default_rng(seed)
    sample = random.choice(len(points), min(SILHOUETTE_LEADS, len(points)), replace=False)
    best: tuple[float, Index] | None = None
    for count in CHOICES:
        member = k_means(points, count, random)
        if len(np.unique(member[sample])) < 2:
            continue
        quality = silhouette(points[sample], member[sample])
        if best is None or quality > best[0]:
            best = quality, member
    if best is None:
        return None
    quality, member = best
    segments = [_segment(aspects, converted, member == number) for number in np.unique(member)]
    return Segmentation(quality, tuple(sorted(segments, key=lambda segment: -segment.leads)))


def k_means(points: Floats, count: int, random: np.random.Generator) -> Index:
    """Number of each point's segment: Lloyd's algorithm from k-means++ (Arthur and Vassilvitskii 2007), best run."""
    attempts = [_lloyd(points, _first_centres(points, count, random)) for _ in range(RESTARTS)]
    return min(attempts, key=lambda attempt: attempt[0])[1]


def silhouette(points: Floats, member: Index) -> float:
    """Mean over the points of (b − a) / max(a, b): mean distance to the nearest other segment b, and to the own a.

    >>> two = np.array([[0.0], [0.0], [9.0], [9.0]])
    >>> silhouette(two, np.array([0, 0, 1, 1])), silhouette(two, np.array([0, 1, 0, 1])) < 0
    (1.0, True)
    """
    distances = np.sqrt(np.maximum(_squared_distances(points, points), 0))
    numbers = np.unique(member)
    sizes = np.array([(member == number).sum() for number in numbers])
    sums = np.column_stack([distances[:, member == number].sum(axis=1) for number in numbers])
    own = np.searchsorted(numbers, member)
    rows = np.arange(len(points))
    # A point is no neighbour of its own; alone in its segment its value is 0 by definition.
    inside = sums[rows, own] / np.maximum(sizes[own] - 1, 1)
    distances = sums / sizes
    distances[rows, own] = np.inf
    outside = distances.min(axis=1)
    values = np.where(sizes[own] > 1, (outside - inside) / np.maximum(np.maximum(inside, outside), 1e-12), 0.0)
    return float(values.mean())


def _aspects(columns: Columns, features: Sequence[Feature]) -> list[_Aspect]:
    encoder = Encoder.fit(columns, features)
    matrix = encoder.matrix(columns).astype(np.float64)
    by_group: dict[str, list[Floats]] = {}
    aspects = []
    for position, (name, owner) in enumerate(zip(encoder.names, encoder.owners().tolist(), strict=True)):
        feature, scores = features[owner], _standardised(matrix[:, position])
        if scores is None:
            continue
        if feature.kind == "number":
            by_group.setdefault(feature.group, []).append(scores)
        elif not name.endswith(RARE) and matrix[:, position].mean() >= RAREST:
            weight = 1 / sqrt(encoder.features[owner].width)
            aspects.append(_Aspect(feature.group, name.partition("=")[2], scores, weight))
    groups = [_Aspect(group, None, np.mean(members, axis=0)) for group, members in by_group.items()]
    return [*groups, *aspects]


def _standardised(values: Floats) -> Floats | None:
    """Standard scores, clipped, a missing value at the mean; None for a column that is the same for all."""
    present = values[np.isfinite(values)]
    if len(present) < 2 or present.std() < 1e-9:
        return None
    scores: Floats = np.nan_to_num(np.clip((values - present.mean()) / present.std(), -CLIPPED, CLIPPED), nan=0.0)
    return scores


def _first_centres(points: Floats, count: int, random: np.random.Generator) -> Floats:
    centres = points[[random.integers(len(points))]]
    while len(centres) < count:
        nearest = np.maximum(_squared_distances(points, centres).min(axis=1), 0)
        total = nearest.sum()
        share = nearest / total if total > 0 else np.full(len(points), 1 / len(points))
        centres = np.vstack([centres, points[random.choice(len(points), p=share)]])
    return centres


def _lloyd(points: Floats, centres: Floats) -> tuple[float, Index]:
    """Sum of squared distances to the own centre, and the segments."""
    member = np.full(len(points), -1, dtype=np.intp)
    for _ in range(STEPS):
        distances = _squared_distances(points, centres)
        closest = distances.argmin(axis=1)
        if np.array_equal(closest, member):
            break
        member = closest
        # A centre that nobody is closest to stays where it is.
        present = np.unique(member)
        centres = centres.copy()
        centres[present] = [points[member == number].mean(axis=0) for number in present]
    return float(distances.min(axis=1).sum()), member


def _squared_distances(points: Floats, centres: Floats) -> Floats:
    distances: Floats = (points**2).sum(axis=1)[:, None] - 2 * points @ centres.T + (centres**2).sum(axis=1)
    return distances


def _is_same_fact(aspect: _Aspect, other: _Aspect) -> bool:
    """Whether two categories' values are those of the same leads."""
    if aspect.value is None or other.value is None:
        return False
    return bool(np.corrcoef(aspect.scores, other.scores)[0, 1] >= SAME_FACT)


def _segment(aspects: Sequence[_Aspect], converted: Bools, inside: Bools) -> NaturalSegment:
    leads, won = int(inside.sum()), int(converted[inside].sum())
    low, high = wilson(won / leads, leads)
    distances = np.array([aspect.scores[inside].mean() - aspect.scores.mean() for aspect in aspects])
    traits: dict[str, Trait] = {}
    described: list[_Aspect] = []
    for position in np.argsort(-np.abs(distances), kind="stable").tolist():
        aspect, distance = aspects[position], float(distances[position])
        # That a category's value is rare says little: which of the others the leads have is what describes them.
        if abs(distance) < SMALLEST_TRAIT or (aspect.value is not None and distance < 0) or aspect.group in traits:
            continue
        # A country and its code: two columns that hold one fact are one trait.
        if any(_is_same_fact(aspect, other) for other in described):
            continue
        described.append(aspect)
        kind: Literal["high", "low", "value"] = "value" if aspect.value else "high" if distance > 0 else "low"
        traits[aspect.group] = Trait(aspect.group, kind, aspect.value, distance)
    return NaturalSegment(leads, won, won / leads, low, high, tuple(traits.values())[:TRAITS])
