"""Feature catalogue: every input that a model or a rule may use, once, in the order of the feature query's columns.

The feature contract, the facts that rules may name, their ranges, the reserved names and the columns of the feature
query derive from it. A ratio of amounts needs one entry here and nothing else; a feature of another kind also needs its
expression in `lead_features/features.fragment.sql`, and a test names the entry without one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal, NamedTuple

from leadwerk.catalogue.periods import WINDOWS_DAYS

Kind = Literal["number", "category"]

FeatureValues = Mapping[str, Any]
"""Features of a lead by column, None where unknown: the rows that stay mappings, for columns follow from the policy."""

_SHARE, _PERCENT = "policy.range.share", "policy.range.percent"
_WEEKDAY, _HOUR = "policy.range.weekday", "policy.range.hour"
_YES_OR_NO, _CONFIDENCE = "policy.range.yes_or_no", "policy.range.confidence"
COMPANY_CONFIDENCE: Final = "company_confidence"


MONTHS_A_YEAR: Final = 12
AMOUNTS: Final = ("loan_amount", "property_value", "income", "instalment")
"""Amounts of a calculator or form, of which ratios are features too."""


class ValueRange(NamedTuple):
    """The numbers between which a feature lies, and the key of the text that says how one is written."""

    low: float
    high: float
    hint_key: str


class Ratio(NamedTuple):
    """`factor` × `numerator` / `denominator`, both among AMOUNTS: unknown where one is unknown or the divisor is 0."""

    numerator: str
    denominator: str
    factor: int = 1


class CatalogueEntry(NamedTuple):
    """One feature, or with `is_windowed` one for each window.

    `group` is what reasons speak about, and the key of its label. `monotone` is 1 where a higher value can only help,
    -1 where it can only hurt, 0 where the domain does not say. `levels` is the closed list of a category's values,
    empty where any value may come. Rules may use every entry, models those that are learned from;
    `is_creation_time` marks those that follow from the lead's creation, which a file may not state. `ratio`: what the
    entry is computed from, where it is a ratio of amounts.
    """

    name: str
    group: str
    kind: Kind = "number"
    is_windowed: bool = False
    monotone: Literal[-1, 0, 1] = 0
    value_range: ValueRange | None = None
    levels: tuple[str, ...] = ()
    is_learned: bool = True
    is_creation_time: bool = False
    ratio: Ratio | None = None

    def columns(self) -> Iterator[str]:
        """The columns of the feature query that this entry stands for.

        >>> list(CatalogueEntry("sessions", "visits", is_windowed=True).columns())
        ['sessions_1d', 'sessions_7d', 'sessions_30d', 'sessions_90d']
        """
        yield from (f"{self.name}_{days}d" for days in WINDOWS_DAYS) if self.is_windowed else (self.name,)


FEATURES: Final = (
    CatalogueEntry("has_web_behaviour", "behaviour", value_range=ValueRange(0, 1, _YES_OR_NO)),
    CatalogueEntry("lead_age_days", "lead_age", is_creation_time=True),
    CatalogueEntry("created_hour", "created_time", value_range=ValueRange(0, 23, _HOUR), is_creation_time=True),
    CatalogueEntry("created_weekday", "created_time", value_range=ValueRange(1, 7, _WEEKDAY), is_creation_time=True),
    CatalogueEntry("loan_amount", "loan_amount"),
    CatalogueEntry("property_value", "property_value"),
    CatalogueEntry("income", "income"),
    CatalogueEntry("instalment", "instalment"),
    # No monotone: banks like a higher loan-to-value less, but a lead that borrows little needs no help either. On three
    # simulated markets unseen leads were predicted better without it (log loss 0.298 against 0.303).
    CatalogueEntry(
        "loan_to_value",
        "loan_to_value",
        value_range=ValueRange(0, 10, _SHARE),
        ratio=Ratio("loan_amount", "property_value"),
    ),
    # Affordability rules of banks make it certain: a higher instalment on the same income is never better.
    CatalogueEntry(
        "instalment_to_income",
        "instalment_to_income",
        monotone=-1,
        value_range=ValueRange(0, 10, _SHARE),
        ratio=Ratio("instalment", "income", factor=MONTHS_A_YEAR),
    ),
    CatalogueEntry("calculator_uses_90d", "calculator"),
    CatalogueEntry("calculator_loan_amount_mean", "calculator"),
    CatalogueEntry("sessions", "visits", is_windowed=True),
    CatalogueEntry("page_views", "visits", is_windowed=True),
    CatalogueEntry("seconds", "time_on_site", is_windowed=True),
    CatalogueEntry("active_days", "visits", is_windowed=True),
    CatalogueEntry("session_seconds_30d", "time_on_site"),
    CatalogueEntry("scroll_percent_90d", "scroll", value_range=ValueRange(0, 100, _PERCENT)),
    CatalogueEntry("days_since_activity", "recency"),
    CatalogueEntry("days_since_first_activity", "first_visit"),
    CatalogueEntry("sessions_trend", "trend"),
    CatalogueEntry("last_active_hour", "active_time", value_range=ValueRange(0, 23, _HOUR)),
    CatalogueEntry("last_active_weekday", "active_time", value_range=ValueRange(1, 7, _WEEKDAY)),
    CatalogueEntry("employees", "employees"),
    CatalogueEntry("revenue", "revenue"),
    CatalogueEntry("language", "language", "category"),
    CatalogueEntry("country", "country", "category"),
    CatalogueEntry("region", "region", "category"),
    CatalogueEntry(
        "email_domain_kind",
        "email_domain_kind",
        "category",
        levels=("business", "freemail", "education", "invalid"),
    ),
    CatalogueEntry("channel", "channel", "category"),
    CatalogueEntry("industry", "industry", "category"),
    CatalogueEntry("source", "source", "category"),
    CatalogueEntry("medium", "source", "category"),
    CatalogueEntry("first_source", "first_source", "category"),
    CatalogueEntry("first_medium", "first_source", "category"),
    CatalogueEntry("device_category", "device", "category"),
    # Free text: rules may search it, but its values are too many and too personal to learn from.
    CatalogueEntry("job_title", "job_title", "category", is_learned=False),
    # The source of what is known of the company: it explains a value and is not a feature itself.
    CatalogueEntry(
        "company_source", "company_source", "category", levels=("contact", "account", "enriched"), is_learned=False
    ),
    # How sure the least certain fact of the company is that counts; learned from where the policy has enrichment.
    CatalogueEntry(COMPANY_CONFIDENCE, COMPANY_CONFIDENCE, value_range=ValueRange(0, 1, _CONFIDENCE), is_learned=False),
)
"""All features that do not depend on the policy."""

GROUPS: Final = frozenset(entry.group for entry in FEATURES if entry.is_learned)
"""The feature groups, without those that a policy's signals and attributes add."""


def signal_columns(signal: str) -> tuple[str, ...]:
    """The columns of one of the policy's signals.

    >>> signal_columns("pricing")[0], signal_columns("pricing")[-1], len(signal_columns("pricing"))
    ('pricing_events_1d', 'pricing_days_since', 9)
    """
    counted = (f"{signal}_{measure}_{days}d" for measure in ("events", "seconds") for days in WINDOWS_DAYS)
    return (*counted, f"{signal}_days_since")
