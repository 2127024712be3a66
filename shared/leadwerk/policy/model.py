"""What a policy can say: frozen value objects, one a section of the YAML file.

A policy is all that differs between two users of Leadwerk. Lists keep the file's order, which is the order of features
and the order in which signals are tried.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, field

from leadwerk.catalogue.languages import Language
from leadwerk.policy.crm import CRMSection
from leadwerk.policy.enrichment import Enrichment
from leadwerk.policy.experiment import Experiment
from leadwerk.policy.kpi_limits import KpiLimit
from leadwerk.policy.mail_scanners import MailScanners
from leadwerk.policy.points import Condition, Phase, PointsModel, Tier
from leadwerk.policy.section import Cluster, Days, Identifier, Labels, OutcomeKind, Percent, PolicySection
from leadwerk.policy.selling import Capacity, Contacted, RankingRule, Stage, VerdictReason
from leadwerk.policy.workflows import Workflows

HomeCountry = Literal["CH", "DE", "AT"]
Currency = Literal["CHF", "EUR"]


class Signal(PolicySection, frozen=True):
    """Something a visitor or lead did that may say something; the first signal that matches an event names it.

    Web signals give `event` (a GA4 event name), `page` (an RE2 pattern searched in the page's path), or both; others
    give `touchpoint` (the kind of a touchpoint: e-mail click, call, chat …). `phase` is the phase of the customer's
    journey that it belongs to.
    """

    name: Identifier
    event: str | None = None
    page: str | None = None
    touchpoint: str | None = None
    phase: Phase | None = None
    labels: Labels = field(default_factory=dict)


class Calculator(PolicySection, frozen=True):
    """The names of the GA4 event parameters in which the site's calculator sends its amounts."""

    loan_amount: str = "loan_amount"
    property_value: str = "property_value"
    income: str = "yearly_income"
    instalment: str = "monthly_instalment"


class Traffic(PolicySection, frozen=True):
    """Whose events are not a visitor's: our own people, tests, and machines."""

    own_parameter: str = "traffic_type"
    own_values: tuple[str, ...] = ("internal", "developer")
    hostnames: tuple[str, ...] = ()
    bot_events_per_day: Annotated[int, Meta(ge=1)] = 1500
    bot_browsers: str = "(?i)bot|crawl|spider|headless"


class OutcomeRule(PolicySection, frozen=True):
    """A status of the CRM (and a reason, where given) and what it means; the first rule that fits decides."""

    status: str
    outcome: OutcomeKind
    reason: str | None = None


class TextClass(PolicySection, frozen=True):
    """Texts in which an RE2 pattern is found, and that of no class before it in the list."""

    name: Identifier
    matches: str
    labels: Labels = field(default_factory=dict)


class Attribute(PolicySection, frozen=True):
    """A column of the lead that only this user has; it becomes the feature `attribute_<name>`.

    With `classes`, its value is the class into which the text in `source` falls (policy.text_classes), not the text
    itself. `measure` states which number is taken from `source`: the value, 1 for yes and 0 for no, 1 where a list
    holds `option`, or the days from a date to the creation of the lead.
    """

    name: Identifier
    kind: Literal["number", "category"]
    source: str = ""
    measure: Literal["value", "yes_no", "option", "age_days"] = "value"
    option: str = ""
    labels: Labels = field(default_factory=dict)
    classes: tuple[TextClass, ...] = ()


class Bands(PolicySection, frozen=True):
    """Predictive scores at which HOT and WARM start (0–100; 50 is the average lead).

    `threshold_limits`: within which HOT follows the sellers' load.
    """

    hot: Percent = 70
    warm: Percent = 50
    threshold_limits: tuple[Percent, Percent] = (60, 80)


class Action(PolicySection, frozen=True):
    """Recommended action for leads of this cluster; that of CLOSED, which asks for nothing, may be left out."""

    cluster: Cluster
    action: str
    labels: Labels = field(default_factory=dict)


NO_ACTION = "No_Action"
"""What is recommended where nobody is to be called, unless the policy names it."""


class Training(PolicySection, frozen=True):
    """How the model is fitted; the defaults are the field's (100 trees, rate 0.05, depth 6).

    Nothing is learned from the fields in `exclude`, such as sex or what sales fill in late. A landmark older by
    `half_life_days` counts half; "auto" takes one only if new leads are predicted better with it. Of more landmarks
    than `max_landmarks` a sample is read.
    """

    trees: Annotated[int, Meta(ge=1, le=5000)] = 100
    learning_rate: Annotated[float, Meta(gt=0, le=1)] = 0.05
    depth: Annotated[int, Meta(ge=1, le=15)] = 6
    scale_pos_weight: Annotated[float, Meta(gt=0)] | Literal["auto"] | None = None
    half_life_days: Annotated[float, Meta(ge=1)] | Literal["auto"] | None = "auto"
    test_share: Annotated[float, Meta(gt=0, lt=0.5)] = 0.2
    history_days: Annotated[int, Meta(ge=30)] = 730
    minimum_positives: Annotated[int, Meta(ge=1)] = 30
    max_landmarks: Annotated[int, Meta(ge=100)] = 100_000
    exclude: tuple[str, ...] = ()
    seed: int = 20260101


class Drift(PolicySection, frozen=True):
    """When leads or outcomes count as other than those that the champion learned from.

    `false_alarms`: chance of a false alarm in 90 days, of the outcomes, and of all anomalies together. `stability`:
    stability index of a feature or of the scores at which an alarm starts; `missing`: change of the share in which a
    feature is missing. `retrain`: an alarm trains at once, and again every `retrain_days` while new outcomes mature.
    """

    false_alarms: Annotated[float, Meta(ge=0.005, le=0.5)] = 0.05
    stability: Annotated[float, Meta(ge=0.05, le=5)] = 0.25
    missing: Annotated[float, Meta(ge=0.05, le=1)] = 0.25
    retrain: bool = True
    retrain_days: Annotated[int, Meta(ge=1, le=90)] = 3


# One source for the package and for Terraform, which sets the expiry of tables from it and from the policy.
class _RetentionDays(msgspec.Struct, frozen=True):
    """The defaults, in a file that Terraform reads as well."""

    activity: int
    scores: int
    deliveries: int


_RETENTION_DAYS = msgspec.json.decode(
    (Path(__file__).parent / "defaults" / "retention.json").read_bytes(), type=_RetentionDays
)


class Retention(PolicySection, frozen=True):
    """After how many days a table's rows expire; activity must outlive the training history by its longest window."""

    activity: Days = _RETENTION_DAYS.activity
    scores: Days = _RETENTION_DAYS.scores
    deliveries: Days = _RETENTION_DAYS.deliveries


class Privacy(PolicySection, frozen=True):
    """What remains of erased persons: `anonymous_counts` keeps how many leads of a month came and converted."""

    anonymous_counts: bool = True


class Segment(PolicySection, frozen=True):
    """Leads that satisfy all tests of `when`, and belong to no segment before this one in the list.

    The facts are those that models learn from (features.contract), so they are known of every past moment as they were
    then, and of every lead that is scored.
    """

    name: Identifier
    when: dict[Identifier, Condition]
    labels: Labels = field(default_factory=dict)


class Policy(PolicySection, frozen=True):
    """The business rules of one user; `version` is the hash of its content.

    `lead_times`: whether the source states when leads came; with `file_order` no feature is made of these times.
    """

    name: Identifier
    time_zone: str
    languages: tuple[Language, ...]
    horizon_days: Annotated[int, Meta(ge=1, le=730)]
    signals: tuple[Signal, ...]
    outcomes: tuple[OutcomeRule, ...]
    positive: tuple[OutcomeKind, ...]
    actions: tuple[Action, ...]
    country: HomeCountry = "CH"
    currency: Currency = "CHF"
    landmark_days: tuple[Days, ...] = (0, 1, 3, 7, 14, 30)
    lead_times: Literal["stated", "file_order"] = "stated"
    calculator: Calculator = Calculator()
    traffic: Traffic = Traffic()
    attributes: tuple[Attribute, ...] = ()
    bands: Bands = Bands()
    points: PointsModel = PointsModel()
    tiers: tuple[Tier, ...] = ()
    stages: tuple[Stage, ...] = ()
    capacity: Capacity = Capacity()
    contacted: Contacted = Contacted()
    verdict_reasons: tuple[VerdictReason, ...] = ()
    decision: RankingRule = RankingRule()
    training: Training = Training()
    drift: Drift = Drift()
    experiment: Experiment | None = None
    kpi_limits: tuple[KpiLimit, ...] = ()
    segments: tuple[Segment, ...] = ()
    retention: Retention = Retention()
    privacy: Privacy = Privacy()
    crm: CRMSection = CRMSection()
    workflows: Workflows = Workflows()
    mail_scanners: MailScanners = MailScanners()
    enrichment: Enrichment = Enrichment()
    version: str = ""
