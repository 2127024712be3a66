"""Sections on quality: plain words, precision and recall by threshold, and what was left out and why."""

from __future__ import annotations

from leadwerk.features.protected import protected_names
from leadwerk.registry.manifest import Manifest
from leadwerk.report.formatter import NOTHING, Formatter
from leadwerk.report.provenance import source
from leadwerk.report.report_data import ReportData
from leadwerk.report.section import ReportSection, ReportTable, section
from leadwerk.report.threshold_quality import Share, ThresholdQuality, threshold_quality
from leadwerk.stats.leak_finding import LeakFinding

THRESHOLD_HEADER = ("score", "leads", "precision", "recall", "calls")


def words_section(formatter: Formatter, facts: ReportData) -> ReportSection | None:
    """Whether chances can be taken at their word. Whether HOT leads convert more often, the results say."""
    scored = facts.scored
    if not scored.tells:
        return None
    paragraphs = [_level_sentence(formatter, facts), source(formatter, facts)]
    return section(formatter, "report.words", paragraphs=paragraphs, wide=True)


def _level_sentence(formatter: Formatter, facts: ReportData) -> str:
    """Whether as many converted as was predicted."""
    scored = facts.scored
    predicted = float(scored.probability.mean())
    observed = Share.of_counts(int(scored.converted.sum()), len(scored))
    if observed.low <= predicted <= observed.high:
        verdict = "honest"
    else:
        verdict = "too_high" if predicted > observed.high else "too_low"
    return formatter.say(
        f"report.words.level.{verdict}",
        predicted=formatter.share(predicted, 1),
        observed=formatter.share(observed.value, 1),
    )


def thresholds_section(formatter: Formatter, facts: ReportData) -> ReportSection | None:
    """Precision and recall from each score on."""
    scored = facts.scored
    if not scored.tells:
        return None
    rows = [_threshold(formatter, row) for row in threshold_quality(scored.score, scored.converted) if row.leads]
    header = [formatter.say(f"report.cutoffs.{name}") for name in THRESHOLD_HEADER]
    paragraphs = [formatter.say("report.cutoffs.text"), source(formatter, facts)]
    return section(formatter, "report.cutoffs", paragraphs=paragraphs, table=ReportTable(rows, header), wide=True)


def _threshold(formatter: Formatter, row: ThresholdQuality) -> tuple[str, ...]:
    calls = formatter.decimal(row.leads / row.converted, 1) if row.converted else NOTHING
    return (
        f"≥ {row.threshold}",
        _count(formatter, row.leads, is_small=row.is_small),
        _share(formatter, row.precision),
        _share(formatter, row.recall),
        calls,
    )


def left_out_section(formatter: Formatter, facts: ReportData) -> ReportSection | None:
    """Fields that nothing was learned from, suspects that were, and protected attributes among the features."""
    champion = facts.champion
    if champion is None:
        return None
    gate = champion.gate or None
    findings = {finding.field: finding for finding in gate.leaks} if gate else {}
    excluded = list(gate.excluded) if gate else []
    accepted = [finding for finding in findings.values() if finding.kept_because is not None]
    suspects = [finding for finding in findings.values() if finding.field not in excluded and finding not in accepted]
    protected = _protected(champion)
    rows = [
        *((name, formatter.say("report.left_out.excluded"), _why(formatter, findings.get(name))) for name in excluded),
        *((finding.field, formatter.say("report.left_out.kept"), finding.kept_because or "") for finding in accepted),
        *((f.field, formatter.say("report.left_out.suspect"), _why(formatter, f)) for f in suspects),
        *((name, formatter.say("report.left_out.protected"), _remedy(formatter, name)) for name in protected),
    ]
    if not rows:
        return section(formatter, "report.left_out", paragraphs=[formatter.say("report.left_out.none")])
    header = [formatter.say(f"report.left_out.{name}") for name in ("field", "state", "why")]
    return section(formatter, "report.left_out", table=ReportTable(rows, header), wide=True)


def _protected(champion: Manifest) -> list[str]:
    excluded = set(champion.gate.excluded) if champion.gate else set()
    names = [name.removeprefix("attribute_") for name in champion.profile]
    return [name for name in protected_names(names) if name not in excluded]


def _why(formatter: Formatter, finding: LeakFinding | None) -> str:
    if finding is None:
        return formatter.say("report.left_out.by_policy")
    return formatter.say("report.left_out.finding", figure=formatter.decimal(finding.figure, 3))


def _remedy(formatter: Formatter, name: str) -> str:
    return formatter.say("report.left_out.remedy", field=name)


def _count(formatter: Formatter, leads: int, *, is_small: bool) -> str:
    count = formatter.count(leads)
    return f"{count} {formatter.say('report.small')}" if is_small else count


def _share(formatter: Formatter, share: Share) -> str:
    low, high = formatter.share(share.low), formatter.share(share.high)
    return f"{formatter.share(share.value)} ({formatter.say('report.interval', low=low, high=high)})"
