"""Texts and figures of the report as readers of one language write them."""

from __future__ import annotations

from datetime import date
from functools import partial

from leadwerk.catalogue.languages import Language
from leadwerk.policy.model import Policy
from leadwerk.registry.manifest import MeasuredMetric
from leadwerk.texts import number, percent, text

SHARES = frozenset({"precision", "recall", "ece"})
NOTHING = "–"


class Formatter:
    """Says texts and figures in `language`, amounts as the policy's country does."""

    def __init__(self, language: Language, policy: Policy) -> None:
        self.language, self.policy = language, policy
        self.say = partial(text, language)

    def count(self, value: float) -> str:
        return number(self.language, value, currency=self.policy.currency)

    def decimal(self, value: float, decimals: int = 2) -> str:
        return number(self.language, value, decimals, currency=self.policy.currency)

    def share(self, value: float, decimals: int = 0) -> str:
        return percent(self.language, value, decimals, currency=self.policy.currency)

    def metric(self, name: str, value: float | None) -> str:
        """The metric, or a dash where the test had nothing to measure it on: no lead above the threshold."""
        if value is None:
            return NOTHING
        if name in SHARES:
            return self.share(value, 1)
        return self.decimal(value, 1 if name == "lift_at_10" else 3)

    def metric_with_interval(self, name: str, measured: MeasuredMetric) -> tuple[str, str]:
        """The metric and its interval, a dash for each that is undefined."""
        value, low, high = (self.metric(name, bound) for bound in (measured.value, measured.low, measured.high))
        return value, NOTHING if value == NOTHING else self.say("report.interval", low=low, high=high)

    def day(self, value: date) -> str:
        """A day as everywhere on the page."""
        return value.isoformat()
