"""Answers of the results page: computed from the figures, in every language, with yes, no and may be chance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Literal

import pytest

from leadwerk.catalogue.languages import Language
from leadwerk.policy.load import load
from leadwerk.report.results import answers, segments
from leadwerk.report.results.band_outcomes import BandOutcome
from leadwerk.report.results.changes import DecisionChange
from leadwerk.report.results.data import ResultsData
from leadwerk.report.results.outcome_counts import OutcomeCount, Totals
from leadwerk.report.results.questions import Question, questions
from leadwerk.report.wording import Wording
from support.selling import NOW

POLICY = load("b2b_swiss")
ENGLISH = Wording(POLICY, "en", NOW)
LANGUAGES: tuple[Language, ...] = ("de", "fr", "it", "en")
GAINS = [(share / 20, min(1.0, share / 10)) for share in range(1, 21)]


def bands(high: tuple[int, int], low: tuple[int, int]) -> Mapping[int, BandOutcome]:
    return {20: BandOutcome(*low), 80: BandOutcome(*high)}


def week(certain: int, won: int) -> Totals:
    return Totals(leads=certain, certain=certain, won=won, hot=0)


@pytest.mark.parametrize(
    ("outcomes", "key"),
    [
        (bands((100, 40), (300, 15)), "yes"),
        (bands((100, 5), (300, 120)), "no"),
        (bands((40, 4), (300, 24)), "chance"),
    ],
)
def test_high_scores_become_contracts_or_it_may_be_chance(outcomes: Mapping[int, BandOutcome], key: str) -> None:
    (hot, low) = outcomes[80], outcomes[20]
    figures = {
        "top": ENGLISH.percent(hot.won / hot.leads, 1),
        "rest": ENGLISH.percent(low.won / low.leads, 1),
        "hot": 70,
    }
    assert answers.scores_answer(ENGLISH, outcomes, 70) == ENGLISH.say(f"page.answer.scores.{key}", **figures)


@pytest.mark.parametrize(
    ("before", "recent", "key"),
    [((400, 20), (60, 15), "up"), ((400, 120), (60, 1), "down"), ((400, 20), (60, 4), "same")],
)
def test_the_market_is_another_one_only_beyond_chance(
    before: tuple[int, int], recent: tuple[int, int], key: str
) -> None:
    weeks = [week(*before), *[week(recent[0] // 4, 0)] * 3, week(recent[0] // 4, recent[1])]
    figures = {"new": ENGLISH.percent(recent[1] / recent[0], 1), "old": ENGLISH.percent(before[1] / before[0], 1)}
    assert answers.market_answer(ENGLISH, weeks) == ENGLISH.say(f"page.answer.market.{key}", **figures)


def test_a_segment_differs_only_beyond_chance_for_all_that_are_compared() -> None:
    compared = {"paid": week(400, 4), "partner": week(400, 80), "fair": week(10, 9)}
    sentence = answers.segments_answer(ENGLISH, compared, 0.1)
    assert "partner" in sentence
    assert "paid" in sentence
    assert "fair" not in sentence
    alike = {"paid": week(400, 38), "partner": week(400, 44)}
    assert answers.segments_answer(ENGLISH, alike, 0.1) == ENGLISH.say("page.answer.segments.chance", count=2)


def test_a_segment_is_named_as_its_row_is() -> None:
    counts = [
        OutcomeCount(week=1, segment=name, wait_level=1, leads=400, certain=400, won=won, hot=0)
        for name, won in (("en", 4), ("de", 90))
    ]
    data = ResultsData(
        weeks=26, by="language", hot=70, counts=counts, outcomes=(), outlook=None, kpis=(), alerts=(), money=None
    )
    sentence = segments.segments_answer(Wording(POLICY, "de", NOW), data)
    assert ("Deutsch" in sentence, "Englisch" in sentence) == (True, True)


def market(changes: Sequence[DecisionChange]) -> Question:
    counts = [
        OutcomeCount(week=number, segment="de", wait_level=1, leads=40, certain=40, won=4, hot=0)
        for number in range(26)
    ]
    data = ResultsData(
        weeks=26, by="language", hot=70, counts=counts, outcomes=(), outlook=None, kpis=(), alerts=(), money=None,
        changes=changes,
    )  # fmt: skip
    [question] = [question for question in questions(ENGLISH, data) if question.name == "market"]
    return question


def test_a_new_model_and_new_rules_are_marked_in_the_weeks_with_words_beside() -> None:
    moments: Mapping[Literal["model", "rules", "model_before"], int] = {"model": 8, "rules": 7, "model_before": 22}
    changes = [DecisionChange(changed_at=NOW - timedelta(days=ago), kind=kind) for kind, ago in moments.items()]
    question = market(changes)
    described = [row[1] for row in question.rows if row[1] != "–"]
    assert [[part.partition(": ")[2] for part in text.split(", ")] for text in described] == [
        ["the model before again"],
        ["new model", "new rules"],
    ]
    assert (question.svg.count(">MR</text>"), question.svg.count(">M</text>")) == (2, 2)
    assert "M: another model began to serve" in question.note


def test_weeks_without_a_change_have_no_mark() -> None:
    outside = DecisionChange(changed_at=NOW - timedelta(days=26 * 7), kind="rules")
    for question in (market([]), market([outside])):
        assert {row[1] for row in question.rows} == {"–"}
        assert "event" not in question.svg
        assert "another model" not in question.note


def test_the_slowest_tenth_waits_hours() -> None:
    assert answers.speed_answer(ENGLISH, 32, 128, 1.0).endswith("the slowest tenth waited 128 h or longer.")


def test_the_best_fifth_brings_a_share_of_the_contracts() -> None:
    assert "40%" in answers.order_answer(ENGLISH, GAINS)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_answer_is_there_in_every_language(language: Language) -> None:
    wording = Wording(POLICY, language, NOW)
    weeks: Sequence[Totals] = [week(400, 20), *[week(15, 1)] * 4]
    sentences = [
        answers.scores_answer(wording, bands((100, 40), (300, 15)), 70),
        answers.scores_answer(wording, {}, 70),
        answers.speed_answer(wording, 4, 32, 0.9),
        answers.speed_answer(wording, 4, None, 0.7),
        answers.speed_answer(wording, None, None, 0.3),
        answers.market_answer(wording, weeks),
        answers.segments_answer(wording, {"paid": week(400, 4), "partner": week(400, 80)}, 0.1),
        answers.order_answer(wording, GAINS),
        answers.order_answer(wording, []),
    ]
    assert all(sentences)
    assert not [sentence for sentence in sentences if "{" in sentence]
