"""The call list in each of its states: what waits elsewhere, what is missing, whose word counts, and as a file."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path

import pytest

from leadwerk import settings
from leadwerk.pipeline import wiring
from leadwerk.pipeline.audit.trail import AuditFilter, read_trail
from leadwerk.policy.people import by_name
from leadwerk.report.wording import Wording
from leadwerk.web import Answer
from leadwerk.web.door.admission import Visitor
from leadwerk.web.pages import cached, calls, lead
from leadwerk.web.pages.calls import CallsForm
from leadwerk.web.pages.lead_form import LeadForm
from leadwerk.web.pages.visit import Visit
from support.desk_states import SECRETS, home_of_states
from support.homes import close_files, home_warehouse
from support.selling import NOW, POLICY, outcome

pytestmark = pytest.mark.slow
Shown = Callable[[str, CallsForm], str]
PANEL = {"X-Part": "panel"}


def visit(name: str, headers: Mapping[str, str] | None = None) -> Visit:
    """A person of the home of states."""
    cached.forget()
    person = by_name(wiring.people(settings.read()), name)
    assert person is not None
    return Visit(Visitor(person), NOW, "/calls", {}, headers or {})


def text_of(answer: Answer) -> str:
    return re.sub(r"\s+", " ", unescape(answer.body.decode("utf-8-sig")))


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shown]:
    """The list as a person of the home of states sees it, in German."""
    home_of_states(tmp_path)
    monkeypatch.setenv("LEADWERK_HOME", str(tmp_path))

    yield lambda name, form: text_of(calls.show(visit(name), form))
    close_files()
    cached.forget()


def test_an_empty_list_counts_the_leads_of_languages_that_others_serve(page: Shown) -> None:
    text = page("flora", CallsForm())
    assert "Kein HOT-Lead wartet auf einen Anruf." in text
    assert "<p>In anderen Sprachen: Deutsch 5, Italienisch 1</p>" in text
    assert "WARM-Lead" not in text
    assert "by_points" not in text, "a count tells nothing of a lead"


def test_an_empty_list_leads_to_other_languages_of_the_reader(page: Shown) -> None:
    text = page("eva", CallsForm(language="fr"))
    assert '<a href="/calls?list=tocall&language=it">Italienisch 1</a>' in text
    assert '<a class="button ghost" href="/calls?list=warm">1 WARM-Lead wartet</a>' in text


@pytest.mark.parametrize(("won", "sentence"), [
    (3, "Mindestens 13 gewonnene Leads braucht es zum Lernen, 3 sind bekannt."),
    (13, "13 gewonnene Leads sind bekannt, mindestens 13 braucht es zum Lernen: das nächste Training entscheidet"),
])  # fmt: skip
def test_without_a_model_the_list_tells_how_many_won_leads_it_takes(
    page: Shown, tmp_path: Path, won: int, sentence: str
) -> None:
    rows = [outcome(f"won{number}", NOW, "closedwon", "won") for number in range(won)]
    home_warehouse(tmp_path).append("outcomes", rows)
    assert sentence in page("carla", CallsForm())
    assert "braucht es zum Lernen" not in page("anna", CallsForm()), "a model scored her leads"


def test_a_disqualified_lead_waits_for_no_call(page: Shown) -> None:
    text = page("anna", CallsForm(list="all", cluster="DISQUALIFIED"))
    assert '<span class="since">Niemand ruft an</span>' in text
    assert "Nicht kontaktiert" not in text


def test_a_persons_cluster_stands_with_its_last_day(page: Shown) -> None:
    assert ">eva: WARM bis 03.06.2026<" in page("anna", CallsForm(list="warm"))
    assert Wording(POLICY, "de", NOW).last_day(datetime(2026, 5, 18, 22, tzinfo=UTC)) == "18.05.2026"


def test_the_panel_tells_that_a_lead_is_scored_by_its_form_alone(page: Shown) -> None:
    panels = {name: text_of(lead.show(visit("anna", PANEL), LeadForm(), name)) for name in ("without_consent", "plain")}
    notes = {name: "bewertet nur nach dem Formular" in text for name, text in panels.items()}
    assert notes == {"without_consent": True, "plain": False}


def test_a_list_as_a_file_holds_what_its_page_shows_and_is_in_the_trail(page: Shown, tmp_path: Path) -> None:
    text = calls.download(visit("anna"), CallsForm(list="all")).body.decode("utf-8-sig")
    head, *rows = csv.reader(io.StringIO(text))
    assert head == ["Lead", "Score", "Cluster", "Kanton oder Land", "Sprache", "Warum", "Stand"]
    by_lead = {row[0]: row[1:] for row in rows}
    assert by_lead["plain"] == ["85", "HOT", "ZH", "Deutsch", "'+ Preisseite: 4-mal in 30 Tagen", "Nicht kontaktiert"]
    assert by_lead["control"][0] == ""
    assert by_lead["control"][4].startswith("Ohne Score bearbeitet")
    assert "by_points" not in by_lead, "anna does not serve its language"
    assert [secret for secret in SECRETS if secret in text] == []
    acts = read_trail(home_warehouse(tmp_path), AuditFilter(until=NOW + timedelta(minutes=1), action="list_export"))
    assert [(act.actor, act.object, act.after) for act in acts] == [("anna", "/calls?list=all", f"{len(rows)} leads")]
