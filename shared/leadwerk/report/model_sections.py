"""Sections on the champion itself: what counts most and in which direction, and models of segments."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from leadwerk.registry.manifest import Manifest, TriedSegment
from leadwerk.report import charts
from leadwerk.report.formatter import NOTHING, Formatter
from leadwerk.report.section import ReportSection, ReportTable, section
from leadwerk.texts import label

SHOWN_GROUPS = 15
NO_DIRECTION = 0.2
"""Rank correlations below this go up here and down there."""


def importance_section(formatter: Formatter, champion: Manifest | None) -> ReportSection | None:
    sizes = {group: size for group, size in (champion.importances if champion else {}).items() if size > 0}
    if not sizes:
        return None
    largest_groups = dict(list(sizes.items())[:SHOWN_GROUPS])
    named = {label(formatter.policy, formatter.language, group): size for group, size in largest_groups.items()}
    return section(
        formatter,
        "report.importance",
        paragraphs=[formatter.say("report.importance.text")],
        svg=charts.importance(named),
        table=_directions(formatter, champion, list(largest_groups)),
    )


def _directions(formatter: Formatter, champion: Manifest | None, groups: Sequence[str]) -> ReportTable | None:
    """Whether more of a feature raises or lowers the score."""
    directions = (champion.directions or {}) if champion else {}
    rows = [
        (label(formatter.policy, formatter.language, group), direction)
        for group in groups
        if (direction := _direction_words(formatter, directions.get(group))) != NOTHING
    ]
    return ReportTable(rows) if rows else None


def segments_section(formatter: Formatter, champion: Manifest | None) -> ReportSection | None:
    """What the champion's training tried for each segment of the policy."""
    if champion is None or not champion.segments:
        return None
    keys = ("segment", "own", "tested", "converted", "auc.own", "auc.general", "log_loss.own", "log_loss.general")
    return section(
        formatter,
        "report.segments",
        paragraphs=[formatter.say("report.segments.text")],
        table=ReportTable(
            [_trial(formatter, trial) for trial in champion.segments],
            [formatter.say(f"report.segments.{key}") for key in keys],
        ),
        wide=True,
    )


def _trial(formatter: Formatter, trial: TriedSegment) -> tuple[str, ...]:
    labels = {segment.name: segment.labels for segment in formatter.policy.segments}
    return (
        labels.get(trial.name, {}).get(formatter.language, trial.name),
        formatter.say("report.yes" if trial.serves else "report.no"),
        formatter.count(trial.test_rows),
        formatter.count(trial.converted),
        *(formatter.metric("log_loss", value) for value in trial.compared()),
    )


def _direction_words(formatter: Formatter, direction: float | None) -> str:
    """How a larger value moves the score; a dash where there is no direction."""
    if direction is None or not np.isfinite(direction) or abs(direction) < NO_DIRECTION:
        return NOTHING
    return formatter.say("report.direction.up" if direction > 0 else "report.direction.down")
