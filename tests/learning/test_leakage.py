"""The leakage gate stops on fields that know the outcome, and passes honest ones, however strong."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from leadwerk.learning.leak_texts import finding_text, remedy_text, stop_text
from leadwerk.learning.leakage import FEWEST_ROWS, find_leaks
from leadwerk.learning.open_leads import OpenLeads
from leadwerk.texts.catalogue import LANGUAGES
from leadwerk.texts.message import in_language

SHARED = Path(__file__).parents[3] / "shared"
EDUCATION = SHARED / "data" / "x-education-leads" / "leads_first_80_percent.csv"
SHOPPERS = SHARED / "data" / "online-shoppers" / "online_shoppers_intention.csv"
LEAKY = SHARED / "cases" / "22-leaky-columns" / "leads.csv"
ROWS = 2000


def fields_of(path, outcome, positive, ignored=()):
    if not path.exists():
        pytest.skip(f"{path.name} is not here")
    frame = pd.read_csv(path)
    columns = {
        name: frame[name].to_numpy()
        if frame[name].dtype.kind in "iufb"
        else frame[name].astype(object).where(frame[name].notna(), None).to_numpy()
        for name in frame.columns.drop([outcome, *ignored])
    }
    return columns, (frame[outcome] == positive).to_numpy()


def in_order(rows):
    return np.arange(rows).astype("datetime64[us]")


def market(seed=1, rows=ROWS, rate=0.3):
    """An honest strong field, a weak one, noise; the base rate of the market."""
    random = np.random.default_rng(seed)
    hours, visits = random.normal(size=rows), random.poisson(2, rows) * 1.0
    log_odds = np.log(rate / (1 - rate)) + 1.2 * hours + 0.2 * (visits - 2)
    converted = random.random(rows) < 1 / (1 + np.exp(-log_odds))
    return {"hours": hours, "visits": visits, "noise": random.normal(size=rows)}, converted, random


@pytest.mark.slow
def test_real_leads_stop_on_tags_alone_and_name_other_late_columns():
    columns, converted = fields_of(EDUCATION, "Converted", 1, ["Prospect ID", "Lead Number"])
    report = find_leaks(columns, converted, in_order(len(converted)))
    assert report.stopping_fields == ("Tags",)
    named = {finding.field for finding in report.findings}
    assert {"Lead Quality", "Lead Profile"} <= named
    assert "Total Time Spent on Website" not in named


def test_the_page_value_of_a_shop_is_strong_and_does_not_stop():
    columns, converted = fields_of(SHOPPERS, "Revenue", True)
    report = find_leaks(columns, converted, in_order(len(converted)))
    assert report.stopping_fields == ()
    assert [finding.field for finding in report.findings] == ["PageValues"]


def test_reasons_for_a_loss_and_amounts_of_a_deal_stop():
    columns, converted = fields_of(LEAKY, "Outcome", "won", ["Lead ID", "Created"])
    report = find_leaks(columns, converted, in_order(len(converted)))
    assert set(report.stopping_fields) == {"Lost Reason", "Deal Amount"}


@pytest.mark.parametrize("seed", range(8))
def test_honest_fields_pass(seed):
    columns, converted, _ = market(seed)
    assert find_leaks(columns, converted, in_order(ROWS)).stopping_fields == ()


@pytest.mark.parametrize("wrong", [0.0, 0.02])
@pytest.mark.parametrize("rate", [0.02, 0.3])
def test_a_copy_of_the_outcome_stops_although_a_few_are_wrong(wrong, rate):
    columns, converted, random = market(rows=6000, rate=rate)
    columns["Won after call"] = np.where(converted ^ (random.random(6000) < wrong * rate), "yes", "no").astype(object)
    assert find_leaks(columns, converted, in_order(6000)).stopping_fields == ("Won after call",)


def test_a_second_leak_behind_the_first_is_seen():
    columns, converted, random = market()
    columns["reason"] = np.where(converted, None, "price").astype(object)
    columns["revenue"] = np.where(converted, random.lognormal(10, 1, ROWS), np.nan)
    assert set(find_leaks(columns, converted, in_order(ROWS)).stopping_fields) == {"reason", "revenue"}


def test_a_calendar_column_is_no_leak_although_the_base_rate_trebles():
    random = np.random.default_rng(1)
    late = np.arange(ROWS) > ROWS / 2
    converted = random.random(ROWS) < np.where(late, 0.45, 0.15)
    campaign = np.where(late, "spring", "winter").astype(object)
    assert find_leaks({"campaign": campaign}, converted, in_order(ROWS)).findings == ()


def test_a_field_that_only_decided_leads_have_stops():
    columns, converted, random = market()
    later = {name: values[: ROWS // 2] for name, values in columns.items()}
    stated = np.where(random.random(ROWS) < 0.9, "x", None).astype(object)
    times = in_order(ROWS)
    waiting = OpenLeads({**later, "closed by": np.full(ROWS // 2, None)}, times[::2])
    report = find_leaks({**columns, "closed by": stated}, converted, times, open_leads=waiting)
    assert report.stopping_fields == ("closed by",)
    assert report.findings[0].check == "presence"
    assert report.findings[0].figure == pytest.approx(0.9, abs=0.03)


def with_open_leads(late, seed=1):
    """Findings where `late(random, converted, is_open)` is one more column, and half of the newest quarter is open."""
    columns, converted, random = market(seed)
    is_open = (np.arange(ROWS) >= 0.75 * ROWS) & (random.random(ROWS) < 0.5)
    columns["late"] = late(random, converted, is_open)
    times, decided = in_order(ROWS), ~is_open
    waiting = OpenLeads({name: values[is_open] for name, values in columns.items()}, times[is_open])
    of_decided = {name: values[decided] for name, values in columns.items()}
    report = find_leaks(of_decided, converted[decided], times[decided], open_leads=waiting)
    return {f.field: f for f in report.findings}.get("late")


@pytest.mark.parametrize(
    ("late", "value"),
    [
        (lambda random, won, is_open: np.where(is_open, 0.0, 1.0 + random.poisson(2 + won)), "0"),
        (lambda random, won, is_open: np.where(is_open, "new", np.where(won, "met", "called")).astype(object), "new"),
        (lambda random, won, is_open: np.where(is_open, "new", random.choice(["met", "called"], ROWS)), "new"),
    ],
    ids=["count that is 0 for open leads", "state by outcome", "state of decided leads"],
)
def test_a_value_that_only_open_leads_have_stops(late, value):
    finding = with_open_leads(late)
    assert (finding.stops, finding.best_value) == (True, value)
    assert "«" + value + "»" in finding_text(finding, "de")


def test_a_few_leads_with_a_field_that_is_written_with_the_outcome_stop():
    def late(random, won, is_open):
        return np.where(~is_open & (random.random(ROWS) < 0.12), np.where(won, "good", "bad"), None)

    finding = with_open_leads(late)
    assert (finding.check, finding.stops) == ("presence", True)


@pytest.mark.parametrize(
    "honest",
    [
        lambda random, won, is_open: np.where(np.arange(ROWS) > 0.9 * ROWS, "autumn", "summer").astype(object),
        lambda random, won, is_open: np.where(np.arange(ROWS) > 0.85 * ROWS, random.normal(size=ROWS), np.nan),
        lambda random, won, is_open: np.where(np.arange(ROWS) < 0.85 * ROWS, random.normal(size=ROWS), np.nan),
        lambda random, won, is_open: random.poisson(np.where(is_open, 2.0, 3.0) + won) * 1.0,
        lambda random, won, is_open: np.where(random.random(ROWS) < 0.03 + 0.3 * won, "customer", None),
    ],
    ids=["new campaign", "new field", "field that was dropped", "visits grow with age", "customers convert more"],
)
@pytest.mark.parametrize("seed", range(3))
def test_honest_fields_of_open_leads_pass(honest, seed):
    finding = with_open_leads(honest, seed)
    assert finding is None or not finding.stops


def test_about_too_few_leads_nothing_is_guessed():
    columns, converted, _ = market(rows=FEWEST_ROWS - 1)
    report = find_leaks({**columns, "copy": converted * 1.0}, converted, in_order(len(converted)))
    assert report.findings == ()


def test_the_result_does_not_depend_on_how_many_rows_a_lead_has():
    columns, converted, random = market(rows=300)
    columns["copy"] = np.where(random.random(300) < 0.15, ~converted, converted) * 1.0
    twice = {name: np.repeat(values, 4) for name, values in columns.items()}
    once = find_leaks(columns, converted, in_order(300)).findings
    many = find_leaks(twice, np.repeat(converted, 4), np.repeat(in_order(300), 4), lead=np.repeat(np.arange(300), 4))
    assert [f.stops for f in many.findings] == [f.stops for f in once]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_finding_is_told_with_figure_evidence_and_remedy(language):
    columns, converted, _ = market()
    columns["Lost reason"] = np.where(converted, None, "price").astype(object)
    report = find_leaks(columns, converted, in_order(ROWS))
    (finding,) = report.findings
    assert "Lost reason" in finding_text(finding, language)
    assert "--exclude 'Lost reason'" in remedy_text(finding, language)
    assert "Lost reason" in in_language(stop_text(report), language)
