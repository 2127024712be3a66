"""Remote scoring: scores rows of features that BigQuery sends, in order, in one prediction per request.

BigQuery calls a remote function with many rows per request and many requests in parallel, and may repeat a request.
Nothing is stored here, so repeats are harmless. Each call has one argument, the JSON of a row of `lead_features` (for
points also its occurrences and CRM status); each reply is the JSON of its score, or {"error": …}.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from functools import lru_cache
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.structs import asdict

from leadwerk.errors import CODE_FAULTS, UNREADABLE_JSON, LeadwerkError, RecordFailure
from leadwerk.features.contract import Feature, contract
from leadwerk.policy.model import Policy
from leadwerk.scoring.lead_state import LeadState, Occurrence
from leadwerk.scoring.model import Scorer
from leadwerk.scoring.override import Override, OverrideCluster
from leadwerk.scoring.score_leads import LeadScore, ScoreFields, score_leads
from leadwerk.scoring.score_row import score_id
from leadwerk.scoring.seller_pools import HotThreshold, HotThresholds

EARLIEST, LATEST = datetime(1990, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)
"""Limits of moments: beyond them lie no leads, and moments that a change to UTC cannot represent."""

Moment = Annotated[datetime, Meta(tz=True)]
# No day has more events, and their sums fit 64 bits.
Count = Annotated[int, Meta(ge=0, le=10**9)]

TOLERATED_FAILURES = 100
"""Rows of a request at which the code may fail; with more, the rows are not at fault and the request fails."""

logger = logging.getLogger("leadwerk")


class RemoteReply(ScoreFields, frozen=True, kw_only=True):
    """The score of one row, with the columns of the table `scores` except reasons and ledger.

    `score_id` equals that of the stage rescore at the same moment. Fields that follow from points are None if the row
    has no `occurrences` or the policy has no rules.
    """

    lead_id: str
    score_id: str


OF_JUDGEMENT = ScoreFields.__struct_fields__


class RemoteRefusal(Struct, frozen=True):
    """Why a row has no score."""

    error: str


class RemoteOccurrence(Occurrence, frozen=True, kw_only=True):
    """A row of occurrences/select within the limits of what can be computed with."""

    events: Count
    last_at: Moment

    def __post_init__(self) -> None:
        _check_moments(day=datetime.combine(self.day, time(), UTC), last_at=self.last_at)


class RemoteRow(Struct, frozen=True, kw_only=True):
    """A row of features without the features, which are required, null if unknown.

    Fields with a default may be missing; without `occurrences` (null: unknown) the row gets no points.
    """

    lead_id: str
    as_of: Moment
    created_at: Moment | None
    occurrences: list[RemoteOccurrence] | UnsetType | None = UNSET
    status: str | None = None
    outcome: str | None = None
    job_title: str | None = None
    account_id: str | None = None
    person_key: str | None = None
    override_cluster: OverrideCluster | None = None
    override_author: str | None = None
    override_reason: str | None = None
    override_set_at: Moment | None = None
    override_ends_at: Moment | None = None

    def __post_init__(self) -> None:
        _check_moments(
            as_of=self.as_of,
            created_at=self.created_at,
            override_set_at=self.override_set_at,
            override_ends_at=self.override_ends_at,
        )
        missing = [name for name in OVERRIDE if getattr(self, name) is None]
        if self.override_cluster is not None and missing:
            raise ValueError(f"override_cluster is {self.override_cluster}, but {missing[0]} is null")

    @property
    def override(self) -> Override | None:
        """The override in the columns override_…; None without one."""
        if self.override_cluster is None:
            return None
        return Override(
            cluster=self.override_cluster,
            author=self.override_author or "",
            reason=self.override_reason or "",
            set_at=self.override_set_at or self.as_of,
            ends_at=self.override_ends_at or self.as_of,
        )


OVERRIDE = [name for name in RemoteRow.__struct_fields__ if name.startswith("override_")]


def _check_moments(**moments: datetime | None) -> None:
    """Raise ValueError (msgspec turns it into a ValidationError) if a moment is outside the limits."""
    for name, moment in moments.items():
        if moment is not None and not EARLIEST < moment < LATEST:
            raise ValueError(f"{name} {moment.isoformat()} is before 1990 or after 8999")


@dataclass(frozen=True)
class RemoteReport:
    """The replies in the order of the calls, and how many rows were scored and refused."""

    replies: list[str]
    scored: int
    refused: int


def run(
    scorer: Scorer | None, policy: Policy, calls: Sequence[tuple[str | None]], hot: HotThresholds | None = None
) -> RemoteReport:
    """Score the row of each call; an invalid row becomes a refusal and does not affect the others.

    `hot`: the day's thresholds; default: the policy's bands.
    """
    decoder = _decoder(contract(policy))
    read = [_read(decoder, argument) for (argument,) in calls]
    rows = [row for row in read if isinstance(row, RemoteRow)]
    scored = iter(_Scoring(scorer, policy, hot).replies(rows))
    # BigQuery expects one reply a call, in order: refusals stand between the scores.
    replies = [next(scored) if isinstance(row, RemoteRow) else row for row in read]
    refused = sum(isinstance(reply, RemoteRefusal) for reply in replies)
    return RemoteReport([msgspec.json.encode(reply).decode() for reply in replies], len(replies) - refused, refused)


@lru_cache(maxsize=2)
def _decoder(features: tuple[Feature, ...]) -> msgspec.json.Decoder[RemoteRow]:
    """Decoder of a row of this contract: a missing or mistyped feature is an error, never a silent zero."""
    # A type made for the contract: decoding checks every feature at the speed of C.
    kinds = {"number": float | None, "category": str | None}
    typed = msgspec.defstruct(
        "FeatureRow", [(f.name, kinds[f.kind]) for f in features], bases=(RemoteRow,), frozen=True, kw_only=True
    )
    return msgspec.json.Decoder(typed)


def _read(decoder: msgspec.json.Decoder[RemoteRow], argument: str | None) -> RemoteRow | RemoteRefusal:
    if argument is None:
        return RemoteRefusal("The argument is NULL. Call leadwerk.score(TO_JSON_STRING(row of lead_features)).")
    try:
        row = decoder.decode(argument)
    except UNREADABLE_JSON as error:
        return RemoteRefusal(f"{error}. The argument must be the JSON of a row of lead_features.")
    if row.created_at is None and not getattr(row, "has_web_behaviour", None):
        return RemoteRefusal(f"Lead {row.lead_id} does not exist.")
    return row


@dataclass
class _Scoring:
    """Scores rows by one model, policy and thresholds, and counts the failures."""

    scorer: Scorer | None
    policy: Policy
    hot: HotThresholds | None
    failures: int = 0

    def replies(self, rows: Sequence[RemoteRow]) -> list[RemoteReply | RemoteRefusal]:
        """The score of each row; if a batch fails, its halves are scored separately, down to the failing row."""
        try:
            return list(self._scores(rows))
        except LeadwerkError:
            raise
        # One row that we did not foresee must not cost the others.
        except CODE_FAULTS as error:
            if len(rows) > 1:
                # Halving finds one bad row among a thousand in ten steps, without scoring each alone.
                half = len(rows) // 2
                return [*self.replies(rows[:half]), *self.replies(rows[half:])]
            return [self._refused(rows[0], error)]

    def _refused(self, row: RemoteRow, error: Exception) -> RemoteRefusal:
        failure = RecordFailure.at(f"Lead {row.lead_id}", error)
        self.failures += 1
        # Many failures are a fault of ours, not of rows: then the request fails and BigQuery repeats it.
        if self.failures > TOLERATED_FAILURES:
            raise failure from error
        logger.error(failure.message, extra={"fields": {"event": "record_failed", "stage": "score"}})
        return RemoteRefusal(failure.message)

    def _scores(self, rows: Sequence[RemoteRow]) -> list[RemoteReply]:
        """All rows of a request come from one statement, so all of them have `occurrences` or none."""
        thresholds = self.hot.rows() if self.hot else ()
        states = [_state(row, thresholds) for row in rows]
        scores = score_leads(self.scorer, self.policy, states, explained=False)
        return [_reply(row, score) for row, score in zip(rows, scores, strict=True)]


def _state(row: RemoteRow, thresholds: tuple[HotThreshold, ...]) -> LeadState:
    return LeadState(
        lead_id=row.lead_id,
        as_of=row.as_of,
        created_at=row.created_at,
        features=asdict(row),
        occurrences=None if row.occurrences is UNSET else tuple(row.occurrences or ()),
        status=row.status,
        outcome=row.outcome,
        override=row.override,
        thresholds=thresholds,
    )


def _reply(row: RemoteRow, score: LeadScore) -> RemoteReply:
    score_fields = {name: getattr(score, name) for name in OF_JUDGEMENT}
    return RemoteReply(lead_id=row.lead_id, score_id=score_id(row.lead_id, row.as_of, score), **score_fields)
