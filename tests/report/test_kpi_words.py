"""Words about KPIs: limits in every language, and a trend that says when it may be chance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import pytest
from markupsafe import escape

from leadwerk.catalogue.languages import Language
from leadwerk.policy.kpi_limits import KpiLimit
from leadwerk.policy.load import load
from leadwerk.report.formatter import Formatter
from leadwerk.report.kpi_alerts import DailyKpi, KpiAlert
from leadwerk.report.kpi_section import alert_sentence
from leadwerk.report.page import render
from leadwerk.report.results.trend import trend_answer
from leadwerk.report.wording import Wording
from support.example_report import facts
from support.selling import NOW

POLICY = load("b2b_swiss")
FIRST, LAST = date(2026, 4, 4), date(2026, 5, 4)


def kpi(name: str, value: float, day: date = LAST, *, of: Sequence[str] = (), **bounds: float) -> DailyKpi:
    by, segment = of or (None, None)
    return DailyKpi(
        kpi_id=name, day=day, kpi=name, segmented_by=by, segment=segment, value=value, leads=100,
        low=bounds.get("low"), high=bounds.get("high"),
    )  # fmt: skip


def alert(limit: KpiLimit, row: DailyKpi) -> KpiAlert:
    return KpiAlert(row, limit, FIRST)


@pytest.mark.parametrize(
    ("limit", "row", "sentence"),
    [
        (KpiLimit(kpi="contact_hours", at_most=16), kpi("contact_hours", 32.0),
         "Half contacted within: 32 h since 2026-04-04 (limit: at most 16 h)."),
        (KpiLimit(kpi="conversion", at_least=0.05, at_most=0.2, by="language"),
         kpi("conversion", 0.021, of=("language", "fr"), low=0.01, high=0.04),
         "Conversion (Language French): 2.1% since 2026-04-04 (limit: at least 5.0%, at most 20.0%)."),
        (KpiLimit(kpi="mean_score", at_least=40), kpi("mean_score", 38.24),
         "Mean score: 38.2 since 2026-04-04 (limit: at least 40.0)."),
    ],
)  # fmt: skip
def test_an_alert_names_figure_value_day_and_limit(limit: KpiLimit, row: DailyKpi, sentence: str) -> None:
    assert alert_sentence(Formatter("en", POLICY), alert(limit, row)) == sentence


@pytest.mark.parametrize("language", ["de", "fr", "it", "en"])
def test_the_report_has_a_paragraph_for_each_alert(language: Language) -> None:
    alerts = [
        alert(KpiLimit(kpi=name, at_least=9), kpi(name, 1.0))  # type: ignore[arg-type]
        for name in ("new_leads", "hot_leads", "mean_score", "conversion", "contacted", "contact_hours")
    ]
    page = render(replace(facts(), results=replace(facts().results, alerts=alerts)), language)
    paragraphs = [alert_sentence(Formatter(language, POLICY), alert) for alert in alerts]
    assert len(set(paragraphs)) == len(alerts)
    assert [paragraph for paragraph in paragraphs if f"<p>{escape(paragraph)}</p>" not in page] == []


@pytest.mark.parametrize(
    ("first", "last", "answer"),
    [
        ((0.05, 0.04, 0.06), (0.09, 0.07, 0.11), "Conversion has risen from 5.0%"),
        ((0.09, 0.07, 0.11), (0.05, 0.04, 0.06), "Conversion has fallen from 9.0%"),
        ((0.05, 0.03, 0.08), (0.07, 0.05, 0.1), "the difference may be chance"),
    ],
)
def test_a_trend_is_one_only_beyond_chance(
    first: tuple[float, float, float], last: tuple[float, float, float], answer: str
) -> None:
    by_day = {
        day: {"conversion": kpi("conversion", value, day, low=low, high=high)}
        for day, (value, low, high) in ((FIRST, first), (LAST, last))
    }
    assert answer in trend_answer(Wording(POLICY, "en", NOW), by_day)


def test_without_certain_outcomes_there_is_no_trend() -> None:
    by_day = {day: {"hot_leads": kpi("hot_leads", 3, day)} for day in (FIRST, LAST)}
    assert trend_answer(Wording(POLICY, "en", NOW), by_day).startswith("Measured on 2 mornings")
