"""A replay on the terminal: what a policy would have changed, in tables that fit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.markup import escape

from leadwerk.cli.console import err, out, table
from leadwerk.cli.progress_bar import working
from leadwerk.cli.speech import Speech

if TYPE_CHECKING:
    from leadwerk.cli.invocation import Invocation
    from leadwerk.pipeline.policies.replay import ReplayRequest
    from leadwerk.pipeline.policies.replayed import Replayed
    from leadwerk.points.biggest_changes import ChangedLead
    from leadwerk.points.replay import Conversion, Replay
    from leadwerk.points.workload import SellerWeek

BEST_FIRST = ("HOT", "WARM", "COLD", "UNSCORED", "DISQUALIFIED", "CLOSED")
RULES_SHOWN = 3
"""Rules of a mover; the rest is counted."""


def run(call: Invocation, request: ReplayRequest, *, points_alone: bool = False) -> Replayed:
    """Replay while saying what goes on."""
    from leadwerk.pipeline.policies import replay

    deployment = call.deployment
    registry = None if points_alone else deployment.registry
    with working(Speech.of_reader(call), "replay.running", as_json=call.as_json) as progress:
        return replay.run(deployment.warehouse, request, registry, progress=progress)


def show(replayed: Replayed, speech: Speech) -> None:
    """All of it."""
    show_summary(replayed, speech)
    replay = replayed.replay
    stages = [move for move in replay.stages if move.direction]
    if stages:
        none = speech.say("replay.no_stage")
        rows = [(f"{move.before or none} → {move.after or none}", f"{move.leads:,}", move.direction) for move in stages]
        out.print(table(speech.say("replay.stages"), (*speech.columns("from_to", "leads"), ""), rows))
    if replay.movers:
        out.print(f"[bold]{speech.say('replay.largest')}[/bold]")
    for mover in replay.movers:
        out.print("\n".join(_mover(mover, speech)))


def show_summary(replayed: Replayed, speech: Speech) -> None:
    """What a publisher should have seen: who moves, what became of such leads, who has to call them."""
    replay = replayed.replay
    ranking = speech.say("replay.by_points")
    if replayed.ranked_by != "points":
        ranking = speech.say("replay.by_model", model=replayed.ranked_by)
    counts = {"leads": f"{replay.leads:,}", "days": replayed.days, "moments": f"{replay.moments:,}"}
    summary = speech.say("replay.summary", **counts, ranking=ranking)
    out.print(f"[bold]{replayed.from_version} → {replayed.to_version}[/bold]: {summary}")
    for note in replayed.notes:
        err.print(f"[yellow]{escape(note)}[/yellow]")
    if not replay.leads:
        out.print(speech.say("replay.no_lead"))
        return
    if not (replay.moved or replay.movers or any(move.direction for move in replay.stages)):
        out.print(speech.say("replay.no_move"))
        return
    _show_clusters(replay, speech)
    _show_conversion(replay, speech)
    _show_calls(replay, speech)


def _show_clusters(replay: Replay, speech: Speech) -> None:
    """The matrix: rows as the policy in force has it, columns as the new one does."""
    leads = {(move.before, move.after): move for move in replay.clusters}
    seen = [name for name in BEST_FIRST if any(name in pair for pair in leads)]
    rows = [
        (
            speech.say("replay.before", cluster=before),
            *(f"{leads[before, after].leads:,}" if (before, after) in leads else "" for after in seen),
        )
        for before in seen
    ]
    out.print(table(speech.say("replay.clusters", leads=f"{replay.moved:,}"), ("", *seen), rows))
    moves = [move for move in replay.clusters if move.direction]
    if moves:
        examples = [(f"{move.before} → {move.after}", f"{move.leads:,}", ", ".join(move.examples)) for move in moves]
        out.print(table("", speech.columns("from_to", "leads", "such_as"), examples))


def _show_conversion(replay: Replay, speech: Speech) -> None:
    groups = {"hot_both": replay.kept, "hot_gained": replay.gained, "hot_lost": replay.lost}
    rows = [
        (
            speech.say(f"replay.{name}"),
            f"{conversion.leads:,}",
            f"{conversion.mature:,}",
            f"{conversion.converted:,}",
            *_rate(conversion),
        )
        for name, conversion in groups.items()
    ]
    header = ("", *speech.columns("leads", "decided", "converted", "rate", "between_95"))
    out.print(table(speech.say("replay.conversion"), header, rows))


def _rate(conversion: Conversion) -> tuple[str, str]:
    return (
        ("–", "–")
        if conversion.rate is None
        else (f"{conversion.rate:.1%}", f"{conversion.low:.1%} … {conversion.high:.1%}")
    )


def _show_calls(replay: Replay, speech: Speech) -> None:
    before, after = (
        {seller_week.seller: seller_week for seller_week in side.sellers} for side in (replay.before, replay.after)
    )
    rows = [
        (
            seller or speech.say("replay.nobody"),
            *_calls(before.get(seller)),
            *_calls(after.get(seller)),
            _room(after.get(seller)),
        )
        for seller in {**before, **after}
        if seller or len(before | after) > 1
    ]
    totals = [text for side in (replay.before, replay.after) for text in (f"{side.average:.1f}", str(side.busiest))]
    header = ("", *speech.columns("before", "busiest", "after", "busiest", "has_time_for"))
    out.print(table(speech.say("replay.calls"), header, [*rows, (speech.say("replay.all"), *totals, "")]))


def _calls(seller_week: SellerWeek | None) -> tuple[str, str]:
    return ("", "") if seller_week is None else (f"{seller_week.average:.1f}", str(seller_week.busiest))


def _room(seller_week: SellerWeek | None) -> str:
    return "" if seller_week is None or seller_week.room is None else f"{seller_week.room:.1f}"


def _mover(mover: ChangedLead, speech: Speech) -> Iterator[str]:
    moved = f" ({mover.cluster_before} → {mover.cluster_after})" if mover.cluster_before != mover.cluster_after else ""
    points = {"before": f"{mover.points_before:g}", "after": f"{mover.points_after:g}"}
    lead = f"[bold]{escape(mover.lead_id)}[/bold]"
    yield speech.say("replay.mover", lead=lead, day=mover.as_of[:10], **points, moved=moved)
    for difference in mover.rules[:RULES_SHOWN]:
        yield f"    {difference.rule}: {difference.before:g} → {difference.after:g}"
    if len(mover.rules) > RULES_SHOWN:
        yield f"    {speech.say('replay.more', count=len(mover.rules) - RULES_SHOWN)}"
