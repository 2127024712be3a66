"""Points input: facts of leads from the warehouse, as rows for scoring and as columns for training.

Both read the same common table expressions (lead_features/features, occurrences/occurrences), so a lead gets the same
points whether it is scored alone or among a million training rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from leadwerk.pipeline.leads.features import (
    occurrence_parameters,
    occurrences_statement,
    of_sample,
    sampled_occurrences_statement,
    training_parameters,
)
from leadwerk.pipeline.leads.read_lead_states import LeadSelection, StoredLeadState, read_lead_states
from leadwerk.points.classification import LeadRating, rate_leads
from leadwerk.points.conditions import VISIT, LeadFacts
from leadwerk.points.engine import PointTotals, compute_points
from leadwerk.scoring.lead_facts import facts_of_states, signal_indices, sorted_occurrences

if TYPE_CHECKING:
    import pandas as pd

    from leadwerk.policy.model import Policy
    from leadwerk.warehouse.protocol import Parameters, Warehouse

DAY_MICROSECONDS = 86_400_000_000


def points_input_of_leads(
    warehouse: Warehouse, policy: Policy, lead_ids: Sequence[str], as_of: datetime
) -> tuple[list[StoredLeadState], LeadFacts, PointTotals, list[LeadRating]]:
    """States, facts, points with ledger, and ratings of these leads at `as_of` (aware), in one order."""
    states = read_lead_states(warehouse, policy, LeadSelection(lead_ids), as_of)
    facts = facts_of_states(policy, states)
    totals = compute_points(policy, facts)
    return states, facts, totals, rate_leads(policy, facts, totals)


def occurrence_frame(
    warehouse: Warehouse,
    policy: Policy,
    first_as_of: datetime,
    last_as_of: datetime,
    sample: Parameters | None = None,
) -> pd.DataFrame:
    """Rows of occurrences/select for all landmarks of the range, or those of a sample (labels/sampled_leads)."""
    parameters = occurrence_parameters(policy, training_parameters(policy, first_as_of, last_as_of))
    if sample is None:
        return warehouse.frame(occurrences_statement(policy), parameters)
    return warehouse.frame(sampled_occurrences_statement(policy), of_sample(parameters, sample))


def facts_of_frame(policy: Policy, frame: pd.DataFrame, occurred: pd.DataFrame) -> LeadFacts:
    """The facts of a frame of lead_features; rows of `occurred` for other leads or moments are ignored."""
    place = frame[["lead_id", "as_of"]].assign(lead=np.arange(len(frame)))
    at_landmarks = occurred.merge(place, on=["lead_id", "as_of"], how="inner", validate="many_to_one")
    signal = at_landmarks.signal.astype(object).map(signal_indices(policy)).fillna(VISIT)
    age = (_microseconds(at_landmarks.as_of) - _microseconds(at_landmarks.last_at)) // DAY_MICROSECONDS
    columns: dict[str, Any] = {str(name): frame[name] for name in frame.columns}
    return LeadFacts(
        len(frame),
        columns,
        sorted_occurrences(
            np.asarray(at_landmarks.lead, dtype=np.int64),
            np.asarray(signal, dtype=np.int64),
            at_landmarks.day.to_numpy("datetime64[D]"),
            np.asarray(at_landmarks.events, dtype=np.int64),
            np.maximum(age, 0).astype(np.int64),
        ),
    )


def _microseconds(times: pd.Series[Any]) -> NDArray[np.int64]:
    microseconds: NDArray[np.int64] = times.dt.tz_convert(None).to_numpy("datetime64[us]").astype(np.int64)
    return microseconds
