"""Points input: facts of leads from the warehouse, as rows for scoring and as columns for training.

Both read the same two statements, lead_features/select and occurrences/select, so a lead gets the same points whether
it is scored alone or among a million training rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from leadwerk.pipeline.leads.features import (
    features_statement,
    occurrence_parameters,
    occurrences_statement,
    scoring_parameters,
    training_parameters,
)
from leadwerk.points.classification import LeadRating, rate_leads
from leadwerk.points.conditions import VISIT, LeadFacts, Occurrences
from leadwerk.points.engine import PointTotals, compute_points

if TYPE_CHECKING:
    import pandas as pd

    from leadwerk.policy.model import Policy
    from leadwerk.warehouse.protocol import Row, Warehouse

DAY = timedelta(days=1)
DAY_MICROSECONDS = 86_400_000_000


def points_input_of_leads(
    warehouse: Warehouse, policy: Policy, lead_ids: Sequence[str], as_of: datetime
) -> tuple[list[Row], LeadFacts, PointTotals, list[LeadRating]]:
    """Rows of lead_features, facts, points with ledger, and ratings of these leads at `as_of` (aware), in one order.

    An unknown lead has a row without created_at.
    """
    parameters = scoring_parameters(policy, lead_ids, [], as_of)
    with warehouse.unit_of_work():
        rows = warehouse.rows(features_statement(policy), parameters)
        occurred = occurrences_by_lead(warehouse, policy, parameters)
    facts = facts_of_rows(policy, rows, [occurred.get(row["lead_id"], []) for row in rows])
    totals = compute_points(policy, facts)
    return rows, facts, totals, rate_leads(policy, facts, totals)


def occurrences_by_lead(warehouse: Warehouse, policy: Policy, parameters: Mapping[str, Any]) -> dict[str, list[Row]]:
    """Rows of occurrences/select by lead, for the parameters of lead_features; empty, unread, without rules."""
    if not policy.points.rules:
        return {}
    by_lead: dict[str, list[Row]] = {}
    for row in warehouse.rows(occurrences_statement(policy), occurrence_parameters(policy, parameters)):
        by_lead.setdefault(row["lead_id"], []).append(row)
    return by_lead


def occurrence_frame(warehouse: Warehouse, policy: Policy, first_as_of: datetime, last_as_of: datetime) -> pd.DataFrame:
    """Rows of occurrences/select for all landmarks of the range."""
    parameters = training_parameters(policy, first_as_of, last_as_of)
    return warehouse.frame(occurrences_statement(policy), occurrence_parameters(policy, parameters))


def facts_of_rows(policy: Policy, rows: Sequence[Row], occurred: Sequence[Sequence[Row]]) -> LeadFacts:
    """The facts of n rows of lead_features; `occurred` has the rows of occurrences/select of each."""
    signal_index = _signal_indices(policy)
    flat = [
        (
            lead,
            signal_index[occurrence["signal"]],
            occurrence["day"],
            occurrence["events"],
            max(0, (row["as_of"] - occurrence["last_at"]) // DAY),
        )
        for lead, (row, occurrences) in enumerate(zip(rows, occurred, strict=True))
        for occurrence in occurrences
        if occurrence["signal"] in signal_index
    ]
    lead, signal, day, events, age = zip(*flat, strict=True) if flat else ((),) * 5
    return LeadFacts(
        len(rows),
        _ColumnsOfRows(rows),
        _sorted(
            np.array(lead, dtype=np.int64),
            np.array(signal, dtype=np.int64),
            np.array(day, dtype="datetime64[D]"),
            np.array(events, dtype=np.int64),
            np.array(age, dtype=np.int64),
        ),
    )


def facts_of_frame(policy: Policy, frame: pd.DataFrame, occurred: pd.DataFrame) -> LeadFacts:
    """The facts of a frame of lead_features; rows of `occurred` for other leads or moments are ignored."""
    place = frame[["lead_id", "as_of"]].assign(lead=np.arange(len(frame)))
    at_landmarks = occurred.merge(place, on=["lead_id", "as_of"], how="inner", validate="many_to_one")
    signal = at_landmarks["signal"].astype(object).map(_signal_indices(policy)).fillna(VISIT)
    age = (_microseconds(at_landmarks["as_of"]) - _microseconds(at_landmarks["last_at"])) // DAY_MICROSECONDS
    columns: dict[str, Any] = {str(name): frame[name] for name in frame.columns}
    return LeadFacts(
        len(frame),
        columns,
        _sorted(
            np.asarray(at_landmarks["lead"], dtype=np.int64),
            np.asarray(signal, dtype=np.int64),
            at_landmarks["day"].to_numpy("datetime64[D]"),
            np.asarray(at_landmarks["events"], dtype=np.int64),
            np.maximum(age, 0).astype(np.int64),
        ),
    )


class _ColumnsOfRows(Mapping[str, Sequence[Any]]):
    """Column view of rows; columns are built on first use, because rules use few."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self._rows = rows
        self._names = dict.fromkeys(name for row in rows for name in row)  # a form not stored yet lacks some
        self._made: dict[str, list[Any]] = {}

    def __getitem__(self, name: str) -> list[Any]:
        if name not in self._made:
            if name not in self._names:
                raise KeyError(name)
            self._made[name] = [row.get(name) for row in self._rows]
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def _signal_indices(policy: Policy) -> dict[str | None, int]:
    """Index of each signal of the policy; None (any visit) is VISIT."""
    return {None: VISIT, **{signal.name: place for place, signal in enumerate(policy.signals)}}


def _microseconds(times: pd.Series[Any]) -> NDArray[np.int64]:
    microseconds: NDArray[np.int64] = times.dt.tz_convert(None).to_numpy("datetime64[us]").astype(np.int64)
    return microseconds


def _sorted(
    lead: NDArray[np.int64],
    signal: NDArray[np.int64],
    day: NDArray[np.datetime64],
    events: NDArray[np.int64],
    age_days: NDArray[np.int64],
) -> Occurrences:
    order = np.lexsort((signal, day, lead))
    return Occurrences(lead[order], signal[order], day[order], events[order], age_days[order])
