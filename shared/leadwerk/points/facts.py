"""What points are given for: facts of leads at moments, in columns, known strictly before each moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

VISIT = -1
"""Signal of an occurrence that is no signal: the lead was merely there, which ends its idleness."""


@dataclass(frozen=True)
class Occurrences:
    """m rows: one signal of one lead on one day. Sorted by lead, then day.

    `lead` is the place of the lead among the n of Facts; `signal` its place among the policy's signals, or VISIT;
    `day` the day as the policy counts days; `events` how often; `age_days` whole periods of 24 hours between the last
    time on that day and the moment.
    """

    lead: NDArray[np.int64]
    signal: NDArray[np.int64]
    day: NDArray[np.datetime64]
    events: NDArray[np.int64]
    age_days: NDArray[np.int64]


@dataclass(frozen=True)
class LeadFacts:
    """n leads at their moments.

    `columns`: the columns of lead_features/select by name, n values each (None or NaN: not known); an attribute of the
    policy is `attribute_<name>`. Rules name them as they are, attributes without the prefix.
    """

    size: int
    columns: Mapping[str, Sequence[Any] | NDArray[Any]]
    occurrences: Occurrences
