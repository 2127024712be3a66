"""The rows that teach: what was known of a lead at a moment, and whether it converted within the horizon."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leadwerk.stats.arrays import Bools, Floats, Index

Times = NDArray[np.datetime64]


@dataclass(frozen=True)
class Sampled:
    """Of a sample: how many landmarks each stands for (n,), and the moment from which all were read.

    A landmark that stands for 0 was not drawn: it is there to test, and nothing is learned from it.
    """

    stands_for: Floats
    whole_from: np.datetime64


@dataclass(frozen=True)
class Landmarks:
    """n landmarks, aligned by position.

    `columns` has a numpy array for every feature of the contract, `lead` a number that is the same for landmarks of one
    lead, and of all leads of one person, `as_of` the moments (datetime64, UTC), `converted` the labels. `weight`: how
    much each counts in fitting; None: all alike. `sampled` is None where all landmarks were read.
    """

    columns: Mapping[str, NDArray[Any]]
    lead: Index
    as_of: Times
    converted: Bools
    weight: Floats | None = None
    sampled: Sampled | None = None

    def __len__(self) -> int:
        return len(self.converted)

    def take(self, rows: Index) -> Landmarks:
        """The landmarks at these positions."""
        columns = {name: values[rows] for name, values in self.columns.items()}
        weight = None if self.weight is None else self.weight[rows]
        sampled = self.sampled and replace(self.sampled, stands_for=self.sampled.stands_for[rows])
        return Landmarks(columns, self.lead[rows], self.as_of[rows], self.converted[rows], weight, sampled)

    def drawn(self) -> Landmarks:
        """Those that teach: of a sample the drawn ones, else all."""
        return self if self.sampled is None else self.take(np.flatnonzero(self.sampled.stands_for > 0))

    def representative_index(self, seed: int) -> Index:
        """Positions of as many landmarks as teach, drawn so that they are distributed as all that these stand for."""
        if self.sampled is None or not self.sampled.stands_for.any():
            return np.arange(len(self))
        share = self.sampled.stands_for / self.sampled.stands_for.sum()
        size = int((self.sampled.stands_for > 0).sum())
        return np.sort(np.random.default_rng(seed).choice(len(self), size, p=share))

    def representative(self, seed: int) -> Landmarks:
        """The landmarks at `representative_index`; without a sample, the same."""
        return self if self.sampled is None else replace(self.take(self.representative_index(seed)), sampled=None)

    @property
    def stands_for(self) -> Floats:
        """How many landmarks each stands for, (n,)."""
        return np.ones(len(self)) if self.sampled is None else self.sampled.stands_for

    @property
    def sampling_offset(self) -> float:
        """By how much the log-odds of a fit that counts the landmarks alike are too high."""
        if self.sampled is None or self.converted.all() or not self.converted.any():
            return 0.0
        won, lost = (float(self.stands_for[mask].mean()) for mask in (self.converted, ~self.converted))
        return float(np.log(lost / won))

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
        """Share of positive landmarks, of all that these stand for."""
        if self.sampled is not None and self.sampled.stands_for.any():
            return float(np.average(self.converted, weights=self.sampled.stands_for))
        return float(self.converted.mean()) if len(self) else 0.0
