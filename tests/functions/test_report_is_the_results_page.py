"""The report is the page Results in print: each of its figures and sentences is that of the page."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from leadwerk import settings
from leadwerk.catalogue.languages import LANGUAGES, Language
from leadwerk.pipeline import report, wiring
from leadwerk.pipeline.kpis import daily
from leadwerk.policy.load import shipped_text
from leadwerk.policy.people import Person
from leadwerk.web.door.admission import Visitor
from leadwerk.web.pages import cached, results
from leadwerk.web.pages.results import ResultsForm
from leadwerk.web.pages.visit import Visit
from support.homes import close_files
from support.selling import DAY, HOUR, NOW, lead, outcome, score, warehouse

LEADS = [f"lead-{number:03}" for number in range(160)]
QUESTIONS = {"scores", "order", "groups", "speed", "market", "trend", "money", "returns"}
"""What this home knows enough of; the ladder needs a team."""

LIMITS = "kpi_limits:\n  - {kpi: new_leads, at_least: 5000}\n"


def came_at(place: int) -> timedelta:
    """Age of a lead: up to half a year, so that some have had their time to convert and some have not."""
    return place * DAY + 12 * HOUR


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("report")
    filled = warehouse(
        home,
        leads=[
            lead(name, created_at=NOW - came_at(place), recorded_at=NOW - came_at(place),
                 language=("de", "fr")[place % 2], channel=("paid", "seo")[place % 2], account_id=f"a{place}.ch")
            for place, name in enumerate(LEADS)
        ],
        scores=[
            score(name, NOW - came_at(place) + HOUR, score_id=name, predictive_score=place * 7 % 100,
                  probability=(place * 7 % 100 + 1) / 250, score_cluster="HOT" if place * 7 % 100 >= 70 else "COLD")
            for place, name in enumerate(LEADS)
        ],
        outcomes=[
            outcome(name, NOW - came_at(place) + min(20 * DAY, came_at(place) - HOUR), "closedwon", "won")
            for place, name in enumerate(LEADS) if place * 7 % 100 > 55 and place % 3
        ] + [
            outcome(name, NOW - came_at(place) + 3 * HOUR, "appointmentscheduled", "open")
            for place, name in enumerate(LEADS) if place % 4
        ],
    )  # fmt: skip
    with_limits = shipped_text("b2b_swiss").replace("kpi_limits: []\n", LIMITS)
    with_costs = with_limits.replace("minutes_per_lead:", "cost_per_hour: 90\n  minutes_per_lead:")
    (home / "policy.yaml").write_text(with_costs, "utf-8")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("LEADWERK_HOME", str(home))
        policy = wiring.policy(settings.read())
    for days in (2, 1, 0):
        daily.run(filled, policy, NOW - days * DAY)
    close_files()
    return home


@pytest.fixture
def deployed(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[settings.Settings]:
    monkeypatch.setenv("LEADWERK_HOME", str(home))
    cached.forget()
    yield settings.read()
    cached.forget()
    close_files()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_figure_of_the_report_is_that_of_the_page(deployed: settings.Settings, language: Language) -> None:
    page = page_of(language, "manager")
    parts = wiring.warehouse(deployed), wiring.policy(deployed), wiring.registry(deployed), wiring.reports(deployed)
    written = report.run(*parts, report.ReportRequest(now=NOW, language=language))
    blob = parts[3].read(written.name)
    assert blob is not None
    printed = blob.data.decode()
    # Nobody has measured this home's customers: the page asks to, and print leaves them out.
    shared_parts = {name: part for name, part in sections(page).items() if name != "customers"}
    assert set(shared_parts) - {"segments"} == QUESTIONS
    of_page = {name: cells(part) for name, part in shared_parts.items()}
    of_report = {name: cells(part) for name, part in sections(printed).items()}
    # The report's section "segments" is of models.
    of_report["segments"] = of_report.pop("lead_segments")
    assert {name: of_report.get(name) for name in of_page} == of_page
    for part in shared_parts.values():
        [answer] = re.findall('<p class="says">(.*?)</p>', part)
        assert f"<b>{answer}</b>" in printed
    notes = re.findall(r'class="notice warn">.*?<p>(.*?)</p>', page, re.DOTALL)
    assert len(notes) == 1
    assert f"<p>{notes[0]}</p>" in printed
    tiles = re.findall(r'<h2>([^<]*)</h2><p class="figure">([^<]*)</p>', page)
    assert len(tiles) == 5, tiles
    for name, figure in tiles:
        assert f'<p class="figure">{figure}</p><p class="name">{name}</p>' in printed


def test_a_seller_reads_neither_costs_nor_the_managers_report(deployed: settings.Settings) -> None:
    page = page_of("en", "seller")
    assert QUESTIONS - set(sections(page)) == {"money", "returns"}
    assert "/report" not in page


def page_of(language: Language, role: str) -> str:
    """The page Results, as a person of this role and language reads it."""
    person = Person(name="eva", roles=(role,), language=language)  # type: ignore[arg-type]
    return results.show(Visit(Visitor(person), NOW, "/results", {}, {}), ResultsForm()).body.decode()


def sections(text: str) -> dict[str, str]:
    """The sections of a page by their ids."""
    return dict(re.findall(r'<section [^>]*?id="([\w-]+)".*?>(.*?)</section>', text, re.DOTALL))


def cells(section: str) -> list[str]:
    """The cells of a section's table, without the column of a segment's mark."""
    without_marks = re.sub(r'<t[hd][^>]*class="wide-col".*?</t[hd]>', "", section, flags=re.DOTALL)
    matches = re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", without_marks, re.DOTALL)
    return [html.unescape(re.sub("<[^>]*>", "", cell)) for cell in matches]
