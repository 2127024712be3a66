"""Statements and parameters for features, occurrences and labels of leads.

Training and scoring run the same SQL: training for all landmarks of all leads in a range, scoring for some leads and
visitors at one moment.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from leadwerk.catalogue.periods import WINDOWS_DAYS
from leadwerk.policy.model import Policy
from leadwerk.warehouse.protocol import Row, Statement
from leadwerk.warehouse.statement import statement

AMOUNTS = ("loan_amount", "property_value", "income", "instalment")


def features_statement(policy: Policy) -> Statement[Row]:
    """`lead_features/select` for a policy: one row per lead (or visitor) and moment.

    Columns: lead_id, as_of, created_at (null for an unknown lead), those of features.contract, and job_title and
    account_id, which are inputs of points but not of models.
    """
    return statement(
        "lead_features/select",
        amount=AMOUNTS,
        window=WINDOWS_DAYS,
        signal=[signal.name for signal in policy.signals],
        touchpoint=_touchpoints(policy),
        number=[attribute.name for attribute in policy.attributes if attribute.kind == "number"],
        category=[attribute.name for attribute in policy.attributes if attribute.kind == "category"],
    )


def occurrences_statement(policy: Policy) -> Statement[Row]:
    """`occurrences/select` for a policy: leads and moments of `features_statement`, one row per signal and day.

    Columns: lead_id, as_of, signal (null: any visit), day, events, last_at.
    """
    return statement("occurrences/select", amount=AMOUNTS, touchpoint=_touchpoints(policy))


def occurrence_parameters(policy: Policy, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters of `occurrences/select` for the leads and moments of training_ or scoring_parameters."""
    window = policy.points.window_days
    further_back = timedelta(days=window - parameters["longest_window"])
    return {
        **parameters,
        "signals": [signal.name for signal in policy.signals],
        "longest_window": window,
        "first_day": parameters["first_day"] - further_back,
    }


def training_parameters(policy: Policy, first_as_of: datetime, last_as_of: datetime) -> dict[str, Any]:
    """Parameters for all landmarks of all leads from `first_as_of` to `last_as_of`, both inclusive and aware."""
    return {
        **_common(policy, first_as_of, last_as_of),
        "landmark_days": list(policy.landmark_days),
        "first_as_of": first_as_of,
        "last_as_of": last_as_of,
        "lead_ids": [],
        "visitor_ids": [],
        "as_of": None,
    }


def scoring_parameters(
    policy: Policy, lead_ids: Sequence[str], visitor_ids: Sequence[str], as_of: datetime
) -> dict[str, Any]:
    """Parameters for these leads, and for visitors without a lead, at `as_of` (aware)."""
    return {
        **_common(policy, as_of, as_of),
        "landmark_days": [],
        "first_as_of": None,
        "last_as_of": None,
        "lead_ids": list(lead_ids),
        "visitor_ids": list(visitor_ids),
        "as_of": as_of,
    }


def labels_statement(_: Policy) -> Statement[Row]:
    """`labels/select`: lead_id, as_of, converted, for mature landmarks only."""
    return statement("labels/select")


def label_parameters(policy: Policy, first_as_of: datetime, last_as_of: datetime, now: datetime) -> dict[str, Any]:
    """Parameters for the labels of the landmarks of `training_parameters`, as of `now`."""
    return {
        "landmark_days": list(policy.landmark_days),
        "first_as_of": first_as_of,
        "last_as_of": last_as_of,
        "horizon_days": policy.horizon_days,
        "positive": list(policy.positive),
        "as_of": now,
    }


def _touchpoints(policy: Policy) -> list[str]:
    return [signal.name for signal in policy.signals if signal.touchpoint]


def _common(policy: Policy, first: datetime, last: datetime) -> dict[str, Any]:
    # One day more at both ends, because the policy's days differ from UTC days. BigQuery prunes by constants only.
    return {
        "time_zone": policy.time_zone,
        "longest_window": max(WINDOWS_DAYS),
        "first_day": first.astimezone(UTC).date() - timedelta(days=max(WINDOWS_DAYS)),
        "first_event_day": first.astimezone(UTC).date() - timedelta(days=1),
        "last_day": last.astimezone(UTC).date() + timedelta(days=1),
        **{f"kind_{signal.name}": signal.touchpoint for signal in policy.signals if signal.touchpoint},
        **{f"zero_{signal.name}": 0 if signal.touchpoint else None for signal in policy.signals},
    }
