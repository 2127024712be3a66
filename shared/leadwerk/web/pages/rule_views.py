"""How rules, suggestions and a replay are shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from leadwerk.report.wording import Wording
from leadwerk.texts.facts import labelled
from leadwerk.texts.points import rule_label

if TYPE_CHECKING:
    from leadwerk.pipeline.policies.replayed import Replayed
    from leadwerk.pipeline.policies.suggest import Proposal
    from leadwerk.points.replay import Conversion
    from leadwerk.points.workload import SellerWeek
    from leadwerk.policy.model import Policy

MOVERS = 10
BAND = "points.bands."


@dataclass(frozen=True)
class RuleRow:
    """A rule: group, name as sellers read it, points in the draft, and in force."""

    group: str
    name: str
    label: str
    points: int
    in_force: int | None


@dataclass(frozen=True)
class SuggestionView:
    """A suggested number, and what was decided on it."""

    rule: str
    label: str
    before: str
    after: str
    evidence: str
    decision: str
    is_open: bool


@dataclass(frozen=True)
class ReplayView:
    """A replay in words and tables."""

    summary: str
    gained: str
    lost: str
    workload: list[tuple[str, str, str]]
    movers: list[tuple[str, str, str, str]]
    notes: tuple[str, ...]


class SuggestedRule(Struct, frozen=True):
    """A new rule's labels, by language."""

    labels: dict[str, str] = {}


class ShownEvidence(Struct, frozen=True):
    """The part of a suggestion's evidence that the page shows; other fields are left alone."""

    low: float | None = None
    high: float | None = None
    rule_to_add: SuggestedRule | None = None


def rule_rows(wording: Wording, policy: Policy, present: Policy) -> list[RuleRow]:
    """The rules of a policy beside what is in force."""
    groups = {group.name: labelled(group.labels, wording.language) or group.name for group in policy.points.groups}
    in_force = {rule.name: rule.points for rule in present.points.rules}
    return [
        RuleRow(
            group=groups.get(rule.group, rule.group),
            name=rule.name,
            label=_first_upper(rule_label(policy, wording.language, rule.name)),
            points=rule.points,
            in_force=in_force.get(rule.name),
        )
        for rule in policy.points.rules
    ]


def suggestion_views(wording: Wording, proposals: Sequence[Proposal]) -> list[SuggestionView]:
    """The suggestions of the newest run."""
    return [
        SuggestionView(
            rule=proposal.rule,
            label=_suggestion_label(wording, proposal),
            before=wording.points(proposal.before),
            after=wording.points(proposal.after),
            evidence=_evidence(wording, proposal.evidence),
            decision=_decision(wording, proposal),
            is_open=proposal.state is None,
        )
        for proposal in proposals
    ]


def replay_view(wording: Wording, stored: Replayed) -> ReplayView:
    """A replay as people read it."""
    replay = stored.replay
    # Without sellers in the policy there is one week, of nobody: that of everybody.
    names = sorted({week.seller for side in (replay.before, replay.after) for week in side.sellers if week.seller})
    before = {week.seller: week for week in replay.before.sellers}
    after = {week.seller: week for week in replay.after.sellers}
    before_all, after_all = (wording.number(side.average, 1) for side in (replay.before, replay.after))
    workload = [(wording.say("page.everybody"), before_all, after_all)]
    workload += [(name, _calls(wording, before.get(name)), _calls(wording, after.get(name))) for name in names]
    return ReplayView(
        summary=wording.say(
            "page.replay.summary",
            leads=wording.number(replay.leads),
            days=stored.days,
            before=wording.number(replay.before.leads),
            after=wording.number(replay.after.leads),
        ),
        gained=_conversion(wording, "page.replay.gained", replay.gained),
        lost=_conversion(wording, "page.replay.lost", replay.lost),
        workload=workload,
        movers=[
            (
                mover.lead_id,
                f"{wording.points(mover.points_before)} → {wording.points(mover.points_after)}",
                f"{wording.cluster(mover.cluster_before)} → {wording.cluster(mover.cluster_after)}",
                ", ".join(_label(wording, difference.rule) for difference in mover.rules if difference.rule),
            )
            for mover in replay.movers[:MOVERS]
        ],
        notes=stored.notes,
    )


def _calls(wording: Wording, week: SellerWeek | None) -> str:
    return "–" if week is None else wording.number(week.average, 1)


def _conversion(wording: Wording, key: str, conversion: Conversion) -> str:
    sentence = wording.say(key, count=conversion.leads, figure=wording.number(conversion.leads))
    if not conversion.leads:
        return sentence
    if conversion.rate is None:
        return f"{sentence} {wording.say('page.replay.unknown')}"
    interval = {"low": wording.percent(conversion.low), "high": wording.percent(conversion.high)}
    figures = {"rate": wording.percent(conversion.rate, 1), **interval}
    return f"{sentence} {wording.say('page.replay.won', mature=wording.number(conversion.mature), **figures)}"


def _evidence(wording: Wording, evidence: str) -> str:
    stored = _stored_evidence(evidence)
    if stored.low is None or stored.high is None:
        return ""
    return f"{wording.number(stored.low)} … {wording.number(stored.high)}"


def _stored_evidence(evidence: str) -> ShownEvidence:
    try:
        return msgspec.json.decode(evidence, type=ShownEvidence)
    # Evidence that an older version stored may have other fields: then nothing of it is shown.
    except msgspec.ValidationError:
        return ShownEvidence()


def _suggestion_label(wording: Wording, proposal: Proposal) -> str:
    """A new rule is not in the policy yet: its label comes with the suggestion."""
    added = _stored_evidence(proposal.evidence).rule_to_add
    if added is not None and added.labels:
        return _first_upper(labelled(added.labels, wording.language))
    return _label(wording, proposal.rule)


def _decision(wording: Wording, proposal: Proposal) -> str:
    if proposal.state is None:
        return ""
    state = wording.say(f"page.suggestion.{proposal.state}", author=proposal.author or "")
    return f"{state} {proposal.reason or ''}".strip()


def _label(wording: Wording, rule: str) -> str:
    if rule.startswith(BAND):
        return wording.say("page.band", cluster=rule.removeprefix(BAND).upper())
    return _first_upper(rule_label(wording.policy, wording.language, rule.removesuffix(".repeat_points")))


def _first_upper(text: str) -> str:
    return text[:1].upper() + text[1:]
