"""What a policy says about enrichment: who is asked for missing facts of companies, for which, and at what cost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final, Literal

from msgspec import Meta

from leadwerk.policy.section import Identifier, Percent, PolicySection

Question = Literal["employees", "revenue", "industry", "founding_year", "canton", "legal_form"]
ProviderName = Literal["zefix", "gemini", "openai"]

NUMBER_QUESTIONS: Final = frozenset({"employees", "revenue", "founding_year"})
COUNTED: Final = frozenset({"employees", "founding_year"})
"""Questions whose answer is a whole number."""

LEAD_COLUMNS: Final = ("employees", "revenue", "industry")
"""Facts of a company that every policy has; further ones are attributes."""

NUMBER_RANGES: Final[Mapping[str, tuple[float, float]]] = {
    "employees": (1, 5_000_000),
    "revenue": (0, 1e12),
    "founding_year": (1500, 2100),
}
"""Answers outside are refused, whatever the policy says."""

CANTONS: Final = (
    "AG", "AI", "AR", "BE", "BL", "BS", "FR", "GE", "GL", "GR", "JU", "LU", "NE", "NW", "OW", "SG", "SH", "SO", "SZ",
    "TG", "TI", "UR", "VD", "VS", "ZG", "ZH",
)  # fmt: skip

LEGAL_FORMS: Final[Mapping[str, str]] = {
    "0101": "sole_proprietorship",
    "0103": "general_partnership",
    "0104": "limited_partnership",
    "0105": "partnership_limited_by_shares",
    "0106": "company_limited_by_shares",
    "0107": "limited_liability_company",
    "0108": "cooperative",
    "0109": "association",
    "0110": "foundation",
    "0111": "foreign_branch",
    "0117": "public_institution",
    "0151": "branch",
}
"""Codes of the standard eCH-0097, as the Swiss registers use them, and what they are called here."""


class EnrichmentProvider(PolicySection, frozen=True):
    """One that is asked. `model`: of a language model; prices in money per million tokens, for `daily_cost`."""

    name: ProviderName
    model: Annotated[str, Meta(max_length=100, pattern=r"^[A-Za-z0-9._:/-]*$")] = ""
    input_price: Annotated[float, Meta(ge=0, le=10_000)] = 0.0
    output_price: Annotated[float, Meta(ge=0, le=10_000)] = 0.0


class EnrichedFact(PolicySection, frozen=True):
    """A fact that is asked for: `fills` employees, revenue, industry, or an attribute, which also needs `asks`.

    `values`: the answers that are taken, for industry and for an attribute with its own words; `low` and `high` narrow
    the range of a number.
    """

    fills: Identifier
    asks: Question | None = None
    values: Annotated[tuple[Annotated[str, Meta(min_length=1, max_length=80)], ...], Meta(max_length=200)] = ()
    low: float | None = None
    high: float | None = None

    @property
    def question(self) -> str:
        """What is asked.

        >>> EnrichedFact(fills="employees").question
        'employees'
        """
        return self.asks or self.fills

    @property
    def is_number(self) -> bool:
        """Whether the answer is a number."""
        return self.question in NUMBER_QUESTIONS

    @property
    def allowed(self) -> tuple[str, ...]:
        """The answers that a text may be.

        >>> EnrichedFact(fills="seat", asks="canton").allowed[:2]
        ('AG', 'AI')
        """
        if self.values or self.is_number:
            return self.values
        return {"canton": CANTONS, "legal_form": tuple(LEGAL_FORMS.values())}.get(self.question, ())

    @property
    def value_range(self) -> tuple[float, float]:
        """The numbers between which an answer must lie, both inclusive."""
        low, high = NUMBER_RANGES[self.question]
        return (low if self.low is None else max(low, self.low)), (high if self.high is None else min(high, self.high))


class Enrichment(PolicySection, frozen=True):
    """Missing facts of companies. Nobody is asked without `providers`; answers count for the `facts` named.

    Providers are asked in their order, each for what is still missing. `company_name` and `company_uid`: attributes
    that hold the company's name and Swiss UID; without them only its domain is known. `cache_days` and
    `not_found_days`: how long an answer, and that nothing was found, is not asked for again. `daily_calls` and
    `daily_cost` hold for a day by the policy's clock, over all runs and providers.
    """

    providers: tuple[EnrichmentProvider, ...] = ()
    facts: tuple[EnrichedFact, ...] = ()
    company_name: Identifier | None = None
    company_uid: Identifier | None = None
    minimum_confidence_percent: Percent = 60
    cache_days: Annotated[int, Meta(ge=1, le=3650)] = 365
    not_found_days: Annotated[int, Meta(ge=1, le=3650)] = 60
    daily_calls: Annotated[int, Meta(ge=1, le=100_000)] = 200
    daily_cost: Annotated[float, Meta(gt=0, le=100_000)] | None = None
