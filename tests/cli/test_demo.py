"""The demo, small: every promise of its figures holds although the CRM fails now and then."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pytest
from rich.console import Console

from leadwerk.cli.application import run
from leadwerk.cli.demo.plan import HORIZON_DAYS, DemoPlan
from leadwerk.cli.demo.replies import ReasonReply, ScoredLeadReply
from leadwerk.cli.demo.results import DemoResults
from leadwerk.cli.demo.runner import STEPS, DemoRunner
from leadwerk.cli.demo.summary import summary
from leadwerk.cli.speech import Speech
from leadwerk.progress import Progress

SMALL = DemoPlan(days=118, leads=4_000, history=99, first_training=104, shock=95, rhythm=5, days_over_http=2)
PROMISED = [
    *("events", "leads", "auc", "bayes_auc", "ece", "lift_at_10", "scored_over_http", "crm_patched"),
    *("crm_mismatches", "outcomes_ingested", "champion_before", "champion_after", "seconds"),
]


DAYS_A_NIGHT = 5  # the present one, and four that Google may have corrected


def days_by_run(home: Path) -> list[int]:
    """How many days each run of extract read, the first run first."""
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as warehouse:
        runs = "SELECT count(*) FROM leadwerk.extract_runs GROUP BY run_at ORDER BY run_at"
        return [days for (days,) in warehouse.execute(runs).fetchall()]


@pytest.mark.slow
def test_the_small_demo_keeps_its_promises(tmp_path: Path) -> None:
    steps: list[str] = []
    shares: list[float] = []
    figures = DemoRunner(
        tmp_path / "demo", SMALL, language="de", begin=steps.append, progress=lambda _, done: shares.append(done)
    ).run()
    assert steps == list(STEPS)
    assert shares == sorted(shares)
    assert 0 <= shares[0] < 0.01 and 0.99 < shares[-1] < 1
    written = msgspec.to_builtins(figures)
    assert all(written[name] is not None for name in PROMISED)
    assert set(written["seconds"]) == {*STEPS, "all"}
    assert figures.leads == SMALL.leads
    assert figures.nights == SMALL.days - SMALL.history
    nights = [DAYS_A_NIGHT] * (figures.nights - 2)
    assert days_by_run(tmp_path / "demo") == [SMALL.history + 2, *nights, DAYS_A_NIGHT - 1]  # it ends before dawn
    assert figures.crm_mismatches == 0
    assert figures.crm_attempts_failed > 0
    assert figures.crm_patched > 100
    assert figures.scored_over_http > 100
    assert figures.scored_by_points > 100
    assert 0.5 < figures.auc < figures.bayes_auc
    page = Path(figures.report).read_text("utf-8")
    assert '<html lang="de">' in page
    console = Console(record=True, width=160)
    console.print(summary(figures, Speech("de")))
    output = console.export_text()
    assert "Falsch im CRM" in output
    assert figures.after_shock is not None
    assert figures.by_outcomes is not None
    measured = (figures.auc, figures.after_shock.auc, figures.after_shock.auc_without_retraining)
    both = {f"{auc:.3f}" for auc in (*measured, figures.by_outcomes.auc)}
    assert [auc for auc in both if auc not in page or auc not in output] == [], "summary and report are at odds"
    assert all(day in page and day in output for days in figures.measured.values() for day in days)


def test_the_plan_follows_the_calendar() -> None:
    plan = DemoPlan()
    assert plan.history < plan.first_training
    assert plan.first_training < min(plan.rounds()) <= max(plan.rounds()) < plan.second_training
    assert plan.first_training - HORIZON_DAYS < plan.shock < plan.first_training, "no outcome after the shock is mature"
    assert plan.night_after(0).isoformat() == "2026-01-06T04:00:00+00:00"


class Told:
    """A story whose steps take no time."""

    def __init__(self, home: Path, plan: DemoPlan, *, language: str, begin: Any, progress: Progress) -> None:
        self.home, self.begin, self.progress = home, begin, progress

    def run(self) -> DemoResults:
        for name in list(STEPS)[:2]:
            self.begin(name)
            self.progress("at work", 0.5)
        example = ScoredLeadReply(
            lead_id="7",
            basis="model",
            predictive_score=90,
            score_cluster="HOT",
            recommended_action="Call",
            language="fr",
            reasons=(ReasonReply("Point favorable"),),
        )
        return DemoResults(home=str(self.home), ends_at="2026-06-14T04:00:00Z", examples=[example])


@pytest.mark.parametrize(
    ("language", "step", "lead", "look"),
    [
        ("de", " 1/13 simulieren", "Lead 7: 90 von 100, HOT", "Sehen Sie sich um"),
        ("fr", " 1/13 simuler", "Lead 7\u00a0: 90 sur 100, HOT", "Regardez autour de vous"),
        ("it", " 1/13 simulare", "Lead 7: 90 su 100, HOT", "Guardatevi intorno"),
    ],
)
def test_the_demo_speaks_the_language_of_its_reader(
    language: str, step: str, lead: str, look: str,
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setattr("leadwerk.cli.demo.runner.DemoRunner", Told)
    assert run(["demo", "--home", str(tmp_path), "--output-language", language]) == 0
    output = capsys.readouterr()
    assert output.err.splitlines()[0] == step
    assert lead in output.out
    assert look in output.out


def test_a_log_shows_each_step_as_it_begins_and_what_to_type_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("leadwerk.cli.demo.runner.DemoRunner", Told)
    assert run(["demo", "--home", str(tmp_path)]) == 0
    output = capsys.readouterr()
    assert output.err.splitlines()[:2] == [f" {n}/{len(STEPS)} {name}" for n, name in enumerate([*STEPS][:2], 1)]
    assert "here fr" in output.out
    assert (
        f"  .venv/bin/leadwerk history 7 --home {tmp_path}/demo --now 2026-06-14T04:00:00Z" in output.out.splitlines()
    )
