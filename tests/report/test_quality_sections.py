"""Quality in plain words: good, bad and not certain are told apart, small numbers say so, and nothing is hidden."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import numpy as np
import pytest

from leadwerk.catalogue.languages import LANGUAGES, Language
from leadwerk.features.protected import protected_names
from leadwerk.policy.load import load
from leadwerk.registry.manifest import GateRecord
from leadwerk.report.formatter import Formatter
from leadwerk.report.quality_sections import left_out_section, thresholds_section, words_section
from leadwerk.report.report_data import ReportData, ScoredOutcomes
from leadwerk.report.threshold_quality import threshold_quality
from leadwerk.stats.feature_profile import FeatureProfile
from leadwerk.stats.leak_finding import LeakFinding
from support.example_report import facts

ENGLISH = Formatter("en", load("mortgage"))


def scored(hot_rate: float, cold_rate: float, *, leads: int = 400, predicted: float | None = None) -> ReportData:
    """Half of the leads with a score of 80, half of 20, and these shares of them converted."""
    score = np.repeat([80, 20], leads // 2)
    place = np.tile(np.arange(leads // 2), 2)
    rate = np.where(score == 80, hot_rate, cold_rate)
    converted = place < rate * (leads // 2)
    probability = np.where(score == 80, hot_rate, cold_rate) if predicted is None else np.full(leads, predicted)
    outcomes = ScoredOutcomes(probability.astype(float), score, converted, ("m",) * leads)
    return replace(facts(), scored=outcomes)


def paragraphs(data: ReportData, formatter: Formatter = ENGLISH) -> list[str]:
    section = words_section(formatter, data)
    assert section is not None
    return list(section.paragraphs)


def test_a_sentence_says_whether_as_many_converted_as_predicted() -> None:
    assert paragraphs(scored(0.4, 0.1))[0].startswith("Good: the model expected")
    assert paragraphs(scored(0.4, 0.1, predicted=0.6))[0].startswith("Bad: the model expected")
    assert paragraphs(scored(0.4, 0.1, predicted=0.05))[0].startswith("More leads converted")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_section_is_whole_in_every_language(language: Language) -> None:
    formatter = Formatter(language, load("mortgage"))
    data = scored(0.4, 0.1)
    for section in (words_section, thresholds_section, left_out_section):
        built = section(formatter, data)
        assert built is not None
        assert "{" not in "".join(built.paragraphs)


def test_precision_and_recall_follow_the_threshold() -> None:
    rows = {
        row.threshold: row for row in threshold_quality(np.array([90, 70, 50, 30]), np.array([True, True, False, True]))
    }
    assert (rows[90].precision.value, rows[90].recall.value) == (1.0, pytest.approx(1 / 3))
    assert (rows[50].precision.value, rows[50].recall.value) == (pytest.approx(2 / 3), pytest.approx(2 / 3))
    assert all(row.precision.low <= row.precision.value <= row.precision.high for row in rows.values())


def test_what_was_left_out_has_its_reason_and_protected_names_a_remedy() -> None:
    data = facts()
    assert data.champion is not None
    gate = GateRecord(
        verdict="promoted",
        level="calibrated",
        excluded=["Tags", "Sex"],
        leaks=[
            LeakFinding(field="Tags", check="alone", stops=True, figure=0.917, low=0.906),
            LeakFinding(field="Budget", check="alone", stops=False, figure=0.8, low=0.78, kept_because="in the form"),
        ],
    )
    profile = {name: FeatureProfile(missing=0.0, shares={}) for name in ("attribute_sex", "attribute_ethnic_group")}
    champion = msgspec.structs.replace(data.champion, gate=gate, profile=profile)
    section = left_out_section(ENGLISH, replace(data, champion=champion))
    assert section is not None
    rows = {row[0]: row[1:] for row in section.table.rows}
    assert rows["Tags"] == ("left out", "it ranks the outcomes by itself (AUC 0.917), so it may know them")
    assert rows["Budget"] == ("kept by a person", "in the form")
    assert "`training.exclude` in the policy, ethnic_group is left out" in rows["ethnic_group"][1]


def test_protected_names_are_found_in_four_languages() -> None:
    names = ["Geschlecht", "sexe", "nazionalita", "Date of birth", "lead_age_days", "average_amount", "stage"]
    assert protected_names(names) == ["Geschlecht", "sexe", "nazionalita", "Date of birth"]
    accented = ["Nationalität", "nationalité", "Età", "Âge", "Staatsangehörigkeit"]
    assert protected_names(accented) == accented


def test_where_a_lead_comes_from_is_a_channel_and_no_origin_of_a_person() -> None:
    assert protected_names(["lead_origin", "Herkunft des Leads", "origine_du_lead", "Traffic origin"]) == []
    assert protected_names(["origin", "Herkunft", "Ethnic origin"]) == ["origin", "Herkunft", "Ethnic origin"]
