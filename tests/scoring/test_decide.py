"""Who decides: the points before there is a model, and then both, as the policy says."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, strategies as st

from leadwerk.points.blended_score import as_predictive, weighted_mean
from leadwerk.points.classification import LeadRating
from leadwerk.points.entry import Entry
from leadwerk.policy.load import load
from leadwerk.policy.points import Cells, Rule
from leadwerk.policy.selling import Capacity, RankingRule, Seller
from leadwerk.scoring.decide import decide
from leadwerk.scoring.lead_state import VISITOR
from leadwerk.scoring.model import Scorer
from leadwerk.scoring.override import Override
from leadwerk.scoring.reasons import rule_reasons
from leadwerk.scoring.score_leads import score_leads
from leadwerk.scoring.score_row import changed, stored_rating
from leadwerk.scoring.seller_pools import HotThresholds
from support import example_models as models
from support.example_leads import NOW
from support.lead_history import lead
from support.lead_states import lead_state, scored_before, state_of_history

MORTGAGE = load("mortgage")
HOT, WARM, COLD, GONE = "Call_Immediately", "Send_Offer", "Nurture", "Do_Not_Contact"


def rating(points: float = 0.0, **changes: Any) -> LeadRating:
    named = {"fit": points, "interest": 0.0, "points": points, "grade": "B", "level": 2, "matrix_cell": "B2", "icp": 0,
             "traffic_light": None, "tier": None, "phase": None, "disqualified": False}  # fmt: skip
    return LeadRating(**named | changes)


def ranked_by(rank: str, **options: Any) -> Any:
    return msgspec.structs.replace(MORTGAGE, decision=RankingRule(rank_by=rank, **options))


@pytest.mark.parametrize(
    ("points", "cluster", "action"),
    [(50, "HOT", HOT), (49.99, "WARM", WARM), (20, "WARM", WARM), (19.99, "COLD", COLD), (-80, "COLD", COLD)],
)
def test_without_a_model_points_decide_by_their_own_bands(points, cluster, action):
    decision = decide(None, MORTGAGE, rating(points))
    assert (decision.cluster, decision.action, decision.hot_threshold) == (cluster, action, 50)


def test_without_model_and_rules_nobody_decides():
    decision = decide(None, MORTGAGE)
    assert (decision.cluster, decision.action, decision.hot_threshold) == ("UNSCORED", "Review_Manually", None)


@pytest.mark.parametrize(("score", "cluster"), [(70, "HOT"), (69, "WARM"), (50, "WARM"), (49, "COLD")])
def test_a_model_ranks_whatever_the_points_are(score, cluster):
    for points in (-100, 0, 100):
        decision = decide(score, MORTGAGE, rating(points))
        assert (decision.cluster, decision.hot_threshold) == (cluster, 70)


def test_whom_points_disqualify_no_score_saves_unless_the_policy_says_so():
    disqualified = rating(90, disqualified=True)
    assert decide(None, MORTGAGE, disqualified).action == GONE
    assert decide(99, MORTGAGE, disqualified).cluster == "DISQUALIFIED"
    forgiving = ranked_by("model", points_disqualify=False)
    assert decide(99, forgiving, disqualified).cluster == "HOT"
    assert decide(None, forgiving, disqualified).cluster == "DISQUALIFIED"  # no model: the points decide


def test_a_policy_may_rank_by_points_although_there_is_a_model():
    decision = decide(5, ranked_by("points"), rating(55))
    assert (decision.cluster, decision.hot_threshold) == ("HOT", 50)


def test_a_policy_may_weigh_both():
    policy = ranked_by("both", points_weight=50)
    assert decide(90, policy, rating(20)).cluster == "HOT"  # (90 + 50) / 2
    assert decide(89, policy, rating(20)).cluster == "HOT"  # 69.5 rounds up
    assert decide(88, policy, rating(20)).cluster == "WARM"
    assert decide(90, ranked_by("both", points_weight=100), rating(20)).cluster == "WARM"


@given(st.integers(-100, 200), st.integers(-100, 200), st.integers(0, 100), st.integers(0, 100))
def test_on_the_models_scale_points_keep_order_and_bands(lower, other, predictive, weight):
    policy = ranked_by("both", points_weight=weight)
    scaled = as_predictive(policy, [lower, other])
    assert (scaled[0] <= scaled[1]) == (lower <= other) or scaled[0] == scaled[1]
    assert ((scaled >= policy.bands.hot) == (np.array([lower, other]) >= policy.points.bands.hot)).all()
    assert ((scaled >= policy.bands.warm) == (np.array([lower, other]) >= policy.points.bands.warm)).all()
    both = float(weighted_mean(policy, predictive, lower))
    assert min(predictive, scaled[0]) - 1e-9 <= both <= max(predictive, scaled[0]) + 1e-9


def test_the_threshold_of_those_who_can_serve_the_lead_is_the_one_that_counts():
    sellers = (Seller(name="anna", hours_per_week=10, languages=("de",)), Seller(name="luc", hours_per_week=9))
    policy = msgspec.structs.replace(MORTGAGE, capacity=Capacity(sellers=sellers))
    hot = HotThresholds(policy, {("points", ""): 55, ("points", "luc"): 42, ("model", ""): 75})
    assert decide(None, policy, rating(50), hot=hot, language="de").cluster == "WARM"
    assert decide(None, policy, rating(50), hot=hot, language="fr").cluster == "HOT"
    assert decide(72, policy, rating(50), hot=hot, language="fr").hot_threshold == 75


@pytest.fixture(scope="module")
def scorer() -> Scorer:
    return Scorer.load(models.files(MORTGAGE), MORTGAGE, threads=1)


class TestAJudgementWithPoints:
    def lead_score(self, scorer, policy=MORTGAGE, status=None, outcome=None, created_at=NOW, **facts):
        """The judgement of a lead with these facts that used the simulator yesterday."""
        features = {"language": "fr", "has_web_behaviour": 1, **facts}
        history = lead(**features).did("mortgage_simulator", 1)
        state = state_of_history(policy, history, created_at=created_at, status=status, outcome=outcome)
        [score] = score_leads(scorer, policy, [state])
        return score

    def test_without_a_model_it_says_where_its_points_come_from(self):
        score = self.lead_score(None, instalment_to_income=0.2)
        assert (score.basis, score.probability, score.predictive_score) == ("points", None, None)
        assert score.points == score.fit + score.interest == round(sum(entry.points for entry in score.ledger), 2)
        assert [reason.feature for reason in score.reasons][:2] == ["affordable", "mortgage_simulator"]
        assert score.reasons[0].contribution == 20
        assert "bien supportable" in score.reasons[0].text

    def test_with_a_model_the_reasons_are_the_models_and_the_points_stand_beside(self, scorer):
        score = self.lead_score(scorer, instalment_to_income=0.2)
        assert score.basis == "model"
        assert score.model_version == scorer.version
        assert score.probability is not None
        assert score.points > 0
        assert score.ledger
        assert "affordable" not in {reason.feature for reason in score.reasons}

    def test_whoever_is_disqualified_reads_by_which_rule(self, scorer):
        barred = Rule(name="barred", group="warning", points=0, when={"country": {"any_of": ["RU"]}}, disqualifies=True)
        model = msgspec.convert(msgspec.to_builtins(MORTGAGE.points), type(MORTGAGE.points))
        model = msgspec.structs.replace(model, rules=(*model.rules, msgspec.convert(msgspec.to_builtins(barred), Rule)))
        policy = msgspec.structs.replace(MORTGAGE, points=model)
        score = self.lead_score(scorer, policy, country="RU")
        assert (score.score_cluster, score.recommended_action) == ("DISQUALIFIED", GONE)
        assert score.reasons[0].feature == "barred"

    def test_the_crms_status_makes_the_stage(self):
        assert self.lead_score(None, status="Prüfung", outcome="open").stage == "application"
        assert self.lead_score(None, status="Ausbezahlt", outcome="paid_out").stage == "customer"
        assert self.lead_score(None, created_at=None).stage == "anonymous"

    def test_ledger_and_reasons_come_on_demand_and_nothing_else_changes(self, scorer):
        state = state_of_history(MORTGAGE, lead(language="de", loan_to_value=0.7))
        [whole], [brief] = (score_leads(scorer, MORTGAGE, [state], explained=e) for e in (True, False))
        assert brief == msgspec.structs.replace(whole, reasons=(), ledger=())

    def test_a_stored_score_has_the_rating_that_stages_depend_on(self):
        score = self.lead_score(None)
        back = stored_rating(score)
        assert (back.points, back.matrix_cell, back.grade, back.level) == (
            score.points,
            score.matrix_cell,
            score.grade,
            score.level,
        )
        assert score.matrix_cell == f"{score.grade}{score.level}"
        assert stored_rating(msgspec.structs.replace(score, matrix_cell=None)) is None


class TestWhatIsNews:
    def judgement(self, scorer=None, **changes):
        [score] = score_leads(scorer, MORTGAGE, [state_of_history(MORTGAGE, lead(language="de"), created_at=NOW)])
        return msgspec.structs.replace(score, **changes)

    def stored(self, judgement):
        return lead_state({}, latest_score=scored_before(judgement))

    def test_where_points_decide_a_whole_point_is_and_a_hundredth_is_not(self):
        before = self.stored(self.judgement(points=30.2))
        assert not changed(self.judgement(points=30.4), before, MORTGAGE)
        assert changed(self.judgement(points=30.6), before, MORTGAGE)

    def test_where_the_model_ranks_points_that_wear_away_are_none(self):
        before = self.stored(self.judgement(basis="model", points=30.0))
        assert not changed(self.judgement(basis="model", points=12.0), before, MORTGAGE)
        assert changed(self.judgement(basis="model", points=12.0), before, ranked_by("both"))

    @pytest.mark.parametrize("name", ["matrix_cell", "stage", "tier", "traffic_light", "score_cluster"])
    def test_what_a_seller_acts_on_is(self, name):
        before = self.stored(self.judgement())
        assert changed(self.judgement(**{name: "other"}), before, MORTGAGE)

    @pytest.mark.parametrize("name", ["phase", "icp", "hot_threshold"])
    def test_what_only_explains_it_is_none(self, name):
        before = self.stored(self.judgement())
        assert not changed(self.judgement(**{name: 77 if name != "phase" else "decision"}), before, MORTGAGE)


def entry(rule: str, points: float, events: int = 0) -> Entry:
    return Entry(rule=rule, group="g", score="fit", kind="event" if events else "attribute", subject="x",
                 events=events, base=round(points), factor=1.0, points=points)  # fmt: skip


def test_reasons_by_points_are_the_weightiest_and_no_more_than_a_person_reads():
    ledger = [entry(f"plus_{n}", n) for n in range(1, 7)] + [entry(f"minus_{n}", -n) for n in range(1, 7)]
    reasons = rule_reasons(ledger, MORTGAGE, "de")
    assert [reason.contribution for reason in reasons] == [6, -6, 5, -5, 4, -4]


B2B = load("b2b_swiss")


@pytest.mark.parametrize("points", [0.0, -20.0])
def test_a_rule_that_disqualifies_comes_first_and_once(points):
    decisive = next(rule.name for rule in B2B.points.rules if rule.disqualifies)
    reasons = rule_reasons([entry("plus", 30), entry(decisive, points)], B2B, "de")
    assert [reason.feature for reason in reasons] == [decisive, "plus"]


@pytest.mark.parametrize("score", [None, 100])
@pytest.mark.parametrize(
    ("matrix_cell", "cluster"),
    [("A1", "HOT"), ("C3", "HOT"), ("D1", "WARM"), ("D3", "WARM"), ("A4", "COLD"), ("D4", "COLD")],
)
def test_fit_and_interest_both_count_whoever_ranks(score, matrix_cell, cluster):
    lead_rating = rating(100, matrix_cell=matrix_cell)
    assert decide(score, B2B, lead_rating).cluster == cluster


def test_a_cell_makes_nobody_better():
    assert decide(None, B2B, rating(10, matrix_cell="A1")).cluster == "COLD"
    assert decide(None, B2B, rating(30, matrix_cell="D1", disqualified=True)).cluster == "DISQUALIFIED"


def test_cells_are_the_policys():
    cells = Cells(hot=("A4",), warm=("A4", "B2"))
    mine = msgspec.structs.replace(B2B, points=msgspec.structs.replace(B2B.points, cells=cells))
    clusters = [decide(None, mine, rating(100, matrix_cell=cell)).cluster for cell in ("A4", "B2", "A1")]
    assert clusters == ["HOT", "WARM", "COLD"]


KEEN = lead(job_title="CEO", employees=200, industry="software").did("demo_request").did("pricing_page")


@pytest.mark.parametrize(("outcome", "stage"), [("lost", "lost"), ("won", "customer")])
def test_a_lead_that_the_crm_closed_is_closed_whatever_is_said_of_it(outcome, stage):
    says_hot = Override(cluster="HOT", author="eva", reason="knows better", set_at=NOW, ends_at=NOW + timedelta(days=3))
    for override in (None, says_hot):
        state = state_of_history(B2B, KEEN, created_at=NOW, status="closed", outcome=outcome, override=override)
        (score,) = score_leads(None, B2B, [state])
        assert (score.score_cluster, score.recommended_action, score.stage) == ("CLOSED", "No_Action", stage)
        assert score.decided_by is None


@pytest.mark.parametrize("outcome", [None, "open"])
def test_a_lead_that_was_opened_again_is_decided_as_before(outcome):
    state = state_of_history(B2B, KEEN, created_at=NOW, status="x", outcome=outcome)
    (score,) = score_leads(None, B2B, [state])
    assert (score.score_cluster, score.recommended_action) == ("HOT", "Call_Today")


def test_a_visitor_who_is_no_lead_gets_no_call():
    visitor = msgspec.structs.replace(state_of_history(B2B, KEEN), lead_id=f"{VISITOR}V7")
    (score,) = score_leads(None, B2B, [visitor])
    assert (score.score_cluster, score.recommended_action) == ("HOT", "No_Action")
