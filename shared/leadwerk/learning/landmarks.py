"""The rows that teach: what was known of a lead at a moment, and whether it converted within the horizon."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leadwerk.stats.arrays import Bools, Floats, Index

Times = NDArray[np.datetime64]


@dataclass(frozen=True)
class Landmarks:
    """n landmarks, aligned by position.

    `columns` has a numpy array for every feature of the contract, `lead` a number that is the same for landmarks of one
    lead, `as_of` the moments (datetime64, UTC), `converted` the labels. `weight`: how much each counts in fitting;
    None: all alike.
    """

    columns: Mapping[str, NDArray[Any]]
    lead: Index
    as_of: Times
    converted: Bools
    weight: Floats | None = None

    def __len__(self) -> int:
        return len(self.converted)

    def take(self, rows: Index) -> Landmarks:
        """The landmarks at these positions."""
        columns = {name: values[rows] for name, values in self.columns.items()}
        weight = None if self.weight is None else self.weight[rows]
        return Landmarks(columns, self.lead[rows], self.as_of[rows], self.converted[rows], weight)

    @property
    def weights(self) -> Floats:
        """How much each landmark counts (n,)."""
        return np.ones(len(self)) if self.weight is None else self.weight

    @property
    def leads(self) -> int:
        """Number of different leads."""
        return len(np.unique(self.lead))

    @property
    def converted_leads(self) -> int:
        """Number of different leads with a positive landmark: the independent successes among the rows."""
        return len(np.unique(self.lead[self.converted]))

    @property
    def base_rate(self) -> float:
        """Share of positive landmarks."""
        return float(self.converted.mean()) if len(self) else 0.0
