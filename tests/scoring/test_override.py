"""What a person says of a lead decides it, and changes nothing else of its judgement."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest
from hypothesis import given, strategies as st
from msgspec.structs import replace

from leadwerk.policy.load import load
from leadwerk.scoring.decide import Decision, action_for, decide, overruled
from leadwerk.scoring.lead_state import LeadState
from leadwerk.scoring.model import Scorer
from leadwerk.scoring.override import CLUSTERS, Override, end_of, last_day
from leadwerk.scoring.score_leads import LeadScore, score_leads
from leadwerk.scoring.score_row import changed, score_id
from support import example_models as models
from support.lead_states import lead_state, scored_before

MORTGAGE = load("mortgage")
NOW = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
UNTIL = datetime(2026, 5, 18, 22, tzinfo=UTC)
LEAD = lead_state({"language": "fr", "region": "CH-VD"}, created_at=NOW)
PERSONS = ("score_cluster", "recommended_action", "decided_by", "stage", "reasons")


def override(cluster: str = "HOT", **changes: object) -> Override:
    defaults = {"author": "Eva", "reason": "met at the fair", "set_at": NOW, "ends_at": UNTIL}
    return Override(cluster=cluster, **{**defaults, **changes})


@pytest.fixture(scope="module")
def scorer() -> Scorer:
    return Scorer.load(models.files(MORTGAGE), MORTGAGE)


def judged(scorer: Scorer | None, active: Override | None = None) -> LeadScore:
    return score_leads(scorer, MORTGAGE, [replace(LEAD, override=active)])[0]


def after(score: LeadScore, active: Override | None = None) -> LeadState:
    """The state of a lead with this latest score and override."""
    return replace(LEAD, latest_score=scored_before(score), override=active)


@pytest.mark.parametrize("cluster", CLUSTERS)
@pytest.mark.parametrize("score", [None, 0, 55, 99])
def test_cluster_and_action_are_the_persons_and_the_threshold_stays_the_products(score, cluster):
    product_decision = decide(score, MORTGAGE)
    decision = overruled(product_decision, override(cluster), MORTGAGE)
    assert decision == Decision(cluster, action_for(cluster, MORTGAGE), product_decision.hot_threshold, "Eva")


def test_without_a_word_the_decision_is_the_products():
    assert overruled(decide(55, MORTGAGE), None, MORTGAGE) == decide(55, MORTGAGE)


@pytest.mark.parametrize("cluster", CLUSTERS)
def test_what_the_product_says_stays_beside_the_persons_cluster(scorer, cluster):
    product_score, score = judged(scorer), judged(scorer, override(cluster))
    assert (score.score_cluster, score.decided_by, product_score.decided_by) == (cluster, "Eva", None)
    left_out = dict.fromkeys(PERSONS)
    assert {**msgspec.structs.asdict(product_score), **left_out} == {**msgspec.structs.asdict(score), **left_out}
    assert score.reasons[1:] == product_score.reasons


def test_the_stage_follows_from_the_cluster_as_for_any_decision(scorer):
    stages = {cluster: judged(scorer, override(cluster)).stage for cluster in CLUSTERS}
    assert stages["HOT"] == "sql"
    assert len({stages["HOT"], stages["WARM"], stages["COLD"]}) == 3
    assert stages["DISQUALIFIED"] == stages["COLD"]


def test_where_nobody_scores_a_person_still_decides():
    bare = msgspec.structs.replace(MORTGAGE, points=type(MORTGAGE.points)(), stages=())
    score = score_leads(None, bare, [replace(LEAD, override=override())])[0]
    assert (score.basis, score.score_cluster, score.predictive_score) == ("no_champion", "HOT", None)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("de", "Eva hat den Lead bis 18.05.2026 auf «heiss» gesetzt: met at the fair"),
        ("fr", "Eva a classé le lead «\u00a0très prometteur\u00a0» jusqu’au 18.05.2026\u00a0: met at the fair"),
        ("it", "Eva ha classificato il lead come «molto promettente» fino al 18.05.2026: met at the fair"),
        ("en", "Eva set the lead to “hot” until 2026-05-18: met at the fair"),
    ],
)
def test_the_first_reason_says_who_why_and_until_when_in_the_leads_language(language, text):
    reason = override().as_reason(MORTGAGE, language)
    assert (reason.feature, reason.contribution, reason.text) == ("override", 0.0, text)


def test_braces_in_a_reason_are_text():
    assert override(reason="{author} of {x}").as_reason(MORTGAGE, "en").text.endswith(": {author} of {x}")


@given(st.dates(date(2020, 1, 1), date(2040, 12, 31)), st.sampled_from(["Europe/Zurich", "UTC", "America/New_York"]))
def test_a_last_day_and_the_moment_of_its_end_are_one(last, zone):
    policy = msgspec.structs.replace(MORTGAGE, time_zone=zone)
    end = end_of(last, policy)
    assert end.utcoffset() == timedelta(0)
    assert (last_day(end, policy), last_day(end + timedelta(microseconds=1), policy)) == (
        last,
        last + timedelta(days=1),
    )


def test_the_day_on_which_the_clock_changes_ends_at_its_own_midnight():
    ends = [end_of(day, MORTGAGE).hour for day in (date(2026, 3, 28), date(2026, 3, 29), date(2026, 10, 25))]
    assert ends == [23, 22, 23]


class TestNews:
    def test_a_word_that_begins_or_ends_is_news_even_with_the_products_own_cluster(self, scorer):
        product_score = judged(scorer)
        active = override(product_score.score_cluster)
        assert changed(judged(scorer, active), after(product_score), MORTGAGE)
        assert changed(product_score, after(judged(scorer, active)), MORTGAGE)
        assert not changed(judged(scorer, active), after(judged(scorer, active)), MORTGAGE)

    def test_a_word_said_since_is_news_even_if_only_reason_or_end_are_others(self, scorer):
        later = override(set_at=NOW + timedelta(hours=1), reason="and again")
        before = judged(scorer, override())
        assert changed(judged(scorer, later), after(before, later), MORTGAGE)
        assert not changed(judged(scorer, later), after(before, override()), MORTGAGE)

    def test_a_score_with_a_word_has_an_id_of_its_own_at_the_same_moment(self, scorer):
        lead_scores = [
            judged(scorer, active) for active in (None, override(), override("COLD"), override(author="Urs"))
        ]
        assert len({score_id("1", NOW, lead_score) for lead_score in lead_scores}) == 4
