"""Section of the report: whether leads and outcomes still are what the champion learned from, and anomalies."""

from __future__ import annotations

from collections.abc import Sequence

from leadwerk.features.drift_check import ANOMALIES, DriftCheck, DriftDriver
from leadwerk.report.formatter import NOTHING, Formatter
from leadwerk.report.section import ReportSection, ReportTable, section

SHOWN = 4
WORDED = ("all", "unknown", "visits", "idle_visits")
"""Names of series that are not the policy's or the data's."""


def drift_section(formatter: Formatter, checks: Sequence[DriftCheck]) -> ReportSection | None:
    """A row for each monitor with its state and what drives it; None before the first check."""
    if not checks:
        return None
    header = [formatter.say(f"report.drift.{name}") for name in ("monitor", "state", "figure", "limit", "drivers")]
    alarms = [check for check in checks if check.alarm and check.monitor not in ANOMALIES]
    sentence = formatter.say("report.drift.alarm" if alarms else "report.drift.quiet")
    paragraphs = [sentence, *(_outcome_sentence(formatter, check) for check in alarms)]
    paragraphs += anomaly_sentences(formatter, checks)
    rows = [_row(formatter, check) for check in checks]
    return section(formatter, "report.drift", paragraphs=paragraphs, table=ReportTable(rows, header), wide=True)


def anomaly_sentences(formatter: Formatter, checks: Sequence[DriftCheck]) -> list[str]:
    """A sentence for each series that differs from the weeks before: its count, since when, and the usual count."""
    return [
        formatter.say(
            f"report.anomaly.{check.monitor}",
            name=formatter.say(f"report.anomaly.{driver.name}") if driver.name in WORDED else driver.name,
            day=formatter.day(check.change_day),
            observed=formatter.count(driver.now or 0.0),
            expected=formatter.decimal(driver.before or 0.0, 1),
        )
        for check in checks
        if check.alarm and check.monitor in ANOMALIES and check.change_day is not None
        for driver in check.drivers[:SHOWN]
    ]


def _outcome_sentence(formatter: Formatter, check: DriftCheck) -> str:
    """How many leads converted since the change, and how many were expected to."""
    if check.monitor != "outcomes" or check.change_day is None or not check.drivers:
        return ""
    total = check.drivers[0]
    return formatter.say(
        "report.drift.outcome",
        day=formatter.day(check.change_day),
        observed=formatter.count(total.now or 0.0),
        expected=formatter.decimal(total.before or 0.0, 1),
    )


def _row(formatter: Formatter, check: DriftCheck) -> list[str]:
    state = "alarm" if check.alarm else "too_few" if check.statistic is None else "within"
    return [
        formatter.say(f"report.drift.monitor.{check.monitor}"),
        formatter.say(f"report.drift.state.{state}"),
        NOTHING if check.statistic is None else formatter.decimal(check.statistic),
        NOTHING if check.alarm_limit is None else formatter.decimal(check.alarm_limit),
        ", ".join(_driver(formatter, driver) for driver in check.drivers[:SHOWN]),
    ]


def _driver(formatter: Formatter, driver: DriftDriver) -> str:
    return f"{driver.name} ({formatter.decimal(driver.statistic)})"
