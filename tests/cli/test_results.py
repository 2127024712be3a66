"""`leadwerk results` as it is typed."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from support.command_line import console_output
from support.selling import BORN, DAY, lead, outcome, score, warehouse

FACTS = {"de": "3 Besuche", "fr": "3 visites", "it": "3 visite", "en": "3 visits"}


@pytest.mark.parametrize(("language", "fact"), FACTS.items())
def test_reasons_of_errors_are_in_the_readers_language(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], language: str, fact: str
) -> None:
    monkeypatch.setenv("LEADWERK_HOME", str(tmp_path))
    monkeypatch.setenv("LEADWERK_POLICY", "b2b_swiss")
    reason = {"feature": "visits", "contribution": 0.4, "text": "Dafür spricht: 3 Besuche", "facts": json.dumps(FACTS)}
    warehouse(
        tmp_path,
        leads=[lead("1")],
        scores=[score("1", BORN + timedelta(hours=1), score_cluster="HOT", probability=0.8, reasons=[reason])],
        outcomes=[outcome("1", BORN + DAY, "closedlost", "lost")],
    )

    month, now = f"{BORN:%Y-%m}", (BORN + 400 * DAY).isoformat()
    printed = console_output(capsys, "results", "errors", month, "--now", now, "--output-language", language)

    assert fact in printed
    assert language == "de" or "Dafür" not in printed
