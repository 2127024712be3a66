"""Who overrode what, until when, and what the product would say of the lead: the list, and the lead scored at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import asdict

from leadwerk.pipeline.desk.override import Word, standing
from leadwerk.pipeline.leads.circumstances import surroundings
from leadwerk.pipeline.leads.features import OPEN_DAYS, features_statement, scoring_parameters
from leadwerk.pipeline.serving.scored import ScoredLead
from leadwerk.pipeline.thresholds.daily import hot_thresholds
from leadwerk.policy.model import Policy
from leadwerk.scoring.assess import Judgement, assess
from leadwerk.scoring.model import Scorer
from leadwerk.warehouse.batches import batches
from leadwerk.warehouse.protocol import Warehouse

BATCH = 500
"""Leads a query; nobody decides upon so many by hand."""


class Advice(Struct, frozen=True, kw_only=True):
    """What the product says of a lead, whoever decides: what of it is None is as in a score."""

    cluster: str
    score: int | None
    points: float | None
    hot_threshold: int | None


class Overridden(Word, frozen=True, kw_only=True):
    """A word that holds, and what the product would say of the lead now."""

    product: Advice


class Decided(Struct, frozen=True, kw_only=True):
    """A lead's score right after a person spoke of it, as it is stored."""

    scored_at: datetime
    cluster: str
    action: str
    stage: str | None
    score: int | None
    points: float | None
    decided_by: str | None

    @classmethod
    def of(cls, scored: ScoredLead) -> Decided:
        """Those fields of an answer of the stage score."""
        return cls(
            scored_at=scored.scored_at,
            cluster=scored.score_cluster,
            action=scored.recommended_action,
            stage=scored.stage,
            score=scored.predictive_score,
            points=scored.points,
            decided_by=scored.decided_by,
        )


def overridden(warehouse: Warehouse, policy: Policy, scorer: Scorer | None, now: datetime) -> list[Overridden]:
    """All words that hold at `now` (aware), those that end first in front, each beside the product's own judgement."""
    with warehouse.unit_of_work():
        words = standing(warehouse, policy, now)
        advised = dict(_advised(warehouse, policy, scorer, [word.lead_id for word in words], now))
    return [Overridden(**asdict(word), product=_advice(advised[word.lead_id])) for word in words]


def _advised(
    warehouse: Warehouse, policy: Policy, scorer: Scorer | None, leads: Sequence[str], now: datetime
) -> Iterator[tuple[str, Judgement]]:
    """The judgements that would be stored if nobody had said anything."""
    hot = hot_thresholds(warehouse, policy, now)
    first_day = (now - timedelta(days=OPEN_DAYS)).date()
    for batch in batches(leads, BATCH):
        asked = scoring_parameters(policy, batch, [], now)
        rows = warehouse.rows(features_statement(policy), asked)
        known = surroundings(warehouse, policy, asked, first_day=first_day, hot=hot).of(rows)
        judged = assess(scorer, policy, rows, replace(known, overrides=()), explained=False)
        yield from zip((row["lead_id"] for row in rows), judged, strict=True)


def _advice(judged: Judgement) -> Advice:
    return Advice(
        cluster=judged.score_cluster,
        score=judged.predictive_score,
        points=judged.points,
        hot_threshold=judged.hot_threshold,
    )
