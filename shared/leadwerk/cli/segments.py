"""`leadwerk segments`: groups of leads that resemble each other, with names, sizes and conversion."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from leadwerk.cli.console import out, table
from leadwerk.cli.invocation import Invocation, shared_options
from leadwerk.cli.progress_bar import working
from leadwerk.cli.speech import Speech
from leadwerk.texts.facts import label
from leadwerk.texts.number_format import percent

if TYPE_CHECKING:
    from leadwerk.learning.natural_segments import NaturalSegment, Trait
    from leadwerk.policy.model import Policy


def register(app: typer.Typer) -> None:
    """Add the commands of this family."""
    app.command(rich_help_panel="Tools")(segments)


@shared_options(output_language=True)
def segments(call: Invocation) -> None:
    """Find groups of past leads that resemble each other, by k-means: what sets them apart, and how they convert.

    A group that converts well is a candidate for the policy's `segments`, which may get a model of their own.

    Example: `leadwerk segments --output-language en`
    """
    from leadwerk.pipeline.lead_segments import find_segments

    deployment = call.deployment
    with working(Speech.of_reader(call), "segments.running", as_json=call.as_json):
        segmentation = find_segments(deployment.warehouse, deployment.policy, now=call.moment())
    if call.prints_json(segmentation):
        return
    speech = Speech.of(call)
    if segmentation is None:
        out.print(speech.say("segments.none"))
        return
    header = speech.columns("segment", "leads", "won", "conversion")
    rows = [segment_row(segment, deployment.policy, speech) for segment in segmentation.segments]
    out.print(table("", header, rows))
    out.print(speech.say("segments.text", silhouette=f"{segmentation.silhouette:.2f}"))


def segment_row(segment: NaturalSegment, policy: Policy, speech: Speech) -> tuple[str, ...]:
    """Name, leads, wins and conversion of a segment."""
    rate, low, high = (percent(speech.language, share, 1) for share in (segment.rate, segment.low, segment.high))
    name = ", ".join(_trait(trait, policy, speech) for trait in segment.traits) or speech.say("segments.ordinary")
    return name, f"{segment.leads:,}", f"{segment.converted:,}", f"{rate} ({low} – {high})"


def _trait(trait: Trait, policy: Policy, speech: Speech) -> str:
    return speech.say(
        f"segments.{trait.kind}", label=label(policy, speech.language, trait.group), value=trait.value or ""
    )
