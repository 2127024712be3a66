"""Champion health: its age, and the drift of this week's leads from its training data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from leadwerk.catalogue.periods import SECONDS_A_DAY
from leadwerk.features.drift import drift
from leadwerk.pipeline.leads.features import training_parameters
from leadwerk.pipeline.leads.open_leads import read_open_leads
from leadwerk.pipeline.leads.read_features import LeadFeatures, read_features
from leadwerk.policy.model import Policy
from leadwerk.registry import Manifest
from leadwerk.warehouse.protocol import Warehouse

RECENT = timedelta(days=7)
"""A whole week of landmarks, so that every weekday is included."""


@dataclass(frozen=True)
class Health:
    """Champion's age in days since training; largest stability index (`drift`) and its feature (`drifted`).

    `by_feature`: the index of each feature, the largest first.
    """

    age_days: float | None = None
    drift: float | None = None
    drifted: str | None = None
    by_feature: tuple[tuple[str, float], ...] = ()


def health_of(warehouse: Warehouse, policy: Policy, champion: Manifest | None, *, now: datetime) -> Health:
    """The champion's health as of `now` (aware); empty without a champion, without drift if there are few leads."""
    if champion is None:
        return Health()
    stability = drift(champion.profile, [row.values for row in recent_landmarks(warehouse, policy, now)])
    worst = next(iter(stability), None)
    age = (now - datetime.fromisoformat(champion.created_at)).total_seconds() / SECONDS_A_DAY
    drifts = None if worst is None else round(stability[worst], 4)
    return Health(round(age, 2), drifts, worst, tuple(stability.items()))


def recent_landmarks(warehouse: Warehouse, policy: Policy, now: datetime) -> list[LeadFeatures]:
    """Features at the last week's landmarks of open leads: the population of training."""
    oldest = now - RECENT - timedelta(days=max(policy.landmark_days))
    leads = set(read_open_leads(warehouse, created_since=oldest, as_of=now))
    rows = read_features(warehouse, policy, training_parameters(policy, now - RECENT, now))
    return [row for row in rows if row.lead_id in leads]
