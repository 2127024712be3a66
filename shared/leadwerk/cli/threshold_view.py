"""What `leadwerk thresholds` shows, in the reader's language."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.table import Table

from leadwerk.cli.console import table
from leadwerk.report.formatter import Formatter

if TYPE_CHECKING:
    from leadwerk.catalogue.languages import Language
    from leadwerk.pipeline.thresholds.daily import ThresholdDecision, ThresholdHold, ThresholdReport
    from leadwerk.pipeline.thresholds.forecast import Outlook
    from leadwerk.policy.model import Policy
    from leadwerk.report.threshold_outlook_table import OutlookEstimate, OutlookRow

WEEKS_A_YEAR = 52


def formatter(policy: Policy, language: Language | None) -> Formatter:
    """The formatter of a language, None: of the policy's first."""
    return Formatter(language or policy.languages[0], policy)


def parts(
    report: ThresholdReport, found: Outlook | None, words: Formatter, policy: Policy, *, thought_of: bool, decided: bool
) -> Iterator[RenderableType]:
    """Tables and sentences, first to last; `thought_of`: the ladder is of a team that is not the policy's.

    `decided`: it was asked to decide before showing.
    """
    if report.thresholds:
        yield _today(report, words)
    elif not policy.capacity.sellers:
        yield words.say("threshold.no_sellers", points=policy.points.bands.hot, model=policy.bands.hot)
    else:
        yield words.say("threshold.unknown" if decided else "threshold.not_decided")
    yield from (_hold(one, words) for one in report.holds)
    if report.unserved_per_week:
        yield words.say("threshold.unserved", leads=words.decimal(report.unserved_per_week, 1))
    if found is None:
        return
    yield _ladder(found, words)
    yield words.say(f"threshold.by_{found.source}", **_leads(found, words))
    if thought_of or found.wanted != found.today:
        yield words.say("threshold.would_fit", hours=words.decimal(found.hours, 1), wanted=found.wanted)
    lowest = found.rungs[0]
    if found.hours > lowest.hours and all(wanted <= lowest.threshold for wanted in found.seller_pools.values()):
        needed, hours = words.decimal(lowest.hours, 1), words.decimal(found.hours, 1)
        yield words.say("threshold.time_left", lowest=lowest.threshold, needed=needed, hours=hours)
    elif found.one_more_hour:
        yield words.say("threshold.hour_sentence", wins=_estimate(found.one_more_hour.times(WEEKS_A_YEAR), words, 1))


def chart_words(found: Outlook, words: Formatter) -> dict[str, str]:
    """The words on the picture."""
    names = {name: words.say(f"threshold.{name}") for name in ("hours", "wins", "calls", "team")}
    return {**names, "today": f"{words.say('threshold.today')}, {words.say('threshold.hot')} {found.today}"}


def _leads(found: Outlook, words: Formatter) -> dict[str, str]:
    return {} if found.source == "chances" else {"leads": words.count(found.past_leads)}


def _today(report: ThresholdReport, words: Formatter) -> Table | Group:
    names = ("segment", "basis", "hot", "wanted", "calls", "room", "why")
    header = [words.say(f"threshold.{name}") for name in names]
    title = words.say("threshold.title", day=report.day.isoformat())
    return table(title, header, [_line(line, words) for line in report.thresholds])


def _line(line: ThresholdDecision, words: Formatter) -> tuple[str, ...]:
    moved = "" if line.before is None or line.before == line.hot else f" ({line.before})"
    return (
        line.seller_pool or words.say("threshold.everybody"),
        words.say(f"threshold.{line.basis}"),
        f"{line.hot}{moved}",
        str(line.wanted),
        words.decimal(line.calls_per_week, 1),
        words.decimal(line.capacity_per_week, 1),
        words.say(f"threshold.why.{line.reason}"),
    )


def _hold(held: ThresholdHold, words: Formatter) -> str:
    end = words.say("threshold.until", day=held.until) if held.until else words.say("threshold.until_ended")
    who = held.seller_pool or words.say("threshold.everybody")
    return words.say("threshold.held", who=who, author=held.author, hot=held.hot, until=end, why=held.reason)


def _ladder(found: Outlook, words: Formatter) -> Table | Group:
    header = [words.say(f"threshold.{name}") for name in ("hot", "calls", "hours", "wins", "hour")]
    rows = [_rung(rung, found, words) for rung in found.rungs]
    return table(words.say("threshold.ladder"), header, rows)


def _rung(rung: OutlookRow, found: Outlook, words: Formatter) -> tuple[str, ...]:
    mark = f" ◂ {words.say('threshold.today')}" if rung.threshold == found.today else ""
    return (
        f"{rung.threshold}{mark}",
        words.decimal(rung.calls, 1),
        words.decimal(rung.hours, 1),
        _estimate(rung.wins, words, 2),
        _estimate(rung.hour, words, 3),
    )


def _estimate(found: OutlookEstimate | None, words: Formatter, decimals: int) -> str:
    if found is None:
        return ""
    value = words.decimal(found.value, decimals)
    if found.low is None or found.high is None:
        return value
    return f"{value} ({words.decimal(found.low, decimals)}–{words.decimal(found.high, decimals)})"
