"""Section on stages: how many leads reach the next one in time, month by month, and whether the chances are right."""

from __future__ import annotations

from leadwerk.report.formatter import NOTHING, Formatter
from leadwerk.report.report_data import ReportData
from leadwerk.report.section import ReportSection, ReportTable, section
from leadwerk.report.stage_conversion import StageConversion
from leadwerk.texts.facts import labelled

HEADER = ("stage", "next", "days", "entered", "matured", "rate")
SHOWN_MONTHS = 4


def stage_section(formatter: Formatter, facts: ReportData) -> ReportSection | None:
    """The funnel of the whole period and of the newest months; None before any lead was in a stage."""
    funnel = facts.funnel
    if funnel is None or not funnel.stages:
        return None
    months = sorted({step.month for step in funnel.months if step.month and step.matured})[-SHOWN_MONTHS:]
    by_month = {(step.stage, step.month): step for step in funnel.months}
    rows = [
        (*_conversion(formatter, step), *(_rate(formatter, by_month.get((step.stage, month))) for month in months))
        for step in funnel.stages
    ]
    header = (
        *(formatter.say(f"report.stages.{name}") for name in HEADER),
        *(f"{month:%Y-%m}" for month in months),
    )
    paragraphs = [formatter.say("report.stages.text", since=formatter.day(funnel.since))]
    if facts.stage_test is not None:
        test = facts.stage_test
        figures = {
            "contacts": formatter.count(test.contacts),
            "days": formatter.count(test.days),
            "expected": formatter.count(round(test.expected)),
            "advanced": formatter.count(test.advanced),
            "auc": formatter.metric("auc", test.auc),
            "error": formatter.share(test.calibration_error, 1),
        }
        paragraphs.append(formatter.say("report.stages.test", **figures))
    return section(formatter, "report.stages", paragraphs=paragraphs, table=ReportTable(rows, header), wide=True)


def stage_label(formatter: Formatter, name: str) -> str:
    """The stage as the policy calls it in the report's language."""
    labels = {stage.name: stage.labels for stage in formatter.policy.stages}
    return labelled(labels.get(name, {}), formatter.language) or name


def _conversion(formatter: Formatter, step: StageConversion) -> tuple[str, ...]:
    interval = NOTHING
    if step.low is not None and step.high is not None:
        interval = formatter.say("report.interval", low=formatter.share(step.low), high=formatter.share(step.high))
    rate = _rate(formatter, step)
    return (
        stage_label(formatter, step.stage),
        stage_label(formatter, step.next_stage),
        formatter.count(step.horizon_days),
        formatter.count(step.entered),
        formatter.count(step.matured),
        rate if interval == NOTHING else f"{rate} ({interval})",
    )


def _rate(formatter: Formatter, step: StageConversion | None) -> str:
    return NOTHING if step is None or step.rate is None else formatter.share(step.rate)
