"""Provenance: on which leads and when a figure of the report was measured."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from leadwerk.lead.synthetic_times import is_order
from leadwerk.registry.manifest import Manifest
from leadwerk.report.calls_saved import calls_saved
from leadwerk.report.formatter import Formatter
from leadwerk.report.report_data import ReportData, ScoredOutcomes


def source(words: Formatter, facts: ReportData) -> str:
    """What `calls_saved` was measured on; nothing where there is no evidence."""
    found = calls_saved(facts)
    if found is None:
        return ""
    if found.source == "scored":
        return _scored(words, facts)
    return words.say("report.source.test", leads=words.count(found.leads)) + _when(words, test_period(facts))


def in_the_test(words: Formatter, facts: ReportData) -> str:
    """The shortest note that says: out of time, and when."""
    return words.say("report.in_the_test") + _when(words, test_period(facts))


def test_evidence_paragraphs(words: Formatter, facts: ReportData) -> list[str]:
    """What the comparison of the candidates was measured on, and what the tested ones had learned from."""
    champion, period = facts.champion, test_period(facts)
    if champion is None or facts.test is None:
        return []
    if learned_from_file_order(champion):
        return [words.say("report.comparison.ordered", cases=words.count(facts.test["rows"]))]
    if period is None:
        return []
    known_until = period[0] - timedelta(days=champion.split.get("gap_days", champion.horizon_days))
    return [
        words.say(
            "report.comparison.text",
            cases=words.count(facts.test["rows"]),
            first=words.day(period[0]),
            last=words.day(period[1]),
            until=words.day(known_until),
        )
    ]


def test_period(facts: ReportData) -> tuple[date, date] | None:
    """First and last day (UTC) of the cases that the champion's twins were tested on.

    None where it was not noted, and where a file's order stands for time.
    """
    champion = facts.champion
    if champion is None or "boundary" not in champion.split or learned_from_file_order(champion):
        return None
    first, last = (datetime.fromisoformat(at) for at in (champion.split["boundary"], champion.data.last_as_of))
    return first.astimezone(UTC).date(), last.astimezone(UTC).date()


def learned_from_file_order(champion: Manifest) -> bool:
    """Whether the model learned from a file whose order stands for time."""
    return is_order(champion.policy_name, champion.data.first_as_of)


def _scored(words: Formatter, facts: ReportData) -> str:
    scored = facts.scored
    told = words.say("report.source.scored", leads=words.count(len(scored)))
    when = scored.period and (scored.period[0].date(), scored.period[1].date())
    return f"{told}{_when(words, when)} {words.say(f'report.source.scored.{_by_whom(scored, facts)}')}"


def _by_whom(scored: ScoredOutcomes, facts: ReportData) -> str:
    """Whether the scores are of the model in use, of models before it, or of both."""
    own = {version == facts.champion.version for version in scored.model} if facts.champion else {False}
    return "both" if len(own) > 1 else "now" if own == {True} else "before"


def _when(words: Formatter, period: tuple[date, date] | None) -> str:
    if period is None:
        return ""
    if period[0] == period[1]:
        return f" ({words.day(period[0])})"
    return f" ({words.say('report.interval', low=words.day(period[0]), high=words.day(period[1]))})"
