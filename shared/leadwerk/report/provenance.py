"""Provenance: on which leads and when a figure of the report was measured."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from leadwerk.lead.synthetic_times import is_order
from leadwerk.registry.manifest import Manifest
from leadwerk.report.calls_saved import calls_saved
from leadwerk.report.formatter import Formatter
from leadwerk.report.report_data import ReportData, ScoredOutcomes


def source(formatter: Formatter, facts: ReportData) -> str:
    """What `calls_saved` was measured on; nothing where there is no evidence."""
    savings = calls_saved(facts)
    if savings is None:
        return ""
    if savings.source == "scored":
        return _scored(formatter, facts)
    return formatter.say("report.source.test", leads=formatter.count(savings.leads)) + _when(
        formatter, test_period(facts)
    )


def in_the_test(formatter: Formatter, facts: ReportData) -> str:
    """The shortest note that says: out of time, and when."""
    return formatter.say("report.in_the_test") + _when(formatter, test_period(facts))


def test_evidence_paragraphs(formatter: Formatter, facts: ReportData) -> list[str]:
    """What the comparison of the candidates was measured on, and what the tested ones had learned from."""
    champion, period = facts.champion, test_period(facts)
    if champion is None or facts.test is None:
        return []
    if learned_from_file_order(champion):
        return [formatter.say("report.comparison.ordered", cases=formatter.count(facts.test.rows))]
    if period is None:
        return []
    # What the models could learn from: outcomes known a whole gap before the test begins.
    known_until = period[0] - timedelta(days=champion.split.gap_days or champion.horizon_days)
    return [
        formatter.say(
            "report.comparison.text",
            cases=formatter.count(facts.test.rows),
            first=formatter.day(period[0]),
            last=formatter.day(period[1]),
            until=formatter.day(known_until),
        )
    ]


def test_period(facts: ReportData) -> tuple[date, date] | None:
    """First and last day (UTC) of the cases that the champion's twins were tested on.

    None where it was not noted, and where a file's order stands for time.
    """
    champion = facts.champion
    if champion is None or champion.split.boundary is None or learned_from_file_order(champion):
        return None
    first, last = (datetime.fromisoformat(at) for at in (champion.split.boundary, champion.data.last_as_of))
    return first.astimezone(UTC).date(), last.astimezone(UTC).date()


def learned_from_file_order(champion: Manifest) -> bool:
    """Whether the model learned from a file whose order stands for time."""
    return is_order(champion.policy_name, champion.data.first_as_of)


def _scored(formatter: Formatter, facts: ReportData) -> str:
    scored = facts.scored
    sentence = formatter.say("report.source.scored", leads=formatter.count(len(scored)))
    when = scored.period and (scored.period[0].date(), scored.period[1].date())
    return f"{sentence}{_when(formatter, when)} {formatter.say(f'report.source.scored.{_by_whom(scored, facts)}')}"


def _by_whom(scored: ScoredOutcomes, facts: ReportData) -> str:
    """Whether the scores are of the model in use, of models before it, or of both."""
    # Scores of an earlier champion prove that one, not the model that serves now; the page says which.
    by_champion = {version == facts.champion.version for version in scored.model} if facts.champion else {False}
    return "both" if len(by_champion) > 1 else "now" if by_champion == {True} else "before"


def _when(formatter: Formatter, period: tuple[date, date] | None) -> str:
    if period is None:
        return ""
    if period[0] == period[1]:
        return f" ({formatter.day(period[0])})"
    return f" ({formatter.say('report.interval', low=formatter.day(period[0]), high=formatter.day(period[1]))})"
