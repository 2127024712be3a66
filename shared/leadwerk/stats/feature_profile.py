"""Feature profile: the distribution of a feature in a sample, kept to be compared with a later one."""

from __future__ import annotations

from msgspec import Struct


class FeatureProfile(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The share that is `missing`, and how the present values lie.

    A number: inner quantiles `edges`, and the `shares` of the parts that they cut. A category: `shares` of its most
    frequent levels, without `edges`.
    """

    missing: float
    edges: list[float] | None = None
    shares: list[float] | dict[str, float]
