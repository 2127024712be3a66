"""Texts and figures of the report as readers of one language write them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from leadwerk.policy.model import Language, Policy
from leadwerk.texts import number, percent, text

SHARES = frozenset({"precision", "recall", "ece"})


class Words:
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

    def metric(self, name: str, value: float) -> str:
        if name in SHARES:
            return self.share(value, 1)
        return self.decimal(value, 1 if name == "lift_at_10" else 3)

    def metric_with_interval(self, name: str, found: Mapping[str, float]) -> tuple[str, str]:
        low, high = (self.metric(name, found[end]) for end in ("low", "high"))
        return self.metric(name, found["value"]), self.say("report.interval", low=low, high=high)

    def source(self, name: str, leads: int) -> str:
        """Where a figure comes from."""
        return self.say(f"report.source.{name}", leads=self.count(leads))
