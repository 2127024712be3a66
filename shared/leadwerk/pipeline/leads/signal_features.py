"""Signal features: from a lead's list of signals the columns of `lead_features`, a column per signal and measure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from leadwerk.catalogue.features import FeatureValues
from leadwerk.catalogue.periods import WINDOWS_DAYS
from leadwerk.policy.model import Policy

EVENTS = tuple(f"events_{days}d" for days in WINDOWS_DAYS)
SECONDS = tuple(f"seconds_{days}d" for days in WINDOWS_DAYS)
DAYS_SINCE = "days_since"
LIST = "signals"


def with_signal_columns(policy: Policy, features: FeatureValues) -> FeatureValues:
    """Features with the columns of all signals of the policy in place of `signals`, a list of those that occurred."""
    columns: dict[str, Any] = {}
    for name, value in features.items():
        # Where the list stands, so that the columns keep the order of the feature query.
        columns.update(_signal_columns(policy, features) if name == LIST else ((name, value),))
    return columns


def _signal_columns(policy: Policy, features: FeatureValues) -> Iterator[tuple[str, float | None]]:
    occurred: Sequence[Mapping[str, Any]] = features[LIST]
    rows = {row["signal"]: row for row in occurred}
    tracked = bool(features["has_web_behaviour"])
    for signal in policy.signals:
        row = rows.get(signal.name) or _without_events(is_known=tracked or signal.touchpoint is not None)
        yield from ((f"{signal.name}_{measure}", row[measure]) for measure in (*EVENTS, *SECONDS, DAYS_SINCE))


def _without_events(*, is_known: bool) -> Mapping[str, float | None]:
    """What did not occur counts 0 for touchpoints; for web signals that is only known where web behaviour is."""
    events, seconds = (0, 0.0) if is_known else (None, None)
    return {**dict.fromkeys(EVENTS, events), **dict.fromkeys(SECONDS, seconds), DAYS_SINCE: None}
