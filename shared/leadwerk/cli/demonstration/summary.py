"""The demo's closing words: what happened, for a person."""

from __future__ import annotations

from statistics import median
from typing import Any

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from leadwerk.cli.demonstration.figures import Figures


def summary(figures: Figures) -> RenderableType:
    """One block: what was done, how good it is, what it is worth, and where to read on."""
    rows = Table.grid(padding=(0, 2))
    rows.add_column(style="bold")
    rows.add_column(justify="right")
    rows.add_column(style="dim")
    for row in (*_work(figures), *_quality(figures), *_worth(figures.savings)):
        rows.add_row(*row)
    closing = Text(f"\nReport: {figures.report}\nTime:   {figures.seconds.get('all', 0):.0f} s", style="bold")
    parts = [rows, *_example(figures.examples), closing, _further(figures)]
    return Panel(Group(*parts), title="Leadwerk demo", title_align="left", padding=(1, 2), expand=False)


def _further(f: Figures) -> Text:
    """What to type next; the simulation's last moment stands in for the clock."""
    lead = f.examples[0]["lead_id"] if f.examples else "LEAD"
    where = f"--home {f.home} --now {f.ends_at}"
    commands = (f"leadwerk leads {where}", f"leadwerk history {lead} {where}", f"leadwerk suggest {where}")
    return Text("\nLook around:\n" + "\n".join(f"  .venv/bin/{command}" for command in commands), style="dim")


def _work(f: Figures) -> list[tuple[str, str, str]]:
    milliseconds = f"{1000 * median(f.score_seconds):.0f} ms each, with reasons" if f.score_seconds else ""
    return [
        ("Read", f"{f.events:,} events", f"of a simulated site in {f.nights} nights, and {f.leads:,} leads"),
        ("Learned from", f"{f.outcomes_ingested:,} outcomes", "taken from the CRM page by page"),
        ("Before any model", f"{f.scored_by_points:,} leads", "scored by the policy's points, each with its ledger"),
        ("Scored over HTTP", f"{f.scored_over_http:,} leads", milliseconds),
        ("Delivered", f"{f.crm_patched:,} leads", f"to a CRM that failed {f.crm_attempts_failed:,} times meanwhile"),
        ("Wrong in the CRM", f"{f.crm_mismatches}", "scores that are not the newest stored one"),
    ]


def _quality(f: Figures) -> list[tuple[str, str, str]]:
    shock = f.after_shock
    return [
        ("", "", ""),
        ("Ranking (AUC)", f"{f.auc:.3f}", _of_best(f.auc, f.bayes_auc)),
        ("Honesty (ECE)", f"{f.ece:.1%}", "mean distance of predicted and true chance"),
        ("Lift of best tenth", f"× {f.lift_at_10:.1f}", "conversions against the average lead"),
        ("", "", ""),
        ("Then banks got strict", f"{shock['auc_without_retraining']:.3f}", _after(shock, "_without_retraining")),
        ("  after retraining", f"{shock['auc']:.3f}", _after(shock, "")),
    ]


def _of_best(auc: float, best: float) -> str:
    return f"{auc / best:.1%} of the {best:.3f} that knowing the true chances gives"


def _after(shock: dict[str, float], which: str) -> str:
    return f"{_of_best(shock[f'auc{which}'], shock['bayes_auc'])}; ECE {shock[f'ece{which}']:.1%}"


def _worth(saved: dict[str, Any]) -> list[tuple[str, str, str]]:
    if not saved or saved["cost_saved"] is None:
        return []
    calls = f"{saved['calls_per_success']:.1f} → {saved['calls_per_success_by_score']:.1f}"
    cost = f"CHF {saved['cost_per_success']:.0f} → {saved['cost_per_success_by_score']:.0f} each, same number of calls"
    return [
        ("", "", ""),
        ("Calls per mortgage", calls, "in order of arrival → by score"),
        ("Saved", f"{saved['cost_saved']:.0%}", cost),
        ("Extra mortgages", f"{saved['extra_successes']:.0f}", f"among the newest {saved['leads']:,} leads"),
    ]


def _example(examples: list[dict[str, Any]]) -> list[RenderableType]:
    """The best of the leads that were scored one by one, with its reasons."""
    if not examples:
        return []
    best = examples[0]
    text = Text(f"\nLead {best['lead_id']}: {best['predictive_score']} of 100, {best['score_cluster']}", style="bold")
    text.append(f" → {best['recommended_action']}\n", style="bold")
    text.append("\n".join(f"  {reason['text']}" for reason in best["reasons"]), style="dim")
    text.append(f"\n  (reasons are told in the lead's language, here {best['language']})", style="dim")
    return [text]
