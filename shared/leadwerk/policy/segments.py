"""What a policy says about segments: leads that may convert otherwise than the rest, and get a model if they do."""

from __future__ import annotations

from msgspec import field

from leadwerk.policy.points import Condition
from leadwerk.policy.section import Identifier, Labels, PolicySection


class Segment(PolicySection, frozen=True):
    """Leads that satisfy all tests of `when`, and belong to no segment before this one in the list.

    The facts are those that models learn from (features.contract), so they are known of every past moment as they were
    then, and of every lead that is scored.
    """

    name: Identifier
    when: dict[Identifier, Condition]
    labels: Labels = field(default_factory=dict)
