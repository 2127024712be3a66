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
from leadwerk.cli.speech import Speech

Row = tuple[str, str, str]
"""What, how much, and a note."""
BLANK: Row = ("", "", "")


def summary(figures: DemoResults, speech: Speech) -> RenderableType:
    """One block: what was done, how good it is, and what it is worth."""
    rows = Table.grid(padding=(0, 2))
    rows.add_column(style="bold")
    rows.add_column(justify="right")
    rows.add_column(style="dim")
    outcomes = _outcomes(figures.by_outcomes, speech)
    for row in (*_work(figures, speech), *_quality(figures, speech), *_savings(figures, speech), *outcomes):
        rows.add_row(*row)
    report = speech.say("demo.report", place=figures.report)
    seconds = speech.say("demo.time", seconds=f"{figures.seconds.get('all', 0):.0f}")
    parts = [rows, *_example(figures.examples, speech), Text(f"\n{report}\n{seconds}", style="bold")]
    return Panel(Group(*parts), title=speech.say("demo.title"), title_align="left", padding=(1, 2), expand=False)


def further(f: DemoResults, speech: Speech) -> Text:
    """What to type next, to be copied: outside of the block, where no edge breaks a line.

    The simulation's last moment stands in for the clock, also in commands that store something.
    """
    lead = f.examples[0].lead_id if f.examples else "LEAD"
    where = f"--home {f.home} --now {f.ends_at}"
    commands = (f"leadwerk leads list {where}", f"leadwerk history {lead} {where}", f"leadwerk policy suggest {where}")
    desk = f"leadwerk serve --home {f.home} --clock {f.ends_at} --open"
    lines = [f".venv/bin/{desk}", "export LEADWERK_SIMULATION=1", *(f".venv/bin/{command}" for command in commands)]
    return Text("\n".join(["", speech.say("demo.further"), *(f"  {line}" for line in lines)]), style="dim")


def _row(speech: Speech, name: str, figure: str, note: str | None = None, *, inner: bool = False) -> Row:
    """A row of the key `demo.NAME`, with another note than that of the key if one is given."""
    label = speech.say(f"demo.{name}")
    return f"  {label}" if inner else label, figure, speech.say(f"demo.note.{name}") if note is None else note


def _work(f: DemoResults, speech: Speech) -> list[Row]:
    say = speech.say
    read = say("demo.read.note", nights=f.nights, leads=f"{f.leads:,}")
    milliseconds = f"{1000 * median(f.score_seconds):.0f}" if f.score_seconds else ""
    scored = say("demo.scored.note", milliseconds=milliseconds) if milliseconds else ""
    delivered = say("demo.delivered.note", failures=f"{f.crm_attempts_failed:,}")
    return [
        _row(speech, "read", say("demo.read.figure", events=f"{f.events:,}"), read),
        _row(speech, "learned", say("demo.learned.figure", outcomes=f"{f.outcomes_ingested:,}")),
        _row(speech, "points", say("demo.leads", leads=f"{f.scored_by_points:,}")),
        _row(speech, "scored", say("demo.leads", leads=f"{f.scored_over_http:,}"), scored),
        _row(speech, "delivered", say("demo.leads", leads=f"{f.crm_patched:,}"), delivered),
        _row(speech, "wrong", f"{f.crm_mismatches}"),
    ]


def _quality(f: DemoResults, speech: Speech) -> list[Row]:
    """Against the truth, on leads that no model has learned from: the report shows the same in a table of its own."""
    shock = f.after_shock
    if shock is None:
        return []
    best, period = _share_of_best(f.auc, f.bayes_auc, speech), _when(f, "first", speech)
    first = speech.say("demo.ranking.note", share=best, period=period)
    share_of_old = _share_of_best(shock.auc_without_retraining, shock.bayes_auc, speech)
    share_of_new = _share_of_best(shock.auc, shock.bayes_auc, speech)
    in_use = _when(f, "in_use", speech)
    old = speech.say("demo.after.first", share=share_of_old, ece=f"{shock.ece_without_retraining:.1%}", period=in_use)
    new = speech.say("demo.after.new", share=share_of_new, ece=f"{shock.ece:.1%}", period=in_use)
    return [
        BLANK,
        _row(speech, "truth", ""),
        _row(speech, "ranking", f"{f.auc:.3f}", first, inner=True),
        _row(speech, "honesty", f"{f.ece:.1%}", inner=True),
        _row(speech, "lift", f"× {f.lift_at_10:.1f}", inner=True),
        _row(speech, "strict", f"{shock.auc_without_retraining:.3f}", old, inner=True),
        _row(speech, "retrained", f"{shock.auc:.3f}", new, inner=True),
    ]


def _when(f: DemoResults, which: str, speech: Speech) -> str:
    first, last = f.measured[which]
    return speech.say("demo.period", first=first, last=last)


def _share_of_best(auc: float, best: float, speech: Speech) -> str:
    return speech.say("demo.share", share=f"{auc / best:.1%}", best=f"{best:.3f}")


def _savings(f: DemoResults, speech: Speech) -> list[Row]:
    saved = f.savings
    if saved is None or saved.cost_saved is None:
        return []
    calls = f"{saved.calls_per_success:.1f} → {saved.calls_per_success_by_score:.1f}"
    newest = speech.say("demo.calls.note", leads=f"{saved.leads:,}")
    before, after = f"{saved.cost_per_success:.0f}", f"{saved.cost_per_success_by_score:.0f}"
    cheaper = speech.say("demo.saved.note", before=before, after=after)
    return [
        _row(speech, "calls", calls, newest, inner=True),
        _row(speech, "saved", f"{saved.cost_saved:.0%}", cheaper, inner=True),
        _row(speech, "extra", f"{saved.extra_successes:.0f}", inner=True),
    ]


def _outcomes(measured: ByOutcomes | None, speech: Speech) -> list[Row]:
    """The report's own figures, which are others: nobody but a simulation knows the truth."""
    if measured is None or measured.calls_saved is None or measured.auc is None or measured.ece is None:
        return []
    hot = speech.say("demo.calls_saved.note", leads=f"{measured.leads:,}")
    return [
        BLANK,
        _row(speech, "outcomes", ""),
        _row(speech, "calls_saved", f"{measured.calls_saved:.0%}", hot, inner=True),
        _row(speech, "ranking", f"{measured.auc:.3f}", speech.say("demo.twin"), inner=True),
        _row(speech, "honesty", f"{measured.ece:.1%}", speech.say("demo.same_test"), inner=True),
    ]


def _example(examples: Sequence[ScoredLeadReply], speech: Speech) -> list[RenderableType]:
    """The best of the leads that were scored one by one, with its reasons."""
    if not examples:
        return []
    best = examples[0]
    lead = speech.say("demo.example", lead=best.lead_id, score=best.predictive_score, cluster=best.score_cluster)
    text = Text(f"\n{lead} → {best.recommended_action}\n", style="bold")
    text.append("\n".join(f"  {reason.text}" for reason in best.reasons), style="dim")
    text.append(f"\n  {speech.say('demo.example.language', language=best.language)}", style="dim")
    return [text]
