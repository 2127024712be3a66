"""`leadwerk features`: what models and rules see of a lead, a visitor or all leads, on any days."""

from __future__ import annotations

import csv
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from leadwerk.cli.application import run
from support import example_leads
from support.example_leads import NOW

DAY = timedelta(days=1)
NOW_TEXT = NOW.isoformat()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LEADWERK_POLICY", "mortgage")
    monkeypatch.setenv("LEADWERK_HOME", str(tmp_path))
    example_leads.warehouse(tmp_path)
    return tmp_path


def feature_rows(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, Any]]:
    assert run(["--now", NOW_TEXT, "--json", "features", *arguments]) == 0
    return json.loads(capsys.readouterr().out)


@pytest.mark.slow
def test_a_lead_has_its_features_at_the_end_of_each_day(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (now,) = feature_rows(capsys, "1")
    days = feature_rows(capsys, "1", "--from", f"{NOW - DAY:%Y-%m-%d}", "--to", f"{NOW + 9 * DAY:%Y-%m-%d}")
    assert [row["lead_id"] for row in days] == ["1"] * len(days)
    assert {**days[-1], "as_of": now["as_of"]} == now
    assert days[0]["as_of"] < days[-1]["as_of"]


@pytest.mark.slow
def test_a_visitor_and_all_leads_are_shown_as_well(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (visitor,) = feature_rows(capsys, "--client-id", "V4")
    assert (visitor["lead_id"], visitor["created_at"], visitor["has_web_behaviour"]) == ("visitor:V4", None, 1)
    everybody = [row["lead_id"] for row in feature_rows(capsys, "--all")]
    assert everybody == sorted(everybody)
    assert len(everybody) == len(set(everybody)) >= 3
    assert "person_key" not in visitor


def test_a_table_lists_what_is_known(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--now", NOW_TEXT, "features", "1"]) == 0
    text = capsys.readouterr().out
    assert "has_web_behaviour" in text
    assert "lead_age_days" in text


def test_a_file_holds_the_same_rows(home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = feature_rows(capsys, "--all")
    file = tmp_path / "features.csv"
    assert run(["--now", NOW_TEXT, "features", "--all", "--csv", str(file)]) == 0
    with file.open(encoding="utf-8-sig", newline="") as lines:
        written = [*csv.DictReader(lines)]
    assert [row["lead_id"] for row in written] == [row["lead_id"] for row in rows]
    assert [*written[0]] == [*rows[0]]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "whose features"),
        (("1", "--all"), "whose features"),
        (("nobody",), "Nothing is known of nobody"),
        (("--client-id", "V99"), "visitor:V99"),
        (("1", "--from", "2999-01-01"), "no day up to now"),
        (("1", "--from", "1999-01-01"), "days"),
        (("1", "--from", "tomorrow"), "no day"),
    ],
)
def test_what_cannot_be_shown_is_refused(
    home: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], message: str
) -> None:
    assert run(["--now", NOW_TEXT, "features", *arguments]) == 2
    assert message in " ".join(capsys.readouterr().err.split())
