"""Which segment of a model a lead belongs to, by the definitions that the model was trained with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
import numpy as np
from msgspec import Struct

from leadwerk.points.conditions import Conditions, LeadFacts, nothing_occurred
from leadwerk.policy.facts import fact_named
from leadwerk.policy.model import Policy
from leadwerk.policy.points import Condition
from leadwerk.stats.arrays import Index

FILE = "segments.json"
"""The file of a model version that holds the definitions; it is there where a segment has a model of its own."""

NO_SEGMENT = -1
"""Place of a lead that belongs to none."""


class SegmentDefinition(Struct, frozen=True):
    """A segment as a model version keeps it; `model` is the file of its own model, None where the general one scores.

    A segment without a model is defined too: its leads belong to no later segment.
    """

    name: str
    when: dict[str, Condition]
    model: str | None = None

    def path(self, file: str) -> str:
        """Name of a file of its own model within the version."""
        return f"segments/{self.name}/{file}"


@dataclass(frozen=True)
class Segments:
    """Definitions in order; `policy` says in which columns their facts are found.

    Any policy with the features of the model will do: the same signals and attributes have the same facts.
    """

    policy: Policy = field(repr=False)
    definitions: tuple[SegmentDefinition, ...]

    @classmethod
    def of(cls, policy: Policy) -> Segments:
        """The segments of a policy, none of which has a model yet."""
        return cls(policy, tuple(SegmentDefinition(segment.name, segment.when) for segment in policy.segments))

    @classmethod
    def from_json(cls, data: bytes, policy: Policy) -> Segments:
        """Read what `to_json` wrote."""
        return cls(policy, msgspec.json.decode(data, type=tuple[SegmentDefinition, ...]))

    def to_json(self) -> bytes:
        """Write the definitions as JSON."""
        return msgspec.json.encode(self.definitions)

    def columns(self) -> set[str]:
        """Features that the definitions ask for."""
        named = {name for definition in self.definitions for name in definition.when}
        return {fact.column for name in named if (fact := fact_named(self.policy, name)) is not None}

    def segment_index(self, columns: Mapping[str, Any], size: int) -> Index:
        """For each of n leads the place of the first definition it satisfies, (n,), or NO_SEGMENT.

        `columns` are features by name, n values each; one that is not there is not known.
        """
        conditions = Conditions(self.policy, LeadFacts(size, columns, nothing_occurred()))
        segment_of_lead = np.full(size, NO_SEGMENT, dtype=np.intp)
        # Backwards, so that the first definition that fits is written last and stays.
        for place, definition in reversed(list(enumerate(self.definitions))):
            segment_of_lead[conditions.hold(definition.when)] = place
        return segment_of_lead

    def places_of_rows(self, rows: Sequence[Mapping[str, Any]]) -> Index:
        """`segment_index` of rows of `lead_features`."""
        return self.segment_index({name: [row.get(name) for row in rows] for name in self.columns()}, len(rows))
