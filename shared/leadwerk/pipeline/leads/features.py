"""Statements and parameters for features, occurrences and labels of leads.

Training and scoring run the same SQL: training for all landmarks of all leads in a range, scoring for some leads and
visitors at one moment.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from leadwerk.catalogue import features
from leadwerk.catalogue.features import AMOUNTS, FeatureValues
from leadwerk.catalogue.periods import THRESHOLD_MEMORY_DAYS, WINDOWS_DAYS
from leadwerk.policy.enrichment import LEAD_COLUMNS as COMPANY_COLUMNS
from leadwerk.policy.model import Policy
from leadwerk.warehouse.protocol import AnyStatement, Parameters, R, Statement
from leadwerk.warehouse.statement import Repeated, statement, switch

LEAD_COLUMNS = (
    "language", "country", "region", "email_domain_kind", "channel", *AMOUNTS, "job_title", "industry", "employees",
    "revenue",
)  # fmt: skip
"""Columns of `leads` that are features as they are; of a form each replaces what is stored."""


def features_statement(policy: Policy) -> Statement[FeatureValues]:
    """`lead_features/select` for a policy: one row per lead (or visitor) and moment.

    Columns: lead_id, as_of, created_at (null for an unknown lead), those of features.contract, job_title and
    account_id, which are inputs of points but not of models, and person_key, by which two leads are one person's.
    """
    return statement("lead_features/select", None, **_front(policy), **_lists(policy))


def occurrences_statement(policy: Policy) -> AnyStatement:
    """`occurrences/select` for a policy: leads and moments of `features_statement`, one row per signal and day.

    Columns: lead_id, as_of, signal (null: any visit), day, events, last_at.
    """
    return statement("occurrences/select", None, **_front(policy))


def sampled_features_statement(policy: Policy) -> Statement[FeatureValues]:
    """`features_statement` for the landmarks of the leads of a sample."""
    return statement("lead_features/sampled", None, **_front(policy, of_sample=True), **_lists(policy))


def sampled_occurrences_statement(policy: Policy) -> AnyStatement:
    """`occurrences_statement` for the landmarks of the leads of a sample."""
    return statement("occurrences/sampled", None, **_front(policy, of_sample=True))


def lead_states_statement(policy: Policy, record: type[R], *, with_forms: bool) -> Statement[R]:
    """`lead_states/select` for a policy: one row per lead or visitor, with all that scoring needs of it.

    What a policy has no use for is not even read: occurrences without rules, thresholds without sellers. Signals are a
    list in `features` (signal_features has the columns): of few leads an engine's time goes by the columns.
    """
    return statement(
        "lead_states/select",
        record,
        **_front(policy, with_forms=with_forms),
        **{**_lists(policy), "signal": [], "signals_as_list": switch(on=True)},
        with_rules=switch(on=bool(policy.points.rules)),
        with_sellers=switch(on=bool(policy.capacity.sellers)),
    )


def rescore_remote_statement(policy: Policy) -> AnyStatement:
    """`scores/rescore_remote` for a policy: the features of `features_statement` for all open leads, scored in SQL."""
    return statement(
        "scores/rescore_remote",
        None,
        **_front(policy, of_open_leads=True),
        **_lists(policy),
        with_rules=switch(on=bool(policy.points.rules)),
    )


def occurrence_parameters(policy: Policy, parameters: Parameters) -> Parameters:
    """Parameters of `occurrences/select` for the leads and moments of training_ or scoring_parameters."""
    window = policy.points.window_days
    return {**parameters, **_occurrences(policy), **_activity(parameters["first_event_day"], window)}


def training_parameters(policy: Policy, first_as_of: datetime, last_as_of: datetime) -> Parameters:
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
) -> Parameters:
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


def lead_states_parameters(
    policy: Policy, lead_ids: Sequence[str], visitor_ids: Sequence[str], as_of: datetime
) -> Parameters:
    """`scoring_parameters` that also fit the occurrences and thresholds of `lead_states_statement`."""
    parameters = scoring_parameters(policy, lead_ids, visitor_ids, as_of)
    # One range for both: features and occurrences are read by one statement.
    windows = (max(WINDOWS_DAYS), policy.points.window_days if policy.points.rules else 0)
    day = as_of.astimezone(ZoneInfo(policy.time_zone)).date()
    return {
        **parameters,
        **_occurrences(policy),
        **_activity(parameters["first_event_day"], max(windows)),
        "day": day,
        "threshold_since": day - timedelta(days=THRESHOLD_MEMORY_DAYS),
    }


def of_sample(parameters: Parameters, sample: Parameters) -> Parameters:
    """Parameters of the same statement for the leads of a sample, which are named by no list."""
    return {name: value for name, value in parameters.items() if name not in ("lead_ids", "visitor_ids")} | {**sample}


def labels_statement(_: Policy) -> AnyStatement:
    """`labels/select`: lead_id, as_of, converted, for mature landmarks only."""
    return statement("labels/select")


def label_parameters(policy: Policy, first_as_of: datetime, last_as_of: datetime, now: datetime) -> Parameters:
    """Parameters for the labels of the landmarks of `training_parameters`, as of `now`."""
    return {
        "landmark_days": list(policy.landmark_days),
        "first_as_of": first_as_of,
        "last_as_of": last_as_of,
        "horizon_days": policy.horizon_days,
        "positive": list(policy.positive),
        "as_of": now,
    }


def _front(
    policy: Policy, *, with_forms: bool = False, of_open_leads: bool = False, of_sample: bool = False
) -> dict[str, Repeated]:
    """Values of the lines that lead_features/as_of_base repeats."""
    touchpoints = [signal.name for signal in policy.signals if signal.touchpoint]
    lines = {"amount": AMOUNTS, "column": LEAD_COLUMNS, "touchpoint": touchpoints}
    leads = {
        "of_ids": switch(on=not of_open_leads and not of_sample),
        "of_open_leads": switch(on=of_open_leads),
        "of_sample": switch(on=of_sample),
    }
    return {**lines, **leads, "with_forms": switch(on=with_forms)}


def _lists(policy: Policy) -> dict[str, Repeated]:
    """Values of the further lines that lead_features/features repeats."""
    return {
        "window": WINDOWS_DAYS,
        "windowed": [entry.name for entry in features.FEATURES if entry.is_windowed],
        "ratio": [{"name": entry.name, **entry.ratio._asdict()} for entry in features.FEATURES if entry.ratio],
        "signal": [signal.name for signal in policy.signals],
        "signals_as_list": [],
        **attribute_lists(policy),
    }


def attribute_lists(policy: Policy) -> dict[str, Repeated]:
    """Values of the lines that statements repeat for attributes, and for facts of companies (company_answers/facts).

    `number` and `category` are the attributes that only leads state.
    """
    facts = policy.enrichment.facts
    attributes = [fact for fact in facts if fact.fills not in COMPANY_COLUMNS]
    filled = {fact.fills for fact in attributes}
    of_leads = [attribute for attribute in policy.attributes if attribute.name not in filled]
    return {
        "number": [attribute.name for attribute in of_leads if attribute.kind == "number"],
        "category": [attribute.name for attribute in of_leads if attribute.kind == "category"],
        # A block repeated for nothing is a switch: without facts the statements do not read the table.
        "minimum_percent": [policy.enrichment.minimum_confidence_percent] if facts else [],
        "company_fact": [fact.fills for fact in facts],
        "company_column": [fact.fills for fact in facts if fact.fills in COMPANY_COLUMNS],
        "company_attribute": [fact.fills for fact in attributes],
        "company_number": [fact.fills for fact in attributes if fact.is_number],
        "company_category": [fact.fills for fact in attributes if not fact.is_number],
    }


def _common(policy: Policy, first: datetime, last: datetime) -> Parameters:
    # One day more at both ends, because the policy's days differ from UTC days. BigQuery prunes by constants only.
    first_event_day = first.astimezone(UTC).date() - timedelta(days=1)
    return {
        "time_zone": policy.time_zone,
        "longest_window": max(WINDOWS_DAYS),
        "first_event_day": first_event_day,
        **_activity(first_event_day, max(WINDOWS_DAYS)),
        "last_day": last.astimezone(UTC).date() + timedelta(days=1),
        **{f"kind_{signal.name}": signal.touchpoint for signal in policy.signals if signal.touchpoint},
        **{f"zero_{signal.name}": 0 if signal.touchpoint else None for signal in policy.signals},
    }


def _activity(first_event_day: date, window: int) -> Parameters:
    """The days of activity that a window of this length needs."""
    return {"activity_window": window, "first_day": first_event_day - timedelta(days=window - 1)}


def _occurrences(policy: Policy) -> Parameters:
    return {"signals": [signal.name for signal in policy.signals], "occurrence_window": policy.points.window_days}
