"""Lists without leads, or without a model: what else waits, and what is missing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path

import pytest

from leadwerk import settings
from leadwerk.pipeline import wiring
from leadwerk.policy.people import by_name
from leadwerk.web.door.admission import Visitor
from leadwerk.web.pages import cached, calls
from leadwerk.web.pages.calls import CallsForm
from leadwerk.web.pages.visit import Visit
from support.desk_states import home_of_states
from support.homes import close_files, home_warehouse
from support.selling import NOW, outcome

pytestmark = pytest.mark.slow
Shown = Callable[[str, CallsForm], str]


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shown]:
    """The list as a person of the home of states sees it, in German."""
    home_of_states(tmp_path)
    monkeypatch.setenv("LEADWERK_HOME", str(tmp_path))

    def of(name: str, form: CallsForm) -> str:
        cached.forget()
        person = by_name(wiring.people(settings.read()), name)
        assert person is not None
        body = calls.show(Visit(Visitor(person), NOW, "/calls", {}, {}), form).body.decode()
        return re.sub(r"\s+", " ", unescape(body))

    yield of
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
