"""A replay on the terminal: what a policy would have changed, in tables that fit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.markup import escape

from leadwerk.cli.console import err, out, table
from leadwerk.cli.progress_bar import working

if TYPE_CHECKING:
    from leadwerk.cli.options import Deployment
    from leadwerk.pipeline.policies.replay import Replayed, ReplayRequest
    from leadwerk.points.biggest_changes import ChangedLead
    from leadwerk.points.replay import Conversion, Replay
    from leadwerk.points.workload import SellerWeek

BEST_FIRST = ("HOT", "WARM", "COLD", "UNSCORED", "DISQUALIFIED", "CLOSED")
RULES_SHOWN = 3
"""Rules of a mover; the rest is counted."""


def run(deployment: Deployment, request: ReplayRequest, *, as_json: bool, points_alone: bool = False) -> Replayed:
    """Replay while saying what goes on."""
    from leadwerk.pipeline.policies import replay

    registry = None if points_alone else deployment.registry
    with working("Replaying", as_json=as_json) as progress:
        return replay.run(deployment.warehouse, request, registry, progress=progress)


def show(replayed: Replayed) -> None:
    """All of it."""
    show_summary(replayed)
    replay = replayed.replay
    stages = [move for move in replay.stages if move.direction]
    if stages:
        rows = [
            (f"{move.before or 'none'} → {move.after or 'none'}", f"{move.leads:,}", move.direction) for move in stages
        ]
        out.print(table("Furthest stage", ("from → to", "leads", ""), rows))
    if replay.movers:
        out.print("[bold]Largest differences[/bold]")
    for mover in replay.movers:
        out.print("\n".join(_mover(mover)))


def show_summary(replayed: Replayed) -> None:
    """What a publisher should have seen: who moves, what became of such leads, who has to call them."""
    replay = replayed.replay
    ranked = (
        "points" if replayed.ranked_by == "points" else f"the model {replayed.ranked_by}, as each policy combines it"
    )
    out.print(
        f"[bold]{replayed.from_version} → {replayed.to_version}[/bold]: "
        f"{replay.leads:,} leads of {replayed.days} days, "
        f"at {replay.moments:,} moments while they were open, ranked by {ranked}."
    )
    for note in replayed.notes:
        err.print(f"[yellow]{escape(note)}[/yellow]")
    if not replay.leads:
        out.print("No lead came in that time: nothing can be said of what this policy changes.")
        return
    if not (replay.moved or replay.movers or any(move.direction for move in replay.stages)):
        out.print("No lead would have stood elsewhere.")
        return
    _show_clusters(replay)
    _show_conversion(replay)
    _show_calls(replay)


def _show_clusters(replay: Replay) -> None:
    """The matrix: rows as the policy in force has it, columns as the new one does."""
    leads = {(move.before, move.after): move for move in replay.clusters}
    seen = [name for name in BEST_FIRST if any(name in pair for pair in leads)]
    rows = [
        (f"{before} before", *(f"{leads[before, after].leads:,}" if (before, after) in leads else "" for after in seen))
        for before in seen
    ]
    out.print(table(f"Best cluster: {replay.moved:,} leads move", ("", *seen), rows))
    moves = [move for move in replay.clusters if move.direction]
    if moves:
        examples = [(f"{move.before} → {move.after}", f"{move.leads:,}", ", ".join(move.examples)) for move in moves]
        out.print(table("", ("from → to", "leads", "such as"), examples))


def _show_conversion(replay: Replay) -> None:
    named = (("HOT under both", replay.kept), ("HOT only now", replay.gained), ("HOT no longer", replay.lost))
    rows = [
        (name, f"{conversion.leads:,}", f"{conversion.mature:,}", f"{conversion.converted:,}", *_rate(conversion))
        for name, conversion in named
    ]
    header = ("", "leads", "decided", "converted", "rate", "95 % between")
    out.print(table("What became of them within the horizon", header, rows))


def _rate(conversion: Conversion) -> tuple[str, str]:
    return (
        ("–", "–")
        if conversion.rate is None
        else (f"{conversion.rate:.1%}", f"{conversion.low:.1%} … {conversion.high:.1%}")
    )


def _show_calls(replay: Replay) -> None:
    before, after = (
        {seller_week.seller: seller_week for seller_week in side.sellers} for side in (replay.before, replay.after)
    )
    rows = [
        (
            seller or "nobody can serve",
            *_calls(before.get(seller)),
            *_calls(after.get(seller)),
            _room(after.get(seller)),
        )
        for seller in {**before, **after}
        if seller or len(before | after) > 1
    ]
    totals = [text for side in (replay.before, replay.after) for text in (f"{side.average:.1f}", str(side.busiest))]
    header = ("", "before", "busiest", "after", "busiest", "has time for")
    out.print(table("Leads to call a week", header, [*rows, ("all", *totals, "")]))


def _calls(seller_week: SellerWeek | None) -> tuple[str, str]:
    return ("", "") if seller_week is None else (f"{seller_week.average:.1f}", str(seller_week.busiest))


def _room(seller_week: SellerWeek | None) -> str:
    return "" if seller_week is None or seller_week.room is None else f"{seller_week.room:.1f}"


def _mover(mover: ChangedLead) -> Iterator[str]:
    moved = f" ({mover.cluster_before} → {mover.cluster_after})" if mover.cluster_before != mover.cluster_after else ""
    lead = f"[bold]{escape(mover.lead_id)}[/bold] on {mover.as_of[:10]}"
    yield f"{lead}: {mover.points_before:g} → {mover.points_after:g} points{moved}"
    for difference in mover.rules[:RULES_SHOWN]:
        yield f"    {difference.rule}: {difference.before:g} → {difference.after:g}"
    if len(mover.rules) > RULES_SHOWN:
        yield f"    and {len(mover.rules) - RULES_SHOWN} more"
