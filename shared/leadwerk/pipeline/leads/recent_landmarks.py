"""Recent landmarks: those whose horizon is not over, with what is known of them, and how long leads take to end."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from leadwerk.features.contract import Feature, contract
from leadwerk.learning.landmarks import Landmarks, Times
from leadwerk.learning.soft_labels import DecisionDelays, OpenLandmarks, RecentOutcomes
from leadwerk.pipeline.leads.features import features_statement, label_parameters, training_parameters
from leadwerk.pipeline.leads.form_fields import without_fields
from leadwerk.stats.arrays import Index
from leadwerk.warehouse.statement import statement

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from leadwerk.policy.model import Policy
    from leadwerk.warehouse.protocol import Warehouse


def read_recent_outcomes(
    warehouse: Warehouse, policy: Policy, matured: Sequence[str], now: datetime
) -> RecentOutcomes | None:
    """Landmarks of the last horizon and the delays of all before; None without any.

    `matured`: person of each matured landmark (`persons_of`); the same person has the same number in both.
    """
    horizon = timedelta(days=policy.horizon_days)
    first, last = now - timedelta(days=policy.training.history_days), now - horizon
    with warehouse.unit_of_work():
        ends = warehouse.frame(statement("labels/ends"), label_parameters(policy, first, now, now))
        after = last + timedelta(microseconds=1)
        features = warehouse.frame(features_statement(policy), training_parameters(policy, after, now))
    rows = features.merge(ends, on=["lead_id", "as_of"], how="inner", validate="one_to_one")
    rows = rows.sort_values(["as_of", "lead_id"], ignore_index=True)
    if rows.empty:
        return None
    as_of, moment = _times(rows.as_of), np.datetime64(now.replace(tzinfo=None), "us")
    won, closed = rows.converted_at.notna().to_numpy(bool), rows.closed_at.notna().to_numpy(bool)
    landmarks = Landmarks(columns_of(rows, contract(policy)), _numbers(matured, persons_of(rows)), as_of, won)
    age_days = (moment - as_of) / np.timedelta64(1, "D")
    return RecentOutcomes(OpenLandmarks(landmarks, closed & ~won, age_days), _delays(ends, policy, last))


def without_recent_fields(recent: RecentOutcomes | None, policy: Policy, names: Sequence[str]) -> RecentOutcomes | None:
    """The same with these fields unknown, as in the matured landmarks."""
    if recent is None:
        return None
    rows = without_fields(recent.landmarks.rows, policy, names)
    return replace(recent, landmarks=replace(recent.landmarks, rows=rows))


def _delays(ends: pd.DataFrame, policy: Policy, last: datetime) -> DecisionDelays:
    matured = ends[ends.as_of <= last]
    as_of, day = _times(matured.as_of), np.timedelta64(1, "D")
    to_win = (_times(matured.converted_at) - as_of) / day
    to_end = (_times(matured.closed_at) - as_of) / day
    # A comparison with NaN is False: not won.
    won = to_win <= policy.horizon_days
    return DecisionDelays(np.sort(to_win[won]), np.sort(np.where(np.isnan(to_end[~won]), np.inf, to_end[~won])))


def _times(column: pd.Series[Any]) -> Times:
    import pandas as pd

    return pd.to_datetime(column, utc=True).dt.tz_localize(None).to_numpy("datetime64[us]")


def _numbers(matured: Sequence[str], recent: pd.Series[Any]) -> Index:
    """A number for the person of each recent landmark: that of their matured ones, where there are any."""
    number = {person: index for index, person in enumerate(dict.fromkeys(matured))}
    return np.array([number.setdefault(person, len(number)) for person in recent], dtype=np.intp)


def persons_of(frame: pd.DataFrame) -> pd.Series[Any]:
    """The person of each row of lead_features: by the key that the lead came with, else the lead itself."""
    return frame.person_key.fillna(frame.lead_id)


def columns_of(frame: pd.DataFrame, features: tuple[Feature, ...]) -> dict[str, NDArray[Any]]:
    """The features of a frame as arrays; unknown numbers are NaN, unknown categories None."""
    return {f.name: _values(frame[f.name], f.kind) for f in features}


def _values(column: pd.Series[Any], kind: str) -> Any:
    if kind == "number":
        return column.to_numpy(dtype=np.float64, na_value=np.nan)
    return column.astype(object).where(column.notna(), None).to_numpy()
