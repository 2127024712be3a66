"""The history of a lead: its scores with the thresholds and decisions of then, stages, deliveries, picks, statuses.

And its ledger at any moment: what was known strictly before it is read again, by the same queries that score today, and
pointed by the rules that were in force then (past_policy), so the ledger of a past day adds up as exactly as today's,
and to the score that was stored then.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct

from leadwerk.catalogue.periods import TIMELINE_DAYS
from leadwerk.errors import UnknownLead
from leadwerk.pipeline.desk.call_list import stage_label
from leadwerk.pipeline.desk.picks import Picks
from leadwerk.pipeline.leads.points_input import points_input_of_leads
from leadwerk.pipeline.policies.policy_in_force import RulesAt, Source, StoredThen
from leadwerk.points.classification import LeadRating
from leadwerk.points.ledger import Entry
from leadwerk.policy.model import Policy
from leadwerk.policy.section import Language
from leadwerk.scoring.override import last_day
from leadwerk.texts import number, percent, text
from leadwerk.texts.number_format import day
from leadwerk.texts.reasons import set_by
from leadwerk.warehouse.protocol import Row, Warehouse
from leadwerk.warehouse.statement import statement


class PastScore(Struct, frozen=True, kw_only=True):
    """A score as it was stored; `hot_threshold` is the value from which a lead was HOT then."""

    scored_at: datetime
    basis: str
    score: int | None
    probability: float | None
    points: float | None
    fit: float | None
    interest: float | None
    matrix_cell: str | None
    stage: str | None
    cluster: str
    action: str
    hot_threshold: int | None
    decided_by: str | None
    model_version: str | None
    policy_version: str


class TimelineEvent(Struct, frozen=True, kw_only=True):
    """Something that happened to the lead, in words; `detail` has its figures and names."""

    at: datetime
    kind: str
    text: str
    detail: dict[str, Any]


class History(Struct, frozen=True, kw_only=True):
    """Everything stored of a lead, the oldest first; moments are UTC."""

    lead_id: str
    account_id: str | None
    as_of: datetime
    held_by: str | None
    held_until: datetime | None
    scores: tuple[PastScore, ...]
    timeline: tuple[TimelineEvent, ...]


class LedgerAt(Struct, frozen=True, kw_only=True):
    """The points of a lead at a moment, by the rules of `policy_version`: `entries` add up to fit + interest.

    `policy_source` and `in_force`: how that version was found, and which was in force (see policy_in_force.RulesAt).
    `stored`: the score stored at exactly this moment; `adds_up`: whether it had these points; None without one.
    """

    lead_id: str
    as_of: datetime
    policy_version: str
    policy_source: Source
    in_force: str | None
    since: datetime | None
    rating: LeadRating
    entries: tuple[Entry, ...]
    sum: float
    stored: StoredThen | None
    adds_up: bool | None


def history(
    picks: Picks, lead_id: str, *, now: datetime, days: int = TIMELINE_DAYS, output_language: Language | None = None
) -> History:
    """What was stored of a lead in the `days` before `now` (aware, UTC), in `output_language` or the policy's language.

    Raises:
        UnknownLead: there is no such lead.
    """
    warehouse, policy = picks.warehouse, picks.policy
    parameters = {"lead_id": lead_id, "first_day": (now - timedelta(days=days)).date(), "as_of": now}
    holder = picks.holder(lead_id, now)
    with warehouse.unit_of_work():
        lead = warehouse.rows(statement("leads/as_of"), {"lead_id": lead_id, "as_of": now})
        if not lead:
            raise _unknown(lead_id, now)
        rows = {name: warehouse.rows(statement(f"{name}/history"), parameters) for name in DESCRIBED}
    wording = _Wording(policy, output_language or policy.languages[0])
    events = [
        _event(kind, row, describe(wording, row)) for name, (kind, describe) in DESCRIBED.items() for row in rows[name]
    ]
    return History(
        lead_id=lead_id,
        account_id=lead[0]["account_id"],
        as_of=now,
        held_by=holder.seller if holder else None,
        held_until=holder.expires_at if holder else None,
        scores=tuple(_scored(row) for row in rows["scores"]),
        timeline=tuple(sorted(events, key=lambda event: event.at)),
    )


def ledger(warehouse: Warehouse, rules: RulesAt, lead_id: str, *, at: datetime) -> LedgerAt:
    """The lead's ledger from what was known strictly before `at` (aware), by these rules: policy_in_force.rules_at.

    Raises:
        UnknownLead: the lead was not known then.
    """
    states, _, totals, ratings = points_input_of_leads(warehouse, rules.policy, [lead_id], at)
    if states[0].created_at is None or totals.ledger is None:
        raise _unknown(lead_id, at)
    entries, rating = totals.ledger.entries(0), ratings[0]
    return LedgerAt(
        lead_id=lead_id,
        as_of=at,
        policy_version=rules.policy.version,
        policy_source=rules.source,
        in_force=rules.in_force,
        since=rules.since,
        rating=rating,
        entries=entries,
        sum=round(sum(round(entry.points * 100) for entry in entries) / 100, 2),
        stored=rules.stored,
        adds_up=_adds_up(rules.stored, rating),
    )


def _adds_up(stored: StoredThen | None, rating: LeadRating) -> bool | None:
    """Whether the score that was stored then had the same points; None where none was stored, or none had points."""
    if stored is None or stored.points is None:
        return None
    return (stored.fit, stored.interest, stored.points) == (rating.fit, rating.interest, rating.points)


class _Wording:
    """How events are worded: in one language, by the clock of the policy."""

    def __init__(self, policy: Policy, language: Language) -> None:
        self.policy, self.language = policy, language
        self._zone = ZoneInfo(policy.time_zone)

    def say(self, key: str, **values: Any) -> str:
        return text(self.language, key, **values)

    def moment(self, at: datetime) -> str:
        return at.astimezone(self._zone).strftime("%Y-%m-%d %H:%M" if self.language == "en" else "%d.%m.%Y %H:%M")

    def figure(self, value: float) -> str:
        decimals = 0 if value == round(value) else 2
        return number(self.language, value, decimals, currency=self.policy.currency)

    def stage(self, name: str) -> str:
        return stage_label(self.policy, self.language, name)


def _describe_score(wording: _Wording, row: Row) -> str:
    parts = [wording.say(f"cluster.{row['score_cluster']}")]
    if row["predictive_score"] is not None:
        chance = percent(wording.language, row["probability"] or 0.0)
        parts.append(wording.say("history.score.model", score=row["predictive_score"], chance=chance))
    if row["points"] is not None:
        figures = {name: wording.figure(row[name] or 0.0) for name in ("points", "fit", "interest")}
        parts.append(wording.say("history.score.points", **figures))
    if row["hot_threshold"] is not None:
        parts.append(wording.say("history.score.threshold", hot=row["hot_threshold"]))
    if row["decided_by"]:
        parts.append(wording.say("history.score.decided_by", author=row["decided_by"]))
    return ", ".join(parts)


def _describe_stage(wording: _Wording, row: Row) -> str:
    if row["from_stage"] is None:
        sentence = wording.say("history.stage.first", stage=wording.stage(row["to_stage"]))
    else:
        stages = {"before": wording.stage(row["from_stage"]), "after": wording.stage(row["to_stage"])}
        sentence = wording.say(
            "history.stage.back" if row["direction"] == "back" else "history.stage.forward", **stages
        )
    return f"{sentence} ({row['reason']})" if row["reason"] else sentence


def _describe_delivery(wording: _Wording, row: Row) -> str:
    sentence = wording.say(f"history.delivery.{row['state']}")
    return f"{sentence} ({row['error']})" if row["error"] else sentence


def _describe_status(wording: _Wording, row: Row) -> str:
    sentence = wording.say("history.status", status=row["status"])
    return f"{sentence} ({row['reason']})" if row["reason"] else sentence


def _describe_pick(wording: _Wording, row: Row) -> str:
    until = wording.moment(row["expires_at"]) if row["expires_at"] else ""
    key = f"pick.{row['kind']}"
    return wording.say(key, seller=row["seller"], until=until) if until else wording.say(key, seller=row["seller"])


def _describe_override(wording: _Wording, row: Row) -> str:
    if row["cluster"] is None:
        sentence = wording.say("override.released", author=row["author"])
        return f"{sentence} ({row['reason']})" if row["reason"] else sentence
    until = day(wording.language, last_day(row["ends_at"], wording.policy))
    fields = {"cluster": row["cluster"], "author": row["author"], "reason": row["reason"]}
    return set_by(wording.language, **fields, until=until)


DESCRIBED: dict[str, tuple[str, Callable[[_Wording, Row], str]]] = {
    "outcomes": ("status", _describe_status),
    "overrides": ("override", _describe_override),
    "scores": ("score", _describe_score),
    "stage_changes": ("stage", _describe_stage),
    "deliveries": ("delivery", _describe_delivery),
    "picks": ("pick", _describe_pick),
}
"""Tables with a statement `history`: the kind of their events, and how one is worded."""

MOMENTS = ("scored_at", "changed_at", "attempted_at", "occurred_at", "set_at")


def _event(kind: str, row: Row, sentence: str) -> TimelineEvent:
    at = next(name for name in MOMENTS if name in row)
    # The figures of a score stand among the history's scores.
    names = ("score_id",) if kind == "score" else tuple(name for name in row if name != at)
    detail = {name: row[name] for name in names if row[name] is not None}
    return TimelineEvent(at=row[at], kind=kind, text=sentence, detail=detail)


def _scored(row: Row) -> PastScore:
    columns = {name: row[name] for name in PastScore.__struct_fields__ if name in row}
    return PastScore(
        **columns, score=row["predictive_score"], cluster=row["score_cluster"], action=row["recommended_action"]
    )


def _unknown(lead_id: str, at: datetime) -> UnknownLead:
    return UnknownLead(
        f"Lead {lead_id[:100]} was not known at {at:%Y-%m-%d %H:%M} UTC.",
        field="lead_id",
        value=lead_id[:100],
        remedy="Use an id of the list, or a later moment.",
    )
