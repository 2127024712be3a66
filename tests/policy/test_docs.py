"""docs/policy.md: its example is loaded, its table lists every field, its error is the one that comes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from leadwerk import policy
from leadwerk.errors import PolicyError
from leadwerk.policy.model import TextClass
from leadwerk.policy.points import Cells, Group, PointsModel, Rule, Tier
from leadwerk.policy.selling import Capacity, RankingRule, Seller, Stage
from leadwerk.policy.text_classes import class_of

DOCS = (Path(__file__).parents[2] / "docs" / "policy.md").read_text("utf-8")
(EXAMPLE,) = re.findall(r"```yaml\n(.*?)```", DOCS, re.DOTALL)


def test_the_example_is_a_right_policy() -> None:
    garden_centre = policy.parse(EXAMPLE)
    assert [signal.name for signal in garden_centre.signals] == ["price_list", "catalogue", "showroom"]
    assert policy.outcome_of(garden_centre, "Verloren", "doppelt erfasst") == "open"


def test_the_table_lists_every_field() -> None:
    listed = re.findall(r"^\| `(\w+)` \|", DOCS, re.MULTILINE)
    assert set(listed) == set(policy.Policy.__struct_fields__) - {"version"}


def test_the_defaults_it_names_are_the_defaults() -> None:
    defaults = policy.parse(EXAMPLE)
    assert f"| `{list(defaults.landmark_days)}` |" in DOCS
    assert f"| `{defaults.bands.hot}`, `{defaults.bands.warm}` |" in DOCS
    retention = defaults.retention
    assert f"| {retention.activity}, {retention.scores}, {retention.deliveries} |" in DOCS
    fit = defaults.training
    fitted = f"{fit.trees}, {fit.learning_rate}, {fit.depth}, nothing, `{fit.half_life_days}`"
    assert f"{fitted}, {fit.test_share}, {fit.history_days}, {fit.minimum_positives}, {fit.max_landmarks} |" in DOCS
    drift = defaults.drift
    assert f"| {drift.false_alarms}, {drift.stability}, {drift.missing}, true, {drift.retrain_days} |" in DOCS


def test_the_error_it_shows_is_the_one_that_comes() -> None:
    example_error = "signals[1].touchpiont: this field is unknown. Did you mean `touchpoint`?"
    assert example_error in DOCS
    text = EXAMPLE.replace("event: file_download", "touchpiont: file_download")
    with pytest.raises(PolicyError, match=re.escape(example_error)):
        policy.parse(text, "policy.yaml")


def test_the_fields_of_points_stages_and_selling_are_all_listed_with_their_defaults() -> None:
    table = DOCS[DOCS.index("### Points, stages and selling") : DOCS.index("## What a change does")]
    documented_fields = "\n".join(line for line in table.splitlines() if line.startswith("| `"))
    sections = {
        "points": PointsModel,
        "points.cells": Cells,
        "points.groups[]": Group,
        "points.rules[]": Rule,
        "tiers[]": Tier,
        "stages[]": Stage,
        "capacity": Capacity,
        "capacity.sellers[]": Seller,
        "decision": RankingRule,
    }
    unsaid = [
        f"{section}.{field}"
        for section, kind in sections.items()
        for field in kind.__struct_fields__
        if f"`{section}.{field}`" not in documented_fields and not _beside(section, field, documented_fields)
    ]
    assert unsaid == ["points.groups", "points.rules", "points.cells", "capacity.sellers"]
    model, selling = PointsModel(), Capacity()
    for default in (
        f"{model.window_days} |",
        f"{model.bands.hot}, {model.bands.warm}, {list(model.bands.threshold_limits)} |",
        f"{model.grades.a}, {model.grades.b}, {model.grades.c} |",
        f"{model.levels.one}, {model.levels.two}, {model.levels.three} |",
        f"{model.traffic_light.yellow}, {model.traffic_light.green} |",
        *(f"| {getattr(selling, name)} |" for name in ("minutes_per_lead", "look_back_days", "pick_hours")),
    ):
        assert default in documented_fields


def _beside(section: str, field: str, cell: str) -> bool:
    """Whether the row of a section as a whole names the field."""
    return any(f"`{field}`" in line for line in cell.splitlines() if line.startswith(f"| `{section}` |"))


def test_the_classes_it_shows_are_right_and_all_their_fields_are_listed() -> None:
    section = DOCS[DOCS.index("## Classes") : DOCS.index("## What a change does")]
    example = "\n".join(line[4:] for line in section.splitlines() if line.startswith("    "))
    [seniority] = policy.parse(EXAMPLE.replace("horizon_days: 60", f"horizon_days: 60\n{example}")).attributes
    titles = ("Praktikant der Geschäftsführung", "Directeur général", "Ingénieur")
    assert [class_of(seniority, title) for title in titles] == ["intern", "ceo", "other"]
    listed = re.findall(r"^\| `attributes\[\]\.classes\[\]\.(\w+)` \|", section, re.MULTILINE)
    assert tuple(listed) == TextClass.__struct_fields__
