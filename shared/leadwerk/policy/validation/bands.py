"""Checks of bands, limits, grades, levels and the light: bounds in their order, and within reach."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from leadwerk.policy.model import Bands, Policy
from leadwerk.policy.points import PointBands
from leadwerk.policy.problem import Problem
from leadwerk.policy.validation.errors import given_twice
from leadwerk.policy.validation.point_range import PointRange
from leadwerk.policy.yaml_document import Path


def problems(policy: Policy) -> Iterator[Problem]:
    """Bounds in the wrong order, or out of reach."""
    model = policy.points
    yield from _bands(policy.bands, ("bands",))
    yield from _bands(model.bands, ("points", "bands"))
    grades, levels, light = model.grades, model.levels, model.traffic_light
    yield from _falling({"a": grades.a, "b": grades.b, "c": grades.c}, ("points", "grades"))
    yield from _falling({"one": levels.one, "two": levels.two, "three": levels.three}, ("points", "levels"))
    yield from _falling({"green": light.green, "yellow": light.yellow}, ("points", "traffic_light"))
    yield from _cells(policy)
    if model.rules:
        yield from _out_of_reach(policy)


def _cells(policy: Policy) -> Iterator[Problem]:
    cells = policy.points.cells
    for name, listed in (("hot", cells.hot), ("warm", cells.warm)):
        yield from given_twice(("points", "cells", name), listed)
    for index, cell in enumerate(cells.hot):
        if cell not in cells.warm:
            yield Problem.of(("points", "cells", "hot", index), "policy.cells.cold", cell=cell)


def _bands(bands: Bands | PointBands, path: Path) -> Iterator[Problem]:
    low, high = bands.threshold_limits
    # One problem a section: the later checks would only repeat a wrong order in other words.
    if bands.hot <= bands.warm:
        yield Problem.of((*path, "hot"), "policy.bands.order", hot=bands.hot, warm=bands.warm)
    elif low > high:
        yield Problem.of((*path, "threshold_limits"), "policy.bands.limits", low=low, high=high)
    elif not low <= bands.hot <= high:
        wider = f"[{min(low, bands.hot)}, {max(high, bands.hot)}]"
        yield Problem.of((*path, "hot"), "policy.bands.outside", hot=bands.hot, low=low, high=high, wider=wider)
    elif low <= bands.warm:
        yield Problem.of((*path, "threshold_limits"), "policy.bands.lower", low=low, warm=bands.warm)


def _falling(bounds: dict[str, int], path: Path) -> Iterator[Problem]:
    for better, worse in pairwise(bounds):
        if bounds[better] <= bounds[worse]:
            higher, lower = bounds[better], bounds[worse]
            yield Problem.of(
                (*path, better), "policy.bands.falling", better=better, worse=worse, higher=higher, lower=lower
            )


def _out_of_reach(policy: Policy) -> Iterator[Problem]:
    model, highest = policy.points, PointRange.of(policy)
    bounds: list[tuple[Path, int, float]] = [
        (("points", "grades", "a"), model.grades.a, highest.fit),
        (("points", "levels", "one"), model.levels.one, highest.interest),
        (("points", "bands", "hot"), model.bands.hot, highest.fit + highest.interest),
    ]
    for path, bound, reach in bounds:
        if bound > reach:
            yield Problem.of(path, "policy.bands.reach", points=bound, most=f"{reach:g}")
