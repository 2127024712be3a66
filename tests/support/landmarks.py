"""Leads at all their landmarks, with the facts that their points follow from."""

from __future__ import annotations

from datetime import datetime

import pandas as pd

from leadwerk.pipeline.leads.features import features_statement, training_parameters
from leadwerk.pipeline.leads.points_input import facts_of_frame, occurrence_frame
from leadwerk.points.conditions import LeadFacts
from leadwerk.policy.model import Policy
from leadwerk.warehouse.protocol import Warehouse


def landmarks_with_facts(
    warehouse: Warehouse, policy: Policy, first_as_of: datetime, last_as_of: datetime
) -> tuple[pd.DataFrame, LeadFacts]:
    """The frame of lead_features for all landmarks within the range (aware), and the facts of its rows in its order."""
    frame = warehouse.frame(features_statement(policy), training_parameters(policy, first_as_of, last_as_of))
    occurrences = occurrence_frame(warehouse, policy, first_as_of, last_as_of)
    return frame, facts_of_frame(policy, frame, occurrences)
