"""The review's page: reasons in the unit they were counted in, decisions under their names."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path

import pytest

from leadwerk.catalogue.languages import Language
from leadwerk.policy.people import Person
from leadwerk.web import Answer
from leadwerk.web.door.admission import Visitor
from leadwerk.web.pages import cached, review
from leadwerk.web.pages.review import ReviewForm
from leadwerk.web.pages.visit import Visit
from support.desk_states import OUT
from support.homes import close_files
from support.selling import DAY, HOUR, NOW, POLICY, lead, outcome, score, warehouse

pytestmark = pytest.mark.slow
MAY = ReviewForm(month="2026-05")
NAMES: dict[Language, str] = {"de": "Schwelle festgehalten", "en": "held a threshold"}


@pytest.fixture
def visit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Language], Visit]]:
    hold = {"basis": "model", "seller_pool": "all", "set_at": NOW - HOUR, "hot": 72, "author": "eva", "reason": "fair"}
    warehouse(
        tmp_path,
        leads=[lead("out"), lead("warm")],
        scores=[
            score("out", score_cluster="DISQUALIFIED", reasons=[OUT]),
            score("warm", reasons=[OUT | {"feature": "visits", "contribution": 0.01}]),
        ],
        outcomes=[outcome(name, NOW - HOUR, "signed", POLICY.positive[0]) for name in ("out", "warm")],
        threshold_holds=[hold | {"until": (NOW + DAY).date()}],
    )
    for name, value in {"HOME": str(tmp_path), "POLICY": "b2b_swiss"}.items():
        monkeypatch.setenv(f"LEADWERK_{name}", value)
    cached.forget()
    yield lambda language: Visit(
        Visitor(Person(name="eva", roles=("manager",), language=language)), NOW, "/review", {}, {}
    )
    close_files()
    cached.forget()


def text(answer: Answer) -> str:
    return re.sub(r"\s+", " ", unescape(answer.body.decode()))


def test_a_disqualified_leads_reasons_are_its_rules(visit: Callable[[Language], Visit]) -> None:
    rows = text(review.download(visit("en"), MAY))
    assert "out,60,OUT,− Competitor" in rows
    assert 'warm,60,WARM,,"signed' in rows, "of a model's reasons those that hardly count are left out"


def test_a_decision_has_its_name_in_the_readers_language(visit: Callable[[Language], Visit]) -> None:
    for language, name in NAMES.items():
        page = text(review.show(visit(language), MAY))
        assert f"<td>eva</td><td>{name}</td><td>all</td><td>fair</td>" in page
