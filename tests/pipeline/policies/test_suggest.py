"""Points suggested from the outcomes in a warehouse, and what people decide on them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from leadwerk.errors import InputError
from leadwerk.learning.suggestion_evaluation import Effect
from leadwerk.pipeline.policies import suggest
from leadwerk.pipeline.policies.publishing import publication_note
from leadwerk.policy.load import load, parse, shipped_text
from leadwerk.policy.points_numbers import PointsNumbers, text_with_numbers
from leadwerk.scoring.decide import within_cells
from leadwerk.warehouse.duckdb import DuckDBWarehouse
from support.borrowers import NOW, filled
from support.homes import home_warehouse

MORTGAGE = load("mortgage")
HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> DuckDBWarehouse:
    return filled(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def report(warehouse: DuckDBWarehouse) -> suggest.SuggestionReport:
    return suggest.run(warehouse, MORTGAGE, now=NOW)


def test_what_makes_people_buy_gets_more_points(report: suggest.SuggestionReport) -> None:
    better = {suggestion.rule: suggestion for suggestion in report.suggested.suggestions}
    assert better["newsletter_click"].after > 10
    assert better["newsletter_click"].with_points.rate > better["newsletter_click"].without_points.rate
    for suggestion in better.values():
        assert not suggestion.low <= suggestion.before <= suggestion.high or suggestion.before == suggestion.after


def test_a_region_that_converts_otherwise_becomes_a_rule(report: suggest.SuggestionReport) -> None:
    [geneva] = report.suggested.new_rules
    assert (geneva.fact, geneva.value, geneva.points < 0) == ("region", "CH-GE", True)
    assert geneva.with_points.high < geneva.without_points.low
    assert geneva.rule.labels == {"de": "Kanton GE", "fr": "canton GE", "it": "Cantone GE", "en": "canton of GE"}


def test_the_effect_is_measured_on_leads_that_came_later(report: suggest.SuggestionReport) -> None:
    effect = report.effect
    assert isinstance(effect, Effect)
    assert effect.suggested.auc.value > effect.present.auc.value
    assert effect.model.of_model == 1
    assert effect.landmarks + effect.learned_from < report.suggested.landmarks  # the gap of a horizon is in neither


def test_the_draft_with_all_suggestions_is_valid_and_keeps_the_old_comments(
    warehouse: DuckDBWarehouse, report: suggest.SuggestionReport
) -> None:
    text = shipped_text("mortgage")
    changed = text_with_numbers(text, MORTGAGE, suggest.numbers(suggest.proposals(warehouse, MORTGAGE, NOW)))
    policy = parse(changed)
    rules = {rule.name: rule for rule in policy.points.rules}
    assert all(
        rules[suggestion.rule].points == suggestion.after
        for suggestion in report.suggested.suggestions
        if not suggestion.is_repeat
    )
    assert rules["region_ch_ge"].when["region"].any_of == ("CH-GE",)
    comments = [line.split("#", 1)[1] for line in text.splitlines() if "#" in line]
    assert [line.split("#", 1)[1] for line in changed.splitlines() if "#" in line] == comments


def test_proposed_points_keep_the_cells_that_may_be_hot_or_warm() -> None:
    """However much interest they add, the idle CEO (A4) stays COLD, and the reading intern (D1) WARM at most."""
    swiss = load("b2b_swiss")
    more = {(rule.name, False): rule.points + 1 for rule in swiss.points.rules if rule.points > 0}
    bands = {"hot": swiss.points.bands.hot + 1}
    drafted = parse(text_with_numbers(shipped_text("b2b_swiss"), swiss, PointsNumbers(more, bands, ())))
    assert {rule.name: rule.points for rule in drafted.points.rules}.items() >= {
        name: points for (name, _), points in more.items()
    }.items()
    assert drafted.points.cells == swiss.points.cells
    clusters = {cell: within_cells("HOT", cell, drafted.points.cells) for cell in ("A1", "A4", "D1")}
    assert clusters == {"A1": "HOT", "A4": "COLD", "D1": "WARM"}


def test_decisions_are_kept_with_author_and_reason(
    warehouse: DuckDBWarehouse, report: suggest.SuggestionReport
) -> None:
    first, second = (proposal.rule for proposal in suggest.proposals(warehouse, MORTGAGE, NOW)[:2])
    ada = publication_note("Ada", "as we thought", NOW + HOUR)
    suggest.decide(warehouse, MORTGAGE, [first, second], "accepted", ada)
    bob = publication_note("Bob", "too much", NOW + 2 * HOUR)
    decided = {proposal.rule: proposal for proposal in suggest.decide(warehouse, MORTGAGE, [second], "declined", bob)}
    assert (decided[first].state, decided[first].author, decided[first].reason) == ("accepted", "Ada", "as we thought")
    assert (decided[second].state, decided[second].author) == ("declined", "Bob")


def test_a_later_run_keeps_a_decision_only_for_the_same_number(
    warehouse: DuckDBWarehouse, report: suggest.SuggestionReport
) -> None:
    rule = suggest.proposals(warehouse, MORTGAGE, NOW)[0]
    suggest.decide(warehouse, MORTGAGE, [rule.rule], "declined", publication_note("Ada", "no", NOW + 3 * HOUR))
    row = {"policy_version": MORTGAGE.version, "rule": rule.rule, "state": "suggested", "evidence": "{}"}
    for hours, after in ((4, rule.after), (5, rule.after + 5)):
        at = NOW + hours * HOUR
        new = {**row, "entry_id": f"e{hours}", "recorded_at": at, "points_before": rule.before, "points_after": after}
        warehouse.append("suggestions", [new])
    same, other = (suggest.proposals(warehouse, MORTGAGE, NOW + hours * HOUR)[0] for hours in (4, 5))
    assert (same.state, other.state) == ("declined", None)


def test_nobody_decides_on_what_was_not_suggested(warehouse: DuckDBWarehouse, report: suggest.SuggestionReport) -> None:
    with pytest.raises(InputError, match="Nothing is suggested for 'webinar'"):
        suggest.decide(warehouse, MORTGAGE, ["webinar"], "accepted", publication_note("Ada", "why not", NOW))


def test_without_outcomes_nothing_is_suggested_and_that_is_said(tmp_path: Path) -> None:
    report = suggest.run(home_warehouse(tmp_path), MORTGAGE, now=NOW)
    assert (report.suggested.suggestions, report.suggested.new_rules) == ((), ())
    assert report.suggested.bands() == {}
    assert "No landmark has matured yet" in report.effect.reason
