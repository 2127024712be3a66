"""Every kind of mistake in segments: refused with its line, its field, and what to do."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from leadwerk import policy
from leadwerk.errors import PolicyError
from leadwerk.features.contract import contract
from leadwerk.policy.diff import differences
from leadwerk.policy.facts import facts
from leadwerk.policy.validation.segments import UNLEARNED

RIGHT = """\
name: mine
time_zone: Europe/Zurich
languages: [de, fr]
horizon_days: 30
positive: [won]
signals:
  - {name: pricing, page: ^/pricing, labels: {de: Preise, fr: prix}}
outcomes:
  - {status: Open, outcome: open}
  - {status: Won, outcome: won}
  - {status: Lost, outcome: lost}
attributes:
  - {name: floors, kind: number}
actions:
  - {cluster: HOT, action: Call}
  - {cluster: WARM, action: Mail}
  - {cluster: COLD, action: Wait}
  - {cluster: DISQUALIFIED, action: Stop}
  - {cluster: UNSCORED, action: Look}
segments:
  - {name: romandie, when: {region: {any_of: [CH-GE, CH-VD]}}, labels: {de: Romandie, fr: Romandie}}
  - name: towers
    when:
      floors: {at_least: 10}
      pricing_events_7d: {above: 0}
    labels: {de: Hochhaus, fr: tour}
"""
ROMANDIE, TOWERS = (RIGHT[: RIGHT.index(f"name: {name}")].count("\n") + 1 for name in ("romandie", "towers"))


def changed(place: int, **changes: Any) -> PolicyError:
    """The first error once fields of the segment at `place` are others."""
    data = yaml.safe_load(RIGHT)
    data["segments"][place] |= changes
    return refused(yaml.safe_dump(data, sort_keys=False))


def refused(text: str) -> PolicyError:
    with pytest.raises(PolicyError) as caught:
        policy.parse(text, "mine.yaml")
    return caught.value


def test_what_is_right_is_taken_in_the_order_of_the_file() -> None:
    segments = policy.parse(RIGHT).segments
    assert [segment.name for segment in segments] == ["romandie", "towers"]
    assert segments[1].when["floors"].at_least == 10


def test_the_shipped_policies_have_none() -> None:
    assert [policy.load(name).segments for name in policy.SHIPPED] == [(), ()]


def test_every_fact_that_may_be_asked_for_is_one_that_models_learn_from() -> None:
    mine = policy.parse(RIGHT)
    allowed_columns = {fact.column for name, fact in facts(mine).items() if name not in UNLEARNED}
    assert allowed_columns == {feature.name for feature in contract(mine)}


@pytest.mark.parametrize(
    ("line", "field", "wrong", "right", "message"),
    [
        (ROMANDIE, "segments[0].when.regoin", "regoin", "region", "no fact `regoin`. Did you mean `region`?"),
        (ROMANDIE, "segments[0].when.region.any_of[1]", "Vaud", "CH-VD", "`region` is never 'Vaud'"),
        (TOWERS + 2, "segments[1].when.floors.matches", "floors: {matches: x}", "floors: {at_least: 10}", "a number"),
        (
            TOWERS + 2,
            "segments[1].when.floors",
            "floors: {at_least: 10, below: 9}",
            "floors: {at_least: 10}",
            "no number is at least 10 and below 9, so no lead is in the segment. Correct one of the two, or remove the"
            " segment.",
        ),
        (
            TOWERS + 2,
            "segments[1].when.created_hour",
            "created_hour: {above: 23}",
            "floors: {at_least: 10}",
            "`created_hour` is never above 23, so no lead is in the segment. Hours are 0 to 23.",
        ),
        (
            TOWERS + 2,
            "segments[1].when.job_title",
            "job_title: {matches: boss}",
            "floors: {at_least: 10}",
            "no model learns from `job_title`, so none can be for leads that have it. Ask for another fact, such as an"
            " attribute that sorts it into classes.",
        ),
        (TOWERS, "segments[1].name", "name: romandie", "name: towers", "the name `romandie` is used twice"),
        (TOWERS + 4, "segments[1].labels", "labels: {de: Hochhaus}", "labels: {de: Hochhaus, fr: tour}", "label in fr"),
        (TOWERS + 1, "segments[1].whem", "whem:\n", "when:\n", "this field is unknown. Did you mean `when`?"),
    ],
)
def test_a_mistake_is_refused_with_line_field_and_remedy(
    line: int, field: str, wrong: str, right: str, message: str
) -> None:
    assert right in RIGHT
    head, mark, segments = RIGHT.partition("segments:")
    error = refused(head + mark + segments.replace(right, wrong))
    assert (error.line, error.field) == (line, field)
    assert message in str(error)


def test_a_segment_of_everybody_is_refused() -> None:
    error = changed(1, when={})
    assert error.field == "segments[1].when"
    assert "it is everybody" in str(error)
    assert "the general model serves all other leads" in str(error)


@pytest.mark.parametrize(
    "when",
    [
        {"region": {"any_of": ["CH-GE"]}},
        {"region": {"any_of": ["ch-vd", "CH-GE"]}, "floors": {"above": 2}},
        {"region": {"any_of": ["CH-GE"], "none_of": ["CH-VD"]}},
    ],
)
def test_a_segment_all_of_whose_leads_an_earlier_one_takes_is_refused(when: dict[str, Any]) -> None:
    error = changed(1, when=when)
    assert error.field == "segments[1]"
    assert "no lead is in `towers`: `romandie` comes earlier and takes all its leads" in str(error)
    assert "particular before the general" in str(error)


@pytest.mark.parametrize("when", [{"region": {"any_of": ["CH-GE", "CH-ZH"]}}, {"region": {}}, {"floors": {"above": 2}}])
def test_a_segment_that_an_earlier_one_takes_in_part_is_right(when: dict[str, Any]) -> None:
    data = yaml.safe_load(RIGHT)
    data["segments"][1]["when"] = when
    assert policy.parse(yaml.safe_dump(data, sort_keys=False)).segments[1].name == "towers"


def test_the_difference_of_two_policies_names_the_segment() -> None:
    before, after = policy.parse(RIGHT), policy.parse(RIGHT.replace("at_least: 10", "at_least: 12"))
    (change,) = differences(before, after)
    assert (change.field, change.before, change.after) == ("segments[towers].when.floors.at_least", 10, 12)
