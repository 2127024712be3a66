"""The demo's closing words: what happened, for a person."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from leadwerk.cli.demo.replies import ScoredLeadReply
from leadwerk.cli.demo.results import ByOutcomes, DemoResults


def summary(figures: DemoResults) -> RenderableType:
    """One block: what was done, how good it is, and what it is worth."""
    rows = Table.grid(padding=(0, 2))
    rows.add_column(style="bold")
    rows.add_column(justify="right")
    rows.add_column(style="dim")
    for row in (*_work(figures), *_quality(figures), *_savings(figures), *_outcomes(figures.by_outcomes)):
        rows.add_row(*row)
    closing = Text(f"\nReport: {figures.report}\nTime:   {figures.seconds.get('all', 0):.0f} s", style="bold")
    parts = [rows, *_example(figures.examples), closing]
    return Panel(Group(*parts), title="Leadwerk demo", title_align="left", padding=(1, 2), expand=False)


def further(f: DemoResults) -> Text:
    """What to type next, to be copied: outside of the block, where no edge breaks a line.

    The simulation's last moment stands in for the clock, also in commands that store something.
    """
    lead = f.examples[0].lead_id if f.examples else "LEAD"
    where = f"--home {f.home} --now {f.ends_at}"
    commands = (f"leadwerk leads list {where}", f"leadwerk history {lead} {where}", f"leadwerk policy suggest {where}")
    desk = f"leadwerk serve --home {f.home} --clock {f.ends_at} --open"
    lines = [f".venv/bin/{desk}", "export LEADWERK_SIMULATION=1", *(f".venv/bin/{command}" for command in commands)]
    return Text(
        "\nLook around, first at the desk in a browser:\n" + "\n".join(f"  {line}" for line in lines), style="dim"
    )


def _work(f: DemoResults) -> list[tuple[str, str, str]]:
    milliseconds = f"{1000 * median(f.score_seconds):.0f} ms each, with reasons" if f.score_seconds else ""
    return [
        ("Read", f"{f.events:,} events", f"of a simulated site in {f.nights} nights, and {f.leads:,} leads"),
        ("Learned from", f"{f.outcomes_ingested:,} outcomes", "taken from the CRM page by page"),
        ("Before any model", f"{f.scored_by_points:,} leads", "scored by the policy's points, each with its ledger"),
        ("Scored over HTTP", f"{f.scored_over_http:,} leads", milliseconds),
        ("Delivered", f"{f.crm_patched:,} leads", f"to a CRM that failed {f.crm_attempts_failed:,} times meanwhile"),
        ("Wrong in the CRM", f"{f.crm_mismatches}", "scores that are not the newest stored one"),
    ]


def _quality(f: DemoResults) -> list[tuple[str, str, str]]:
    """Against the truth, on leads that no model has learned from: the report shows the same in a table of its own."""
    shock = f.after_shock
    if shock is None:
        return []
    old, new = (shock.auc_without_retraining, shock.ece_without_retraining), (shock.auc, shock.ece)
    return [
        ("", "", ""),
        ("Against the truth", "", "which only a simulation knows, on leads that no model has learned from:"),
        ("  ranking (AUC)", f"{f.auc:.3f}", f"{_share_of_best(f.auc, f.bayes_auc)}; first model,{_when(f, 'first')}"),
        ("  honesty (ECE)", f"{f.ece:.1%}", "mean distance of predicted and true chance"),
        ("  lift of best tenth", f"× {f.lift_at_10:.1f}", "conversions against the average lead"),
        ("  banks got strict", f"{shock.auc_without_retraining:.3f}", _after(f, shock.bayes_auc, old, "first")),
        ("  after retraining", f"{shock.auc:.3f}", _after(f, shock.bayes_auc, new, "new")),
    ]


def _when(f: DemoResults, which: str) -> str:
    first, last = f.measured[which]
    return f" {first} to {last}"


def _share_of_best(auc: float, best: float) -> str:
    return f"{auc / best:.1%} of {best:.3f}, the best there can be"


def _after(f: DemoResults, best: float, measured: tuple[float, float], model: str) -> str:
    """AUC and ECE of a model on the newest leads."""
    auc, ece = measured
    return f"{_share_of_best(auc, best)}; ECE {ece:.1%}; {model} model,{_when(f, 'in_use')}"


def _savings(f: DemoResults) -> list[tuple[str, str, str]]:
    saved = f.savings
    if saved is None or saved.cost_saved is None:
        return []
    calls = f"{saved.calls_per_success:.1f} → {saved.calls_per_success_by_score:.1f}"
    cost = f"CHF {saved.cost_per_success:.0f} → {saved.cost_per_success_by_score:.0f} each, same number of calls"
    return [
        ("  calls per mortgage", calls, f"in order of arrival → by the new model; the newest {saved.leads:,} leads"),
        ("  saved", f"{saved.cost_saved:.0%}", cost),
        ("  extra mortgages", f"{saved.extra_successes:.0f}", "among them"),
    ]


def _outcomes(measured: ByOutcomes | None) -> list[tuple[str, str, str]]:
    """The report's own figures, which are others: nobody but a simulation knows the truth."""
    if measured is None or measured.calls_saved is None or measured.auc is None or measured.ece is None:
        return []
    twin = "in the test: of a twin of the new model that had learned from older cases only"
    return [
        ("", "", ""),
        ("By outcomes", "", "as the report measures it, and as it is in real life:"),
        ("  calls saved", f"{measured.calls_saved:.0%}", f"calling only HOT: {measured.leads:,} leads with an outcome"),
        ("  ranking (AUC)", f"{measured.auc:.3f}", twin),
        ("  honesty (ECE)", f"{measured.ece:.1%}", "in the same test"),
    ]


def _example(examples: Sequence[ScoredLeadReply]) -> list[RenderableType]:
    """The best of the leads that were scored one by one, with its reasons."""
    if not examples:
        return []
    best = examples[0]
    text = Text(f"\nLead {best.lead_id}: {best.predictive_score} of 100, {best.score_cluster}", style="bold")
    text.append(f" → {best.recommended_action}\n", style="bold")
    text.append("\n".join(f"  {reason.text}" for reason in best.reasons), style="dim")
    text.append(f"\n  (reasons are in the lead's language, here {best.language})", style="dim")
    return [text]
