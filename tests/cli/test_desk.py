"""The sellers' commands as they are typed: list, pick, release, accounts, histories and ledgers."""

from __future__ import annotations

from pathlib import Path

import pytest

from leadwerk.cli.chart import FULL, WIDTH, plot, sparkline
from support.command_line import console_output, result
from support.selling import DAY, NOW, lead, score, touch, warehouse

NOON = ("--now", NOW.isoformat())
IN_ENGLISH = ("--output-language", "en")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("REGISTRY", "REPORTS", "PICKS", "ENGINE"):
        monkeypatch.delenv(f"LEADWERK_{name}", raising=False)
    monkeypatch.setenv("LEADWERK_HOME", str(tmp_path))
    monkeypatch.setenv("LEADWERK_POLICY", "b2b_swiss")
    warehouse(
        tmp_path,
        leads=[lead("1", account_id="acme.ch", employees=400, job_title="CEO"), lead("2", language="fr")],
        touchpoints=[touch(1, "1", "webinar_attended", NOW - DAY)],
        scores=[score("1", NOW - 5 * DAY, predictive_score=20), score("1", points=80.25), score("2")],
    )
    return tmp_path


@pytest.mark.slow
def test_a_lead_is_listed_picked_and_released(capsys: pytest.CaptureFixture[str]) -> None:
    assert [lead["lead_id"] for lead in result(capsys, "leads", "list", *NOON)["leads"]] == ["1", "2"]
    assert result(capsys, "leads", "list", "--language", "fr", *NOON)["leads"][0]["lead_id"] == "2"
    assert result(capsys, "picks", "take", "1", "--seller", "anna", *NOON)["seller"] == "anna"
    assert [lead["lead_id"] for lead in result(capsys, "leads", "list", "--free", *NOON)["leads"]] == ["2"]
    assert "anna" in console_output(capsys, "leads", "list", *NOON)
    assert [pick["lead_id"] for pick in result(capsys, "picks", "list", "--seller", "anna", *NOON)] == ["1"]
    refused = console_output(capsys, "picks", "take", "1", "--seller", "beat", *NOON, code=2)
    assert "held by anna until 2026-05-06 09:30 UTC" in refused and "ask anna" in refused
    assert result(capsys, "picks", "release", "1", "--seller", "anna", *NOON) == {"lead_id": "1", "seller": None}
    assert result(capsys, "picks", "list", *NOON) == []


@pytest.mark.slow
def test_reconciling_records_expired_picks(capsys: pytest.CaptureFixture[str]) -> None:
    result(capsys, "picks", "take", "1", "--seller", "anna", *NOON)
    later = ("--now", (NOW + 4 * DAY).isoformat())
    assert result(capsys, "picks", "reconcile", *later) == {"leads": 1, "recorded": 0, "in_force": 0}
    kinds = [
        event["detail"]["kind"]
        for event in result(capsys, "history", "1", *later)["timeline"]
        if event["kind"] == "pick"
    ]
    assert kinds == ["picked", "expired"]


@pytest.mark.slow
def test_the_days_decision_records_expired_picks(capsys: pytest.CaptureFixture[str]) -> None:
    result(capsys, "picks", "take", "1", "--seller", "anna", *NOON)
    later = ("--now", (NOW + 4 * DAY).isoformat())
    assert result(capsys, "picks", "list", *later) == []
    assert "lapsed_picks" not in result(capsys, "thresholds", "show", *later)
    assert "Abgelaufene Übernahmen vermerkt: 1" in console_output(capsys, "thresholds", "decide", *later)
    assert result(capsys, "thresholds", "decide", *later)["lapsed_picks"] == 0
    assert [pick["seller"] for pick in result(capsys, "picks", "list", *NOON)] == ["anna"]


def test_the_history_of_a_lead_is_drawn_and_told(capsys: pytest.CaptureFixture[str]) -> None:
    result(capsys, "picks", "take", "1", "--seller", "anna", *NOON)
    output = console_output(capsys, "history", "1", "--output-language", "en", *NOON)
    assert "Lead 1 of acme.ch, held by anna" in output
    assert "20 → 60" in output
    assert "anna picked the lead" in output
    assert "100 ┤" in console_output(capsys, "history", "1", "--plot", *NOON)
    assert len(result(capsys, "history", "1", *NOON)["scores"]) == 2


@pytest.mark.slow
def test_the_ledger_of_a_past_moment_shows_its_sum(capsys: pytest.CaptureFixture[str]) -> None:
    for at in (NOW, NOW - 2 * DAY):
        ledger = result(capsys, "history", "1", "--at", at.isoformat())
        assert ledger["sum"] == round(ledger["rating"]["fit"] + ledger["rating"]["interest"], 2)
        assert f"{ledger['sum']:.2f} = fit" in console_output(
            capsys, "history", "1", "--at", at.isoformat(), *IN_ENGLISH
        )
    assert "webinar" not in console_output(capsys, "history", "1", "--at", (NOW - 2 * DAY).isoformat())
    assert "webinar" in console_output(capsys, "history", "1", "--at", NOW.isoformat())


@pytest.mark.slow
def test_a_past_ledger_says_whose_rules_it_counts_with(capsys: pytest.CaptureFixture[str]) -> None:
    at = ("1", "--at", (NOW - DAY).isoformat())
    assert "Policy in force: that of the lead’s latest stored score" in console_output(
        capsys, "history", *at, *IN_ENGLISH
    )
    assert "has 80.25 points: its own ledger is in the table" in console_output(capsys, "history", *at, *IN_ENGLISH)
    assert "Current policy, as requested" in console_output(capsys, "history", *at, "--policy", "current", *IN_ENGLISH)
    assert result(capsys, "history", *at, "--policy", "current")["policy_source"] == "requested"
    assert "not recorded" in console_output(capsys, "history", "1", "--at", (NOW - 9 * DAY).isoformat(), *IN_ENGLISH)
    assert "Use one of in-force, current" in console_output(capsys, "history", *at, "--policy", "tomorrow", code=2)


@pytest.mark.slow
def test_accounts_and_the_ledger_of_one(capsys: pytest.CaptureFixture[str]) -> None:
    [account] = result(capsys, "accounts", "list", *NOON)["accounts"]
    assert (account["account_id"], account["tier"], account["best_contact"]) == ("acme.ch", "Enterprise", "1")
    assert "acme.ch" in console_output(capsys, "accounts", "list", *NOON)
    assert "more_than_50_employees" in console_output(capsys, "accounts", "show", "acme.ch", *NOON)
    assert result(capsys, "accounts", "show", "acme.ch", *NOON)["account"]["contacts"] == 1


@pytest.mark.slow
def test_a_company_is_taken_and_given_back_as_a_whole(capsys: pytest.CaptureFixture[str]) -> None:
    company_pick = result(capsys, "accounts", "take", "acme.ch", "--seller", "anna", *NOON)
    assert [pick["lead_id"] for pick in company_pick["contacts"]] == ["1"]
    refused = console_output(capsys, "accounts", "take", "acme.ch", "--seller", "beat", *NOON, code=2)
    assert "Lead 1 is held by anna until 2026-05-06 09:30 UTC" in refused
    assert "Account acme.ch: anna holds 1 contact" in console_output(
        capsys, "accounts", "take", "acme.ch", "--seller", "anna", "--output-language", "en", *NOON
    )
    released = result(capsys, "accounts", "release", "acme.ch", "--seller", "anna", *NOON)
    assert released == {"account_id": "acme.ch", "contacts": ["1"]}
    assert result(capsys, "picks", "list", *NOON) == []


def test_the_labels_of_the_list_are_in_the_output_language(capsys: pytest.CaptureFixture[str]) -> None:
    german, italian = (
        result(capsys, "leads", "list", "--output-language", language, *NOON)["leads"][0]["labels"]
        for language in ("de", "it")
    )
    assert german != italian
    assert "de, fr, it or en" in console_output(capsys, "leads", "list", "--output-language", "rm", *NOON, code=2)


def test_filters_may_be_written_small(capsys: pytest.CaptureFixture[str]) -> None:
    filters = ("--cluster", "HOT", "--grade", "A", "--region", "CH", "--language", "de")
    small = tuple(
        filter_value if filter_value.startswith("--") else filter_value.swapcase() for filter_value in filters
    )
    assert (
        result(capsys, "leads", "list", *small, *NOON)["leads"]
        == result(capsys, "leads", "list", *filters, *NOON)["leads"]
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("leads", "list", "--sort", "size"), "Use score, value, points, fit, tier or newest."),
        (("leads", "list", "--grade", "Z"), "from A to D"),
        (("leads", "list", "--region", "Zürich"), "such as CH-ZH"),
        (("leads", "list", "--tier", "Huge"), "Enterprise, Mid-Market, SMB"),
        (("accounts", "list", "--sort", "size"), "'icp'"),
        (("accounts", "show", "nobody.ch"), "Use an id of the list"),
        (("history", "nobody"), "later moment"),
        (("history", "1", "--at", "yesterday"), "2026-01-31T08:00:00Z"),
        (("history", "1", "--output-language", "es"), "de, fr, it or en"),
        (("picks", "take", "nobody", "--seller", "anna"), "next ingest"),
        (("picks", "take", "1", "--seller", " "), "at most 100 characters"),
    ],
    ids=str,
)
def test_a_mistake_is_told_with_what_to_do(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], message: str
) -> None:
    assert message in console_output(capsys, *arguments, code=2)


def test_a_line_of_numbers_has_one_sign_each_and_gaps() -> None:
    assert sparkline([0, 100, None, 50]) == "▁█ ▄"
    assert len(sparkline(list(range(1000)))) == WIDTH
    assert sparkline(list(range(1000)), high=999)[-1] == "█"
    assert sparkline([]) == ""


def test_a_drawn_number_is_as_high_as_it_is() -> None:
    drawn = plot([0, 50, 100, 400], rows=4)
    assert len(drawn) == 4
    heights = [
        sum(FULL if row[column] == "█" else " ▁▂▃▄▅▆▇".index(row[column]) for row in drawn) for column in range(8, 12)
    ]
    assert heights == [1, 16, 32, 32]
