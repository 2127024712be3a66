"""docs/policy.md: its example is loaded, its table lists every field, its error is the one that comes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from leadwerk import policy
from leadwerk.errors import PolicyError

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
    kept = defaults.retention
    assert f"| {kept.activity}, {kept.scores}, {kept.deliveries} |" in DOCS
    fit = defaults.training
    assert f"{fit.trees}, {fit.learning_rate}, {fit.depth}, nothing, {fit.test_share}, {fit.history_days}" in DOCS


def test_the_error_it_shows_is_the_one_that_comes() -> None:
    shown = "signals[1].touchpiont: this field is unknown. Did you mean `touchpoint`?"
    assert shown in DOCS
    text = EXAMPLE.replace("event: file_download", "touchpiont: file_download")
    with pytest.raises(PolicyError, match=re.escape(shown)):
        policy.parse(text, "policy.yaml")
