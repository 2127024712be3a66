"""Leak findings as sentences, in the reader's language."""

from __future__ import annotations

import shlex

from leadwerk.stats.leak_finding import LeakFinding, LeakReport
from leadwerk.texts.catalogue import text
from leadwerk.texts.message import Message
from leadwerk.texts.number_format import number, percent

DECIMALS = 3


def finding_text(finding: LeakFinding, language: str) -> str:
    """What was seen, with its figure and evidence."""
    if finding.check in ("presence", "open_value"):
        figure, low = percent(language, finding.figure), percent(language, finding.low)
    else:
        figure, low = number(language, finding.figure, DECIMALS), number(language, finding.low, DECIMALS)
    values = {"value": finding.best_value} if finding.check == "open_value" else {}
    sentence = text(language, f"leak.{finding.check}", field=finding.field, figure=figure, low=low, **values)
    if finding.best_value is None or finding.best_rate is None:
        return sentence
    rate, rows = percent(language, finding.best_rate), number(language, finding.best_rows or 0)
    return text(language, "leak.best_value", text=sentence, value=finding.best_value, rate=rate, rows=rows)


def remedy_text(finding: LeakFinding, language: str) -> str:
    """What a person can do about it, as a command that can be typed."""
    kind = "stop" if finding.stops else "suspect"
    return text(language, f"leak.remedy.{kind}", field=shlex.quote(finding.field))


def stop_text(report: LeakReport) -> str:
    """Why no model was promoted, as a message; empty where nothing stops."""
    fields = ", ".join(report.stopping_fields)
    return Message("leak.stopped", fields=fields) if fields else ""
