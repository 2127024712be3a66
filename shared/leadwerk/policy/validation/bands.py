"""Checks of bands, limits, grades, levels and the light: bounds in their order, and within reach."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from leadwerk.policy.model import Bands, Policy
from leadwerk.policy.points import PointBands
from leadwerk.policy.validation.errors import Problem, given_twice
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
            message = f"leads of {cell} may be HOT, but not WARM."
            yield ("points", "cells", "hot", index), message, f"Add {cell} to warm, or take it out here."


def _bands(bands: Bands | PointBands, path: Path) -> Iterator[Problem]:
    low, high = bands.threshold_limits
    # One problem a section: the later checks would only repeat a wrong order in other words.
    if bands.hot <= bands.warm:
        message = f"HOT begins at {bands.hot}, but WARM at {bands.warm}."
        yield (*path, "hot"), message, "Let hot be above warm."
    elif low > high:
        yield (
            (*path, "threshold_limits"),
            f"the limits {low} and {high} are the wrong way round.",
            f"Write [{high}, {low}].",
        )
    elif not low <= bands.hot <= high:
        remedy = f"Choose hot between them, or widen them, such as [{min(low, bands.hot)}, {max(high, bands.hot)}]."
        yield (*path, "hot"), f"HOT begins at {bands.hot}, outside its limits {low} to {high}.", remedy
    elif low <= bands.warm:
        message = f"HOT may fall to {low}, but WARM begins at {bands.warm}."
        yield (*path, "threshold_limits"), message, "Let the lower limit be above warm."


def _falling(bounds: dict[str, int], path: Path) -> Iterator[Problem]:
    for better, worse in pairwise(bounds):
        if bounds[better] <= bounds[worse]:
            message = f"`{better}` begins at {bounds[better]}, but `{worse}` at {bounds[worse]}."
            yield (*path, better), message, f"Let {better} be above {worse}."


def _out_of_reach(policy: Policy) -> Iterator[Problem]:
    model, highest = policy.points, PointRange.of(policy)
    bounds: list[tuple[Path, int, float]] = [
        (("points", "grades", "a"), model.grades.a, highest.fit),
        (("points", "levels", "one"), model.levels.one, highest.interest),
        (("points", "bands", "hot"), model.bands.hot, highest.fit + highest.interest),
    ]
    for path, bound, reach in bounds:
        if bound > reach:
            message = f"no lead reaches {bound} points here: the rules and caps give {reach:g} at most."
            yield path, message, "Lower it, or give more points."
