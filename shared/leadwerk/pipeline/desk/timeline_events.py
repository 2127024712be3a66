"""Timeline events: what happened to a lead, one record a table, each with a sentence for sellers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import asdict

from leadwerk.catalogue.languages import Language
from leadwerk.pipeline.desk.call_list import stage_label
from leadwerk.pipeline.leads.score_history import PastScore
from leadwerk.policy.model import Policy
from leadwerk.scoring.override import last_day
from leadwerk.texts import number, percent, text
from leadwerk.texts.number_format import day
from leadwerk.texts.reasons import set_by
from leadwerk.warehouse.protocol import Parameters, Warehouse
from leadwerk.warehouse.statement import statement


@dataclass(frozen=True)
class EventWording:
    """The language of the sentences, and the policy that has the clock and the labels."""

    policy: Policy
    language: Language

    def say(self, key: str, **values: object) -> str:
        """The text of a key."""
        return text(self.language, key, **values)

    def moment(self, at: datetime) -> str:
        """A moment in the policy's time zone."""
        local = at.astimezone(ZoneInfo(self.policy.time_zone))
        return local.strftime("%Y-%m-%d %H:%M" if self.language == "en" else "%d.%m.%Y %H:%M")

    def figure(self, value: float) -> str:
        """A number; hundredths only where there are any."""
        decimals = 0 if value == round(value) else 2
        return number(self.language, value, decimals, currency=self.policy.currency)

    def stage(self, name: str) -> str:
        """The label of a stage."""
        return stage_label(self.policy, self.language, name)


class PastEvent(Struct, frozen=True, kw_only=True):
    """A row of a table's `history` statement; `event_kind` is the timeline's name for such events."""

    event_kind: ClassVar[str]
    happened_at: datetime

    def describe(self, wording: EventWording) -> str:
        """The sentence for sellers."""
        raise NotImplementedError

    def detail(self) -> dict[str, Any]:
        """Figures and names of the event, without those that are null."""
        columns = asdict(self)
        return {name: columns[name] for name in columns if name != "happened_at" and columns[name] is not None}


class PastStatus(PastEvent, frozen=True, kw_only=True):
    """A row of outcomes/history."""

    event_kind: ClassVar[str] = "status"
    event_id: str
    status: str
    reason: str | None
    outcome: str

    def describe(self, wording: EventWording) -> str:
        """The status and, if the CRM states one, its reason."""
        return _with_reason(wording.say("history.status", status=self.status), self.reason)


class PastOverride(PastEvent, frozen=True, kw_only=True):
    """A row of overrides/history; a release has neither cluster nor end."""

    event_kind: ClassVar[str] = "override"
    event_id: str
    sequence: int
    cluster: str | None
    ends_at: datetime | None
    author: str
    reason: str

    def describe(self, wording: EventWording) -> str:
        """Who set the cluster until when, or who released the lead."""
        if self.cluster is None or self.ends_at is None:
            return _with_reason(wording.say("override.released", author=self.author), self.reason)
        until = day(wording.language, last_day(self.ends_at, wording.policy))
        return set_by(wording.language, cluster=self.cluster, author=self.author, reason=self.reason, until=until)


class PastStageChange(PastEvent, frozen=True, kw_only=True):
    """A row of stage_changes/history."""

    event_kind: ClassVar[str] = "stage"
    from_stage: str | None
    to_stage: str
    direction: str
    reason: str
    score_id: str | None

    def describe(self, wording: EventWording) -> str:
        """The stages before and after, and the facts that led there."""
        if self.from_stage is None:
            return _with_reason(wording.say("history.stage.first", stage=wording.stage(self.to_stage)), self.reason)
        key = "history.stage.back" if self.direction == "back" else "history.stage.forward"
        before, after = wording.stage(self.from_stage), wording.stage(self.to_stage)
        return _with_reason(wording.say(key, before=before, after=after), self.reason)


class PastDelivery(PastEvent, frozen=True, kw_only=True):
    """A row of deliveries/history."""

    event_kind: ClassVar[str] = "delivery"
    delivery_id: str
    score_id: str
    attempt: int
    state: str
    http_status: int | None
    error: str | None

    def describe(self, wording: EventWording) -> str:
        """The state after the attempt, and the CRM's error."""
        return _with_reason(wording.say(f"history.delivery.{self.state}"), self.error)


class PastPick(PastEvent, frozen=True, kw_only=True):
    """A row of picks/history."""

    event_kind: ClassVar[str] = "pick"
    event_id: str
    sequence: int
    kind: str
    seller: str
    expires_at: datetime | None
    taken_from: str | None

    def describe(self, wording: EventWording) -> str:
        """The seller's step, and until when the lead is theirs."""
        key = f"pick.{self.kind}"
        if self.expires_at is None:
            return wording.say(key, seller=self.seller)
        return wording.say(key, seller=self.seller, until=wording.moment(self.expires_at))


class PastSamePerson(PastEvent, frozen=True, kw_only=True):
    """A row of leads/same_person: another lead of the person became known; nothing was merged."""

    event_kind: ClassVar[str] = "same_person"
    other_lead_id: str

    def describe(self, wording: EventWording) -> str:
        """The other lead, which the CRM may merge with this one."""
        return wording.say("history.same_person", lead=self.other_lead_id)


def read_events(warehouse: Warehouse, parameters: Parameters) -> list[PastEvent]:
    """The events of a lead besides its scores, table by table, each in order."""
    tables: Sequence[Sequence[PastEvent]] = (
        warehouse.rows(statement("outcomes/history", PastStatus), parameters),
        warehouse.rows(statement("overrides/history", PastOverride), parameters),
        warehouse.rows(statement("stage_changes/history", PastStageChange), parameters),
        warehouse.rows(statement("deliveries/history", PastDelivery), parameters),
        warehouse.rows(statement("picks/history", PastPick), parameters),
        warehouse.rows(statement("leads/same_person", PastSamePerson), parameters),
    )
    return [event for events in tables for event in events]


def describe_score(wording: EventWording, score: PastScore) -> str:
    """Cluster, score, points, threshold and the author of an override, as far as the score has them."""
    parts = [wording.say(f"cluster.{score.cluster}")]
    if score.score is not None:
        chance = percent(wording.language, score.probability or 0.0)
        parts.append(wording.say("history.score.model", score=score.score, chance=chance))
    if score.points is not None:
        figures = {
            "points": wording.figure(score.points),
            "fit": wording.figure(score.fit or 0.0),
            "interest": wording.figure(score.interest or 0.0),
        }
        parts.append(wording.say("history.score.points", **figures))
    if score.hot_threshold is not None:
        parts.append(wording.say("history.score.threshold", hot=score.hot_threshold))
    if score.decided_by:
        parts.append(wording.say("history.score.decided_by", author=score.decided_by))
    return ", ".join(parts)


def _with_reason(sentence: str, reason: str | None) -> str:
    return f"{sentence} ({reason})" if reason else sentence
