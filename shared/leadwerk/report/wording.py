"""Wording: texts, figures and moments as one reader reads them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from leadwerk.catalogue.languages import Language
from leadwerk.policy.model import Policy
from leadwerk.texts import has, money, number, percent, text
from leadwerk.texts.number_format import day

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
# Within a week, the weekday says more than a date.
NAMED_DAYS = 7


@dataclass(frozen=True)
class Wording:
    """How a reader of `language` reads the figures of `policy` at `now`."""

    policy: Policy
    language: Language
    now: datetime

    def say(self, key: str, **values: Any) -> str:
        """The text of a key; `count` chooses singular or plural."""
        return text(self.language, key, **values)

    def number(self, value: float, decimals: int = 0) -> str:
        """A figure."""
        return number(self.language, value, decimals, currency=self.policy.currency)

    def points(self, value: float) -> str:
        """Points, with decimals only where there are some, and a real minus."""
        decimals = 0 if round(value, 2) == round(value) else 2
        return self.number(value, decimals).replace("-", "\u2212")

    def money(self, amount: float) -> str:
        """An amount."""
        return money(self.language, amount, self.policy.currency)

    def percent(self, share: float, decimals: int = 0) -> str:
        """A share (0–1)."""
        return percent(self.language, share, decimals, currency=self.policy.currency)

    def chance(self, share: float) -> str:
        """A chance (0–1): small ones with a decimal."""
        return self.percent(share, 1 if share < 0.1 else 0)

    def local(self, at: datetime) -> datetime:
        """The moment by the policy's clock."""
        return at.astimezone(ZoneInfo(self.policy.time_zone))

    def day(self, at: datetime) -> str:
        """The day of a moment."""
        return self.date(self.local(at).date())

    def date(self, value: date) -> str:
        """A day of the policy's clock."""
        return day(self.language, value)

    def last_day(self, end: datetime) -> str:
        """The last day of what ends at this moment: the day before a midnight."""
        return self.day(end - timedelta(microseconds=1))

    def moment(self, at: datetime) -> str:
        """A moment: today's by the hour, a near one by the weekday, others by the day."""
        local, today = self.local(at), self.local(self.now).date()
        hour = f"{local:%H:%M}"
        days = (local.date() - today).days
        if days == 0:
            return self.say("page.at.today", hour=hour)
        if days == -1:
            return self.say("page.at.yesterday", hour=hour)
        if 0 < abs(days) < NAMED_DAYS:
            return self.say("page.at.weekday", weekday=self.say(f"weekday.{local.isoweekday()}"), hour=hour)
        return f"{self.day(at)} {hour}"

    def ago(self, at: datetime) -> str:
        """How long ago a moment is."""
        span = max(self.now - at, timedelta(0))
        if span < HOUR:
            return self.say("page.ago.minutes", count=span // timedelta(minutes=1))
        if span < DAY:
            return self.say("page.ago.hours", count=span // HOUR)
        return self.say("page.ago.days", count=span // DAY)

    def region(self, region: str | None) -> str:
        """A canton by its letters, a Land by its name."""
        if region is None:
            return ""
        key = f"value.region.{region}"
        return self.say(key) if has(self.language, key) else region.removeprefix("CH-")

    def spoken(self, language: str) -> str:
        """The name of a language."""
        return self.say(f"value.language.{language}")

    def cluster(self, name: str) -> str:
        """A cluster, in capitals as sellers write it."""
        return self.say(f"page.cluster.{name}")
