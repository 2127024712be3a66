"""Policy replay: recent leads as scored by the policy in force and by another policy.

It uses each lead's landmarks: training uses them too, they lie closest where a lead changes most, and their outcome
within the horizon is known as soon as it is mature.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from leadwerk.errors import ContractMismatch
from leadwerk.experiment.assignment import assign
from leadwerk.pipeline.leads.features import features_statement, label_parameters, labels_statement, training_parameters
from leadwerk.pipeline.leads.points_input import facts_of_frame, occurrence_frame
from leadwerk.pipeline.leads.recent_landmarks import columns_of, persons_of
from leadwerk.pipeline.policies.replayed import Replayed
from leadwerk.points.classification import LeadRating, rate_leads
from leadwerk.points.conditions import LeadFacts
from leadwerk.points.engine import compute_points
from leadwerk.points.replay import compare
from leadwerk.points.replay_input import PolicyOutcome, ReplayMoments
from leadwerk.points.stages import stage_of
from leadwerk.policy.model import Attribute, Policy
from leadwerk.progress import Progress, silent
from leadwerk.scoring.decide import decide
from leadwerk.scoring.model import Scorer
from leadwerk.scoring.seller_pools import pool
from leadwerk.texts.message import Message
from leadwerk.warehouse.statement import statement

if TYPE_CHECKING:
    import pandas as pd

    from leadwerk.registry import Registry
    from leadwerk.warehouse.protocol import Warehouse

DAYS_A_WEEK = 7


@dataclass(frozen=True, kw_only=True)
class ReplayRequest:
    """Two policies, and the leads to replay: those created in the `days` before `now` (aware), while they were open."""

    old: Policy
    new: Policy
    now: datetime
    days: int


def run(
    warehouse: Warehouse, request: ReplayRequest, registry: Registry | None, *, progress: Progress = silent
) -> Replayed:
    """Replay both policies over the leads.

    With a `registry` the champion scores too, blended as each policy says; without one, points decide. Conversion
    follows the horizon and outcomes of the policy in force.
    """
    old, now, days = request.old, request.now, request.days
    new = msgspec.structs.replace(request.new, landmark_days=old.landmark_days)  # the same moments
    champions, notes = _champions(registry, old, new)
    first = now - timedelta(days=days)
    progress(Message("progress.reading_leads"), 0.0)
    with warehouse.unit_of_work():
        frame = _features(warehouse, old, first, now)
        moments = _open_moments(warehouse, old, frame, first, now)
        inputs = _inputs(warehouse, old, frame, moments, first, now)
        new_inputs = inputs
        if _reads(new) != _reads(old):
            progress(Message("progress.reading_by_draft"), 0.4)
            new_inputs = _inputs(warehouse, new, _features(warehouse, new, first, now), moments, first, now)
    progress(Message("progress.judging", moments=f"{len(moments):,}"), 0.7)
    sides = _side(old, *inputs, moments, champions[0]), _side(new, *new_inputs, moments, champions[1])
    by_model = champions[0] is not None and old.decision.rank_by != "points"
    return Replayed(
        from_version=old.version,
        to_version=new.version,
        days=days,
        until=now,
        ranked_by=champions[0].version if champions[0] is not None and by_model else "points",
        notes=(*_unknown(old, new), *notes),
        replay=compare(_moments(old, moments, frame), *sides, weeks=days / DAYS_A_WEEK),
    )


def _features(warehouse: Warehouse, policy: Policy, first: datetime, now: datetime) -> pd.DataFrame:
    """Rows of lead_features at the landmarks of the leads created since `first`."""
    frame = warehouse.frame(features_statement(policy), training_parameters(policy, first, now))
    # The statement's range is of landmarks, which older leads have as well.
    return frame[frame.created_at >= first]


def _open_moments(
    warehouse: Warehouse, policy: Policy, frame: pd.DataFrame, first: datetime, now: datetime
) -> pd.DataFrame:
    """Landmarks at which a lead was open, with its status then and its outcome (missing: not mature)."""
    import pandas as pd

    labels = warehouse.frame(labels_statement(policy), label_parameters(policy, first, now, now))
    changes = warehouse.frame(statement("outcomes/changes"), {"first_day": first.date(), "as_of": now})
    moments = frame[["lead_id", "as_of"]].sort_values("as_of")
    # Columns of an empty frame have no dtype, and pandas joins equal dtypes only.
    kinds = {"occurred_at": moments.as_of.dtype, "lead_id": moments.lead_id.dtype}
    changes = changes.astype(kinds).sort_values("occurred_at")
    labels = labels.astype({"as_of": moments.as_of.dtype, "lead_id": moments.lead_id.dtype})
    then = pd.merge_asof(moments, changes, left_on="as_of", right_on="occurred_at", by="lead_id")
    still_open = then[then.outcome.isna() | (then.outcome == "open")]
    open_moments = still_open.merge(labels, on=["lead_id", "as_of"], how="left", validate="one_to_one")
    return open_moments.sort_values(["as_of", "lead_id"], ignore_index=True)


def _inputs(
    warehouse: Warehouse, policy: Policy, frame: pd.DataFrame, moments: pd.DataFrame, first: datetime, now: datetime
) -> tuple[pd.DataFrame, LeadFacts]:
    """Features and facts of the moments, in their order."""
    features = moments[["lead_id", "as_of"]].merge(frame, on=["lead_id", "as_of"], how="left", validate="one_to_one")
    return features, facts_of_frame(policy, features, occurrence_frame(warehouse, policy, first, now))


def _reads(policy: Policy) -> tuple[object, ...]:
    """The parts of a policy that determine which data of a lead is read."""
    # If these agree, one read serves both policies: it is most of a replay's time.
    return policy.signals, policy.attributes, policy.time_zone, policy.points.window_days


def _champions(registry: Registry | None, old: Policy, new: Policy) -> tuple[list[Scorer | None], list[str]]:
    """The champion's scorer under each policy (None: unusable), and notes on it."""
    pointer = registry.champion() if registry is not None else None
    if registry is None or pointer is None:
        return [None, None], []
    files = registry.load(pointer.version)
    scorers: list[Scorer | None] = []
    for policy in (old, new):
        try:
            scorers.append(Scorer.load(files, policy))
        except ContractMismatch:
            scorers.append(None)
    if scorers[0] is not None and scorers[1] is None:
        return scorers, ["The champion does not know the new policy's signals and attributes: points decide there."]
    return scorers, ["The segments are in force with the next training."] if old.segments != new.segments else []


def _side(
    policy: Policy, frame: pd.DataFrame, facts: LeadFacts, moments: pd.DataFrame, scorer: Scorer | None
) -> PolicyOutcome:
    """Clusters, stages and seller pools of the moments under a policy; ratings need rules, scores a champion."""
    totals = compute_points(policy, facts)
    ratings: list[LeadRating] | list[None] = [None] * len(frame)
    if policy.points.rules:
        ratings = rate_leads(policy, facts, totals)
    scores: list[int] | list[None] = [None] * len(frame)
    if scorer is not None and len(frame):
        inputs = scorer.encode_columns(columns_of(frame, scorer.features))
        scores = scorer.predict(inputs).predictive_score.tolist()
    clusters = [decide(score, policy, rating).cluster for score, rating in zip(scores, ratings, strict=True)]
    languages_regions = [_texts(frame[name]) for name in ("language", "region")]
    crm_states = [_texts(moments[name]) for name in ("status", "outcome")]
    stages = [
        stage_of(policy, is_known=True, cluster=cluster, rating=rating, status=status, outcome=outcome)
        for cluster, rating, status, outcome in zip(clusters, ratings, *crm_states, strict=True)
    ]
    pools = [pool(policy, language, region) for language, region in zip(*languages_regions, strict=True)]
    return PolicyOutcome(policy, totals, clusters, stages, pools)


def _moments(policy: Policy, moments: pd.DataFrame, frame: pd.DataFrame) -> ReplayMoments:
    """The moments as arrays; `frame` has the day that decides whether a lead is of an experiment's control group."""
    import pandas as pd

    lead, lead_ids = pd.factorize(moments.lead_id)
    first = frame.drop_duplicates("lead_id").set_index("lead_id", drop=False).loc[lead_ids]
    assignments = [
        assign(policy.experiment, str(person), created_at.to_pydatetime())
        for person, created_at in zip(persons_of(first), first.created_at, strict=True)
    ]
    return ReplayMoments(
        lead_ids=[str(lead_id) for lead_id in lead_ids],
        lead=lead.astype(np.int64),
        as_of=pd.to_datetime(moments.as_of, utc=True).dt.tz_localize(None).to_numpy("datetime64[us]"),
        mature=moments.converted.notna().to_numpy(dtype=bool),
        converted=moments.converted.fillna(value=False).to_numpy(dtype=bool),
        withheld=np.array([arm is not None and arm.is_control for arm in assignments], dtype=bool),
    )


def _texts(column: pd.Series[Any]) -> list[str | None]:
    return column.astype(object).where(column.notna(), None).tolist()


def _reading(attribute: Attribute) -> tuple[object, ...]:
    """The parts of an attribute that determine its value."""
    return attribute.source or attribute.name, *(
        (attribute_class.name, attribute_class.matches) for attribute_class in attribute.classes
    )


def _unknown(old: Policy, new: Policy) -> Iterator[str]:
    """Notes on data that the warehouse lacks under the new policy."""
    before = {signal.name: signal for signal in old.signals}
    for signal in new.signals:
        was = before.get(signal.name)
        if signal.touchpoint or (was and (was.event, was.page) == (signal.event, signal.page)):
            continue
        what = "is new" if was is None else "means something else now"
        yield (
            f"The signal {signal.name} {what}: past events have not been extracted as it, so it counts "
            f"{'for nothing' if was is None else 'as it did'} here."
        )
    old_attributes = {attribute.name: attribute for attribute in old.attributes}
    for attribute in new.attributes:
        former = old_attributes.get(attribute.name)
        if former is None or former.kind != attribute.kind:
            yield f"The attribute {attribute.name} has not been read from past leads: it counts for nothing here."
        elif _reading(former) != _reading(attribute):
            yield f"The attribute {attribute.name} is read otherwise now: of past leads it counts as it was read then."
    if (old.outcomes, old.positive, old.horizon_days) != (new.outcomes, new.positive, new.horizon_days):
        yield "What counts as a success, and within how many days, is taken from the policy in force."
