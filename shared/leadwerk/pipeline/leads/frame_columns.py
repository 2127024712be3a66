"""Columns of a frame of lead_features as arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from leadwerk.features.contract import Feature

if TYPE_CHECKING:
    import pandas as pd


def columns_of(frame: pd.DataFrame, features: tuple[Feature, ...]) -> dict[str, NDArray[Any]]:
    """The features of a frame as arrays; unknown numbers are NaN, unknown categories None."""
    return {f.name: _values(frame[f.name], f.kind) for f in features}


def _values(column: pd.Series[Any], kind: str) -> Any:
    if kind == "number":
        return column.to_numpy(dtype=np.float64, na_value=np.nan)
    return column.astype(object).where(column.notna(), None).to_numpy()
