"""Scoring in SQL: rows of features that BigQuery sends come back as scores, in order, in one prediction.

BigQuery calls a remote function with many rows a request and as many requests at once as it likes; it may repeat a
request. Nothing is looked up and nothing is stored here, so that is harmless, and instances add up. Each call carries
one argument, the JSON of a row of `lead_features`; each reply is the JSON of its score, or {"error": …}.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import asdict

from leadwerk.features.contract import Feature, contract
from leadwerk.policy.model import Policy
from leadwerk.scoring.assess import Judgement, assess
from leadwerk.scoring.model import Scorer
from leadwerk.scoring.record import score_id

Moment = Annotated[datetime, Meta(tz=True)]


class Reply(Struct, frozen=True, kw_only=True):
    """The score of one row, under the names of the table `scores`; numbers are None before there is a champion.

    `score_id` is the one that the stage rescore would give at the same moment.
    """

    lead_id: str
    score_id: str
    probability: float | None
    predictive_score: int | None
    score_cluster: str
    recommended_action: str
    model_version: str | None
    policy_version: str
    basis: str
    language: str
    behaviour: bool


class Refused(Struct, frozen=True):
    """Why a row has no score."""

    error: str


class Row(Struct, frozen=True):
    """What a row of features says beside the features themselves; every member must be there, null if unknown."""

    lead_id: str
    as_of: Moment
    created_at: Moment | None


@dataclass(frozen=True)
class RemoteReport:
    """The replies in the order of the calls, and how many rows were scored and refused."""

    replies: list[str]
    scored: int
    refused: int


def run(scorer: Scorer | None, policy: Policy, calls: Sequence[Any]) -> RemoteReport:
    """Score the row of each call; what is wrong with one row becomes its own reply and spoils no other."""
    decoder = _decoder(contract(policy))
    read = [_read(decoder, call) for call in calls]
    rows = [row for row in read if isinstance(row, Row)]
    replies = iter(_replies(scorer, policy, rows))
    written = [msgspec.json.encode(next(replies) if isinstance(row, Row) else row).decode() for row in read]
    return RemoteReport(written, len(rows), len(read) - len(rows))


@lru_cache(maxsize=2)
def _decoder(features: tuple[Feature, ...]) -> msgspec.json.Decoder[Row]:
    """Reads a row of this contract: a feature that is not there or of another type is an error, never a silent zero."""
    kinds = {"number": float | None, "category": str | None}
    typed = msgspec.defstruct("FeatureRow", [(f.name, kinds[f.kind]) for f in features], bases=(Row,), frozen=True)
    return msgspec.json.Decoder(typed)


def _read(decoder: msgspec.json.Decoder[Row], call: Any) -> Row | Refused:
    match call:
        case [str(argument)]:
            pass
        case _:
            return Refused("Call with one argument: leadwerk.score(TO_JSON_STRING(row of lead_features)).")
    try:
        row = decoder.decode(argument)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError) as error:
        return Refused(f"{error}. The argument must be the JSON of a row of lead_features.")
    if row.created_at is None and not getattr(row, "has_behaviour", None):
        return Refused(f"Lead {row.lead_id} is not known.")
    return row


def _replies(scorer: Scorer | None, policy: Policy, rows: Sequence[Row]) -> list[Reply]:
    judged = assess(scorer, policy, [asdict(row) for row in rows], explained=False) if rows else []
    return [_reply(row, judgement) for row, judgement in zip(rows, judged, strict=True)]


def _reply(row: Row, judged: Judgement) -> Reply:
    return Reply(
        lead_id=row.lead_id,
        score_id=score_id(row.lead_id, row.as_of, judged),
        probability=judged.probability,
        predictive_score=judged.predictive_score,
        score_cluster=judged.score_cluster,
        recommended_action=judged.recommended_action,
        model_version=judged.model_version,
        policy_version=judged.policy_version,
        basis=judged.basis,
        language=judged.language,
        behaviour=judged.behaviour,
    )
