"""A lead's page says nothing that contradicts itself, and no raw name of a feature."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

from leadwerk.catalogue.languages import LANGUAGES, Language
from leadwerk.policy.load import load
from leadwerk.policy.people import Person
from leadwerk.report.wording import Wording
from leadwerk.scoring import stage_outlook
from leadwerk.scoring.stage_outlook import StageOutlook
from leadwerk.web.door.admission import Visitor
from leadwerk.web.pages import cached
from leadwerk.web.pages.lead_points import _about
from leadwerk.web.pages.lead_stage import next_stage_text
from leadwerk.web.pages.visit import Visit
from support.selling import NOW

MORTGAGE = load("mortgage")


def stage_sentence(monkeypatch: pytest.MonkeyPatch, home: Path, chance: float, days: int, contract: float) -> str:
    """What the page says of a stage that is reached with this chance, of a lead with this chance of a contract."""
    cached.forget()
    monkeypatch.setenv("LEADWERK_HOME", str(home))
    monkeypatch.setenv("LEADWERK_POLICY", "mortgage")
    outlook = StageOutlook(next_stage="application", probability=chance, horizon_days=days)
    monkeypatch.setattr(stage_outlook, "stage_outlooks", lambda *_: (outlook,))
    visit = Visit(Visitor(Person(name="anna", roles=("seller",), language="en")), NOW, "/", {}, {})
    lead: Any = Mock(basis="model", probability=contract, stage="advice", stage_since=NOW)
    return next_stage_text(visit, Wording(MORTGAGE, "en", NOW), lead)


def test_no_stage_is_less_likely_than_the_contract_behind_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert "67%" in stage_sentence(monkeypatch, tmp_path, 0.67, 30, 0.4)
    assert stage_sentence(monkeypatch, tmp_path, 0.22, 30, 0.72) == ""
    # In a week less may happen than in a month.
    assert "22%" in stage_sentence(monkeypatch, tmp_path, 0.22, 7, 0.72)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_line_of_points_has_no_raw_name_of_a_feature(language: Language) -> None:
    line: Any = Mock(kind="attribute", subject="active_days_30d", rule="returns")
    assert "30d" not in _about(Wording(MORTGAGE, language, NOW), line)
    assert "visit" in _about(Wording(MORTGAGE, "en", NOW), line)
