"""The thresholds' page: what is held, by which person and until when, as its reader writes a day."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from leadwerk.catalogue.languages import Language
from leadwerk.policy.load import shipped_text
from leadwerk.policy.people import Person
from leadwerk.web.door.admission import Visitor
from leadwerk.web.pages import cached, thresholds
from leadwerk.web.pages.thresholds import ThresholdsForm
from leadwerk.web.pages.visit import Visit
from support.desk_states import SELLERS
from support.homes import close_files
from support.selling import HOUR, NOW, warehouse


@pytest.mark.slow
@pytest.mark.parametrize(("language", "until"), [("de", "bis 18.05.2026"), ("en", "until 2026-05-18")])
def test_a_hold_ends_on_a_day_in_the_readers_writing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, language: Language, until: str
) -> None:
    hold = {"basis": "points", "seller_pool": "", "set_at": NOW - HOUR, "hot": 62, "author": "eva", "reason": "fair"}
    warehouse(tmp_path, threshold_holds=[hold | {"until": date(2026, 5, 18)}])
    (tmp_path / "policy.yaml").write_text(shipped_text("b2b_swiss").replace("  sellers: []\n", SELLERS), "utf-8")
    monkeypatch.setenv("LEADWERK_HOME", str(tmp_path))
    cached.forget()
    eva = Person(name="eva", roles=("manager",), language=language)
    page = thresholds.show(Visit(Visitor(eva), NOW, "/thresholds", {}, {}), ThresholdsForm()).body.decode()
    assert f"{until}</p>" in page
    close_files()
