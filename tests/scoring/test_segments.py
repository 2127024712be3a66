"""Each lead is scored by the model of its own segment, in any company, and nothing damaged or foreign scores."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, strategies as st

from leadwerk.errors import CorruptModel
from leadwerk.learning.segmented_model import from_files
from leadwerk.policy.load import load
from leadwerk.policy.model import Segment
from leadwerk.policy.points import Condition
from leadwerk.scoring.model import Scorer
from leadwerk.scoring.score_leads import score_leads
from leadwerk.scoring.score_row import changed
from leadwerk.stats.log_odds import logit
from support import example_models as models
from support.examples import examples
from support.lead_states import lead_state, scored_before

MORTGAGE = load("mortgage")
FILES = models.segmented_files(MORTGAGE)
SCORER = Scorer.load(FILES, MORTGAGE, threads=1)
GENERAL = Scorer.load(models.files(MORTGAGE), MORTGAGE, threads=1)

leads = st.fixed_dictionaries(
    {},
    optional={
        "device_category": st.sampled_from(["mobile", "Mobile ", "desktop", None]),
        "language": st.sampled_from(["de", "fr", None]),
        "income": st.one_of(st.none(), st.floats(0, 8)),
        "sessions_7d": st.one_of(st.none(), st.integers(0, 50)),
        "loan_to_value": st.one_of(st.none(), st.floats(0, 3)),
    },
)


def expected(lead: dict[str, Any]) -> str | None:
    """Whose model scores: of a mobile, else of nobody's of the French, else of the rich."""
    if str(lead.get("device_category")).strip().lower() == "mobile":
        return "mobile"
    return "rich" if lead.get("language") != "fr" and (lead.get("income") or 0) > 4 else None


@examples(50)
@given(rows=st.lists(leads, min_size=1, max_size=6))
def test_each_lead_is_scored_by_its_own_model_alone_as_among_others(rows: list[dict[str, Any]]) -> None:
    together = SCORER.predict(SCORER.encode(rows))
    assert together.segments == tuple(expected(row) for row in rows)
    alone = [SCORER.predict(SCORER.encode([row])) for row in rows]
    assert together.probability.tolist() == [scored_alone.probability[0] for scored_alone in alone]
    assert together.predictive_score.tolist() == [scored_alone.predictive_score[0] for scored_alone in alone]


@examples(50)
@given(rows=st.lists(leads, min_size=1, max_size=6))
def test_contributions_and_bias_sum_to_the_log_odds_of_the_leads_own_model(rows: list[dict[str, Any]]) -> None:
    inputs = SCORER.encode(rows)
    totals = SCORER.contributions(inputs).sum(axis=1)
    np.testing.assert_allclose(totals, logit(SCORER.predict(inputs).probability), atol=1e-4)


@examples(50)
@given(rows=st.lists(leads, min_size=1, max_size=6))
def test_whom_the_general_model_scores_it_scores_as_if_there_were_no_segments(rows: list[dict[str, Any]]) -> None:
    mixed, general = (scorer.predict(scorer.encode(rows)) for scorer in (SCORER, GENERAL))
    same = [place for place, segment in enumerate(mixed.segments) if segment is None]
    assert mixed.probability[same].tolist() == general.probability[same].tolist()
    assert general.segments == (None,) * len(rows)


def test_scoring_says_what_learning_said() -> None:
    training_columns = models.columns(MORTGAGE, 300)
    arrays = {
        feature.name: np.array(
            training_columns[feature.name], dtype=object if feature.kind == "category" else np.float64
        )
        for feature in SCORER.features
    }
    predicted = SCORER.predict(SCORER.encode_columns(training_columns))
    assert {"mobile", "rich", None} == set(predicted.segments)
    learned = from_files(FILES.files, MORTGAGE).probability(arrays)
    np.testing.assert_allclose(predicted.probability, learned, rtol=1e-6)


def test_50_is_the_average_lead_of_all_in_every_segment() -> None:
    predicted = SCORER.predict(SCORER.encode_columns(models.columns(MORTGAGE, 300)))
    odds = predicted.probability / (1 - predicted.probability) * (1 - models.BASE_RATE) / models.BASE_RATE
    assert np.abs(predicted.predictive_score - 100 * odds / (1 + odds)).max() <= 0.5
    assert (np.diff(predicted.predictive_score[np.argsort(predicted.probability)]) >= 0).all()


def test_a_score_names_the_segment_and_its_reasons_are_its_models() -> None:
    rows = [{"device_category": "mobile", "sessions_7d": 9.0}, {"language": "fr", "income": 9.0, "sessions_7d": 9.0}]
    states = list(map(lead_state, rows))
    on_mobile, french = score_leads(SCORER, MORTGAGE, states)
    assert (on_mobile.segment, french.segment) == ("mobile", None)
    (alone,) = score_leads(GENERAL, MORTGAGE, states[:1])
    assert (alone.segment, alone.model_version) == (None, GENERAL.version)
    assert on_mobile.reasons != alone.reasons
    assert french.reasons == score_leads(GENERAL, MORTGAGE, states[1:])[0].reasons


def test_another_segment_alone_is_no_news() -> None:
    (judged,) = score_leads(SCORER, MORTGAGE, [lead_state({"device_category": "mobile"})])
    before = lead_state({}, latest_score=scored_before(msgspec.structs.replace(judged, segment=None)))
    assert not changed(judged, before, MORTGAGE)


def test_the_definitions_of_the_version_hold_whatever_the_policy_says_by_now() -> None:
    changed_segments = (
        Segment(name="mobile", when={"language": Condition(any_of=("de",))}),
        Segment(name="new", when={}),
    )
    later = msgspec.structs.replace(MORTGAGE, segments=changed_segments)
    rows = [{"device_category": "mobile", "language": "fr"}, {"language": "de"}]
    scorer = Scorer.load(FILES, later, threads=1)
    assert scorer.predict(scorer.encode(rows)).segments == ("mobile", None)
    bare = Scorer.load(models.files(MORTGAGE), later, threads=1)
    assert bare.predict(bare.encode(rows)).segments == (None, None)


@pytest.mark.parametrize("name", [name for name in FILES.files if name.startswith("segments/")])
def test_a_version_that_lacks_a_segments_file_is_refused(name: str) -> None:
    rest = {file_name: data for file_name, data in FILES.files.items() if file_name != name}
    with pytest.raises(CorruptModel, match=name):
        Scorer.load(msgspec.structs.replace(FILES, files=rest), MORTGAGE)


@pytest.mark.parametrize("data", [b"", b"[{}]", b'{"mobile": 1}', b'[{"name": "x", "when": {"income": {"abov": 4}}}]'])
def test_definitions_that_cannot_be_read_are_refused(data: bytes) -> None:
    damaged = FILES.files | {"segments.json": data}
    with pytest.raises(CorruptModel, match=r"segments\.json of model .* cannot be read"):
        Scorer.load(msgspec.structs.replace(FILES, files=damaged), MORTGAGE)


def test_a_segments_model_of_other_columns_is_refused() -> None:
    narrow = models.additive(0.0, np.ones(1))
    mixed = FILES.files | {"segments/rich/model.json": narrow.to_json()}
    with pytest.raises(CorruptModel, match="trained on 1 columns"):
        Scorer.load(msgspec.structs.replace(FILES, files=mixed), MORTGAGE)
