"""Lead segments: groups among the matured leads, each lead as it was last looked at in training."""

from __future__ import annotations

from datetime import datetime

from leadwerk.features.contract import contract
from leadwerk.learning.landmarks import Landmarks
from leadwerk.learning.level import newest_leads
from leadwerk.learning.natural_segments import Segmentation, natural_segments
from leadwerk.pipeline.leads.landmarks import read_labelled_rows
from leadwerk.policy.model import Policy
from leadwerk.warehouse.protocol import Warehouse

MOST_LEADS = 20_000
"""Of more leads the newest are taken."""


def find_segments(warehouse: Warehouse, policy: Policy, *, now: datetime) -> Segmentation | None:
    """Segments of the leads whose horizon is over at `now` (aware, UTC); None with too few."""
    landmarks, _ = read_labelled_rows(warehouse, policy, now, with_facts=False)
    return segments_of(landmarks, policy)


def segments_of(landmarks: Landmarks, policy: Policy) -> Segmentation | None:
    """Segments of the leads of these landmarks, the newest MOST_LEADS."""
    if not len(landmarks):
        return None
    leads = landmarks.take(newest_leads(landmarks.as_of, landmarks.lead, MOST_LEADS))
    return natural_segments(leads.columns, leads.converted, contract(policy), seed=policy.training.seed)
