"""Points line by line: the stored ledger, or the ledger at another moment; both add up exactly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Protocol

from leadwerk.features.contract import contract
from leadwerk.pipeline.desk.lead_detail import LeadDetail
from leadwerk.report.wording import Wording
from leadwerk.texts.facts import label, labelled
from leadwerk.texts.number_format import day
from leadwerk.texts.points import rule_label
from leadwerk.web.pages.lead_form import LeadForm, moment_of_form

if TYPE_CHECKING:
    from leadwerk.web.pages.visit import Visit

WHOLE = 1.0


class LedgerLine(Protocol):
    """A line of a ledger, stored or computed."""

    @property
    def rule(self) -> str | None: ...
    @property
    def score(self) -> str | None: ...
    @property
    def kind(self) -> str | None: ...
    @property
    def subject(self) -> str | None: ...
    @property
    def events(self) -> int | None: ...
    @property
    def base(self) -> int | None: ...
    @property
    def factor(self) -> float | None: ...
    @property
    def points(self) -> float | None: ...


@dataclass(frozen=True)
class LineView:
    """A line: rule, what it is about, points before decay, what decay left, and what was given."""

    rule: str
    about: str
    base: str
    factor: str
    points: str
    is_cap: bool


@dataclass(frozen=True)
class GroupView:
    """Fit or interest: its sum and lines."""

    name: str
    sum: str
    lines: list[LineView]


@dataclass(frozen=True)
class LedgerView:
    """The whole ledger; `adds_up` is None where nothing was stored at this moment to compare with."""

    groups: list[GroupView]
    total: str
    adds_up: bool | None
    at: str


def ledger_now(lead: LeadDetail, wording: Wording) -> LedgerView | None:
    """The ledger stored with the latest score; None without points."""
    if lead.points is None or lead.scored_at is None:
        return None
    lines = lead.ledger or ()
    # Summed in whole hundredths, as the engine did: floats would add up to 24.999… and the proof would fail.
    total = round(sum(round((line.points or 0) * 100) for line in lines) / 100, 2)
    return _view(lines, wording, wording.moment(lead.scored_at), total, total == round(lead.points, 2))


def ledger_view(visit: Visit, wording: Wording, form: LeadForm, lead_id: str) -> LedgerView:
    """The ledger at the moment of the form, from what was known strictly before it."""
    from leadwerk.pipeline.desk.ledger_at import ledger
    from leadwerk.pipeline.policies.policy_in_force import PolicyRecords, rules_at
    from leadwerk.pipeline.policies.policy_store import cached_policies
    from leadwerk.web.moments import moment

    at = moment(moment_of_form(form.at or "", visit.policy.time_zone), visit.now, "at")
    records = PolicyRecords(visit.warehouse, visit.policy, cached_policies(visit.config))
    rules = rules_at(records, lead_id, at=at, now=visit.now, which=form.rules)
    result = ledger(visit.warehouse, visit.policy, rules, lead_id, at=at)
    return _view(result.entries, wording, wording.moment(at), result.sum, result.adds_up)


def ledger_lines(wording: Wording, lines: Sequence[LedgerLine]) -> list[LineView]:
    """Lines of one half of a ledger."""
    return [_line(wording, line) for line in lines]


def _view(lines: Sequence[LedgerLine], wording: Wording, at: str, total: float, adds_up: bool | None) -> LedgerView:
    groups = []
    for name in ("fit", "interest"):
        chosen = [line for line in lines if line.score == name]
        if chosen:
            points = round(sum(round((line.points or 0) * 100) for line in chosen) / 100, 2)
            views = ledger_lines(wording, chosen)
            groups.append(GroupView(wording.say(f"page.{name}"), wording.points(points), views))
    return LedgerView(groups, wording.points(total), adds_up, at)


def _line(wording: Wording, line: LedgerLine) -> LineView:
    is_cap = line.kind in ("cap", "weight")
    rule = rule_label(wording.policy, wording.language, line.rule) if line.rule else wording.say("page.ledger.cap")
    return LineView(
        rule=rule[:1].upper() + rule[1:],
        about=_about(wording, line),
        base="" if is_cap or line.base is None else wording.points(line.base),
        factor="" if line.factor in (None, WHOLE) else f"× {wording.number(line.factor or 0, 2)}",
        points=wording.points(line.points or 0),
        is_cap=is_cap,
    )


def _about(wording: Wording, line: LedgerLine) -> str:
    if line.kind == "event" and line.subject:
        when = day(wording.language, date.fromisoformat(line.subject))
        return f"{when}, {line.events}×" if (line.events or 0) > 1 else when
    if line.kind == "cap" and not line.rule:
        groups = {group.name: group.labels for group in wording.policy.points.groups}
        return labelled(groups.get(line.subject or "", {}), wording.language) or line.subject or ""
    if line.kind == "cap":
        return wording.say("page.ledger.most", points=wording.points(line.base or 0))
    return _subject_text(wording, line.subject or "")


def _subject_text(wording: Wording, subject: str) -> str:
    """What a feature is called; where it has no words of its own, what its group is."""
    subject_text = label(wording.policy, wording.language, subject)
    if subject_text != subject.replace("_", " "):
        return subject_text
    group = next((feature.group for feature in contract(wording.policy) if feature.name == subject), subject)
    return label(wording.policy, wording.language, group)
