"""The page says what the facts say, in four languages, and asks nothing of the network."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser

import msgspec
import numpy as np
import pytest

from leadwerk.catalogue.languages import LANGUAGES, Language
from leadwerk.registry.manifest import MeasuredMetric, TestSplit
from leadwerk.report.calls_saved import calls_saved
from leadwerk.report.page import render
from leadwerk.report.report_data import PointsOutcomes, ScoredOutcomes
from leadwerk.report.report_rows import ScoredOutcome
from support.example_report import NOW, VERSION, facts, nothing

VOID = {"meta", "br", "hr", "img", "link", "input", "path", "use", "circle", "rect", "line"}


@cache
def page_in(language: Language) -> str:
    """The page of the example facts; it is drawn once a language."""
    return render(facts(), language)


@pytest.mark.slow
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_is_whole_in_every_language(language: Language) -> None:
    page = page_in(language)
    assert f'<html lang="{language}">' in page
    assert page.count("<section") == page.count("</section>") == 21
    assert "{" not in re.sub(r"<style.*?</style>|<svg.*?</svg>", "", page, flags=re.DOTALL)


@pytest.mark.slow
def test_a_metric_that_nothing_was_measured_on_is_a_dash() -> None:
    report_data = facts()
    undefined = MeasuredMetric(None, None, None)
    challenger = msgspec.structs.replace(report_data.champion.metrics["challenger"], precision=undefined)
    metrics = {**report_data.champion.metrics, "challenger": challenger}
    page = render(replace(report_data, champion=msgspec.structs.replace(report_data.champion, metrics=metrics)), "en")
    rows = [re.search(r'<th scope="row">precision HOT</th><td>([^<]*)</td>', each) for each in (page_in("en"), page)]
    assert [row and row[1][:4] for row in rows] == ["34.7", "–"]


def test_the_page_needs_nothing_from_elsewhere() -> None:
    page = page_in("en")
    assert re.findall(r'(?:src|href|url)\s*[=(]\s*"?(?!#|&quot;#)([^")\s>]+)', page) == []
    assert "<script" not in page
    assert not re.search(r"@import|https?://(?!www\.w3\.org)", page)


def test_charts_take_the_colours_of_the_page_and_share_no_ids() -> None:
    page = page_in("en")
    assert "var(--accent)" in page
    assert "#0101" not in page
    ids = re.findall(r'\bid="([^"]+)"', page)
    drawn = [name for name in ids if re.fullmatch(r"[a-z][0-9a-f]{10}", name)]
    assert len(drawn) == len(set(drawn))


def test_tags_are_closed() -> None:
    class Checker(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.open: list[str] = []

        def handle_starttag(self, tag: str, attrs: object) -> None:
            if tag not in VOID:
                self.open.append(tag)

        def handle_endtag(self, tag: str) -> None:
            if tag not in VOID:
                assert self.open.pop() == tag

    checker = Checker()
    checker.feed(page_in("fr"))
    assert checker.open == []


def test_the_first_day_has_a_page_too() -> None:
    page = render(nothing(), "en")
    assert "No data yet." in page
    assert "No model is in use yet." in page


def test_a_table_of_many_candidates_has_the_width_of_the_page() -> None:
    assert '<section id="comparison" class="wide">' in page_in("de")


def test_before_there_is_a_model_the_page_speaks_of_points() -> None:
    page = render(replace(nothing(), cells=facts().cells, points_outcomes=facts().points_outcomes), "de")
    assert "Noch keine Daten" not in page
    assert re.search(r'figure">947</p><p class="name">Leads mit Punkten</p><p class="note">davon 40 HOT<', page)
    matrix = re.search(r'<section id="matrix".*?</section>', page, re.DOTALL)
    assert matrix
    cells = re.findall(r"<t[hd][^>]*>([^<]*)</t[hd]>", matrix[0])
    assert cells == ["", *"1234", "A", "40", "0", "0", "0", "B", *"0000", "C", *"0000", "D", "0", "0", "0", "900"]
    assert "Gemessen an 400 Leads, die Punkte hatten" in page
    assert '<section id="pointed"' in page


def test_points_of_few_conversions_are_no_rates() -> None:
    few = PointsOutcomes(np.arange(50.0), np.array([1.0] * 4 + [0.0] * 46))
    assert '<section id="pointed"' not in render(replace(facts(), points_outcomes=few), "en")


@pytest.mark.slow
def test_the_leads_with_a_score_are_counted_and_so_are_the_hot_ones() -> None:
    page = render(replace(facts(), scores={10: 900, 69: 50, 70: 30, 99: 20}), "de")
    assert "1’000" in page
    assert "davon 50 ab 70" in page


def test_the_figures_are_those_of_the_facts() -> None:
    page = page_in("en")
    savings = calls_saved(facts())
    assert savings is not None and savings.saved is not None
    assert f"{savings.saved:.0%}" in page
    assert VERSION in page
    assert "600’000" in page


@pytest.mark.slow
def test_reasons_and_names_cannot_inject_markup() -> None:
    report_data = facts()
    hostile = replace(report_data, runs=[replace(report_data.runs[0], reason="<script>alert(1)</script>")])
    assert "<script>" not in render(hostile, "en")


def test_scored_leads_are_better_evidence_than_the_test_of_the_model() -> None:
    report_data = facts()
    assert calls_saved(report_data).source == "scored"
    scored_outcome = ScoredOutcome(
        lead_id="1", model_version="m", scored_at=NOW, probability=0.1, predictive_score=50, converted=True
    )
    few = ScoredOutcomes.of([scored_outcome])
    fallback = calls_saved(replace(report_data, scored=few))
    assert (fallback.source, fallback.leads) == ("test", 1500)
    assert fallback.before == pytest.approx(1500 / report_data.test.positives)


def test_no_evidence_is_no_claim() -> None:
    assert calls_saved(nothing()) is None


@pytest.mark.slow
def test_leads_whose_truth_is_not_known_are_left_out_of_it() -> None:
    report_data = facts()
    truth = report_data.scored.true_probability.copy()
    truth[::2] = np.nan
    assert "<svg" in render(replace(report_data, scored=replace(report_data.scored, true_probability=truth)), "en")


def tiles(page: str) -> dict[str, tuple[str, str]]:
    """Figure and note of each tile, by its name."""
    tile_texts = re.findall(r'figure">([^<]*)</p><p class="name">([^<]*)</p><p class="note">([^<]*)<', page)
    return {name: (figure, note) for figure, name, note in tile_texts}


def test_a_tile_and_the_table_of_candidates_show_the_same_figure() -> None:
    page = page_in("en")
    compared = re.search(r'<section id="comparison".*?</section>', page, re.DOTALL)
    assert compared
    for tile, metric in (("Discrimination (AUC)", "AUC"), ("Mean error of the probabilities", "calibration error")):
        figure, note = tiles(page)[tile]
        assert re.search(rf'<th scope="row">{metric}</th><td>{figure}  ', compared[0])
        assert note.endswith("; in the test (2026-04-05 to 2026-05-01)")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("model", "followed_scores"),
    [((VERSION,), "by the model in use."), (("old",), "by models before the one in use."), ((VERSION, "old"), "both")],
)
def test_a_reader_learns_whose_scores_were_followed_and_when(model: tuple[str, ...], followed_scores: str) -> None:
    scored = facts().scored
    page = render(replace(facts(), scored=replace(scored, model=(model * len(scored))[: len(scored)])), "en")
    _, note = tiles(page)["Calls saved per conversion, calling only HOT"]
    assert "(2026-04-20 to 2026-05-28)" in note
    assert note.endswith("by the model in use and models before it." if followed_scores == "both" else followed_scores)


def test_what_was_tested_knew_less_than_the_model_in_use() -> None:
    page = page_in("en")
    assert "1’500 cases from 2026-04-05 to 2026-05-01. What was tested here knew only cases until 2026-03-06" in page


@pytest.mark.slow
def test_the_truth_is_told_apart_from_outcomes_with_model_and_period() -> None:
    page = page_in("en")
    truth = re.search(r'<section id="truth".*?</section>', page, re.DOTALL)
    assert truth
    assert "6.1 instead of 14.2 calls" in truth[0]
    assert "model in use, 2026-06-01 to 2026-07-01" in truth[0]
    assert '<th scope="row">AUC</th><td>0.839</td><td>0.782</td><td>0.881</td>' in truth[0]
    assert '<section id="truth"' not in render(replace(facts(), simulation_truth=None), "en")


@pytest.mark.slow
def test_a_model_of_unknown_split_is_shown_without_a_period() -> None:
    older = msgspec.structs.replace(facts().champion, split=TestSplit())
    assert tiles(render(replace(facts(), champion=older), "en"))["Discrimination (AUC)"][1].endswith("; in the test")


@pytest.mark.slow
def test_a_period_of_one_day_is_that_day() -> None:
    day = facts().scored.period[0]
    page = render(replace(facts(), scored=replace(facts().scored, period=(day, day))), "en")
    assert "(2026-04-20)" in tiles(page)["Calls saved per conversion, calling only HOT"][1]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("language", "expected", "target"),
    [
        ("de", "die Reihenfolge der Datei steht für die Zeit", "innert 1 Tag;"),
        ("fr", "l’ordre du fichier tient lieu de temps", "en l’espace de 1 jour"),
        ("it", "l’ordine del file sta per il tempo", "entro 1 giorno;"),
        ("en", "the order of the file stands for time", "within 1 day;"),
    ],
)
def test_a_file_without_times_has_no_dates_on_the_page(language: Language, expected: str, target: str) -> None:
    champion = facts().champion
    assert champion
    data = msgspec.structs.replace(
        champion.data, first_as_of="2000-01-01T12:00:00+00:00", last_as_of="2020-03-27T12:00:00+00:00"
    )
    split = msgspec.structs.replace(champion.split, boundary="2016-03-09T12:00:00+00:00")
    imported = msgspec.structs.replace(
        champion, policy_name="import_leads", data=data, split=split, horizon_days=1, version="v"
    )
    page = render(replace(facts(), champion=imported, simulation_truth=None), language)
    assert expected in page
    assert target in page
    assert not re.search(r"20(00|16|20)-\d\d-\d\d", page)
