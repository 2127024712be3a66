"""What is known of a lead in one feature group, as words: «3 Besuche der Website in 30 Tagen».

Facts are neutral. Whether one speaks for or against a lead only the model says, and the reason says so in front of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import isfinite
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from leadwerk.texts.catalogue import has, text
from leadwerk.texts.number_format import duration, money, number, percent

if TYPE_CHECKING:
    from leadwerk.policy.model import Attribute, Policy, Signal

Features = Mapping[str, Any]

_ATTRIBUTE = "attribute_"
_WINDOWS = (30, 90, 7, 1)
# Visits of the last 7 days against 30: within these bounds nothing has changed.
_LEVEL = (0.8, 1.25)
_WORTH_SAYING_SECONDS = 30


class FactLabels(Struct, frozen=True):
    """One lead's features, the language to speak, and the policy whose words to use."""

    policy: Policy
    language: str
    features: Features

    def value(self, name: str) -> Any:
        """The feature, None where it is not known."""
        value = self.features.get(name)
        unknown = value is None or value == "" or (isinstance(value, float) and not isfinite(value))
        return None if unknown else value

    def say(self, key: str, **values: Any) -> str:
        return text(self.language, key, **values)

    def counted(self, key: str, count: float, **values: Any) -> str:
        return text(self.language, key, count=round(count), **values)


def fact(policy: Policy, language: str, group: str, features: Features) -> str:
    """The fact of feature group `group` (a group of the contract, a signal, `attribute_…`).

    Unknown groups and values get words too, never an error: a lead without a reason is worse than a plain one.
    """
    known = FactLabels(policy, language, features)
    said = _FACTS[group](known) if group in _FACTS else _other(known, group)
    return said or known.say("fact.unknown", label=label(policy, language, group))


def label(policy: Policy, language: str, group: str) -> str:
    """What a feature group is called: the policy names its signals and attributes, the language file the rest."""
    everything: tuple[Signal | Attribute, ...] = (*policy.signals, *policy.attributes)
    for named in everything:
        if group in (named.name, _ATTRIBUTE + named.name) and named.labels:
            return labelled(named.labels, language)
    if has(language, f"label.{group}"):
        return text(language, f"label.{group}")
    return group.removeprefix(_ATTRIBUTE).replace("_", " ")


def labelled(labels: Mapping[Any, str], language: str) -> str:
    """The label in `language`, else in the first language that has one, else nothing."""
    return labels.get(language) or next(iter(labels.values()), "")


def _behaviour(known: FactLabels) -> str:
    return known.say("fact.behaviour.known" if known.value("has_web_behaviour") else "fact.behaviour.unknown")


def _days(group: str, feature: str) -> Callable[[FactLabels], str | None]:
    def said(known: FactLabels) -> str | None:
        days = known.value(feature)
        return None if days is None else known.counted(f"fact.{group}", int(max(days, 0)))

    return said


def _amount(group: str) -> Callable[[FactLabels], str | None]:
    def said(known: FactLabels) -> str | None:
        amount = known.value(group)
        shown = None if amount is None else money(known.language, amount, known.policy.currency)
        return shown and known.say(f"fact.{group}", amount=shown)

    return said


def _share(group: str, feature: str, whole: float = 1.0) -> Callable[[FactLabels], str | None]:
    def said(known: FactLabels) -> str | None:
        share = known.value(feature)
        shown = None if share is None else percent(known.language, share / whole, currency=known.policy.currency)
        return shown and known.say(f"fact.{group}", percent=shown)

    return said


def _time_of_week(group: str, prefix: str) -> Callable[[FactLabels], str | None]:
    def said(known: FactLabels) -> str | None:
        hour, weekday = known.value(f"{prefix}_hour"), known.value(f"{prefix}_weekday")
        if hour is None or weekday is None or not 1 <= weekday <= 7:
            return None
        return known.say(f"fact.{group}", weekday=known.say(f"weekday.{int(weekday)}"), hour=int(hour))

    return said


def _calculator(known: FactLabels) -> str | None:
    uses, amount = known.value("calculator_uses_90d"), known.value("calculator_loan_amount_mean")
    if uses is None:
        return None
    said = known.counted("fact.calculator", uses)
    if not amount:
        return said
    return known.say("fact.calculator.amount", fact=said, amount=money(known.language, amount, known.policy.currency))


def _window(known: FactLabels, prefix: str) -> tuple[int, float] | None:
    """The shortest telling window: 30 days, or 90 if nothing happened in 30."""
    counts = {days: known.value(f"{prefix}_{days}d") for days in _WINDOWS}
    found = next((days for days in _WINDOWS if counts[days]), None) or next(
        (days for days in (90, 30, 7, 1) if counts[days] is not None), None
    )
    return None if found is None else (found, counts[found])


def _visits(known: FactLabels) -> str | None:
    found = _window(known, "sessions")
    return found and known.counted("fact.visits", found[1], days=found[0])


def _time_on_site(known: FactLabels) -> str | None:
    found = _window(known, "seconds")
    return found and known.say("fact.time_on_site", duration=duration(known.language, found[1]), days=found[0])


def _trend(known: FactLabels) -> str | None:
    ratio = known.value("sessions_trend")
    if ratio is None:
        return None
    way = "down" if ratio < _LEVEL[0] else "up" if ratio > _LEVEL[1] else "level"
    return known.say(f"fact.trend.{way}")


def _employees(known: FactLabels) -> str | None:
    count = known.value("employees")
    if count is None:
        return None
    figure = number(known.language, count, currency=known.policy.currency)
    return known.counted("fact.employees", count, figure=figure)


def _category(group: str, feature: str) -> Callable[[FactLabels], str | None]:
    def said(known: FactLabels) -> str | None:
        value = known.value(feature)
        if value is None:
            return None
        named = label(known.policy, known.language, group)
        return known.say("fact.value", label=named, value=_worded(known, group, value))

    return said


def _worded(known: FactLabels, group: str, value: Any) -> str:
    for key in (f"value.{group}.{value}", f"value.{value}"):
        if has(known.language, key):
            return known.say(key)
    return str(value)


def _region(known: FactLabels) -> str | None:
    value = known.value("region")
    if isinstance(value, str) and value.startswith("CH-"):
        return known.say("fact.canton", value=value.removeprefix("CH-"))
    return _category("region", "region")(known)


def _source(known: FactLabels) -> str | None:
    said = [(name, known.value(name)) for name in ("source", "medium")]
    parts = [_worded(known, name, value) for name, value in said if value not in (None, "(none)")]
    named = label(known.policy, known.language, "source")
    return known.say("fact.value", label=named, value=", ".join(parts)) if parts else None


def _other(known: FactLabels, group: str) -> str | None:
    if group.startswith(_ATTRIBUTE):
        return _attribute(known, group)
    found = _window(known, f"{group}_events")
    return found and _signal(known, group, *found)


def _signal(known: FactLabels, name: str, days: int, count: float) -> str:
    said = known.counted("fact.signal", count, days=days, label=label(known.policy, known.language, name))
    seconds, since = known.value(f"{name}_seconds_{days}d"), known.value(f"{name}_days_since")
    if count and seconds and seconds >= _WORTH_SAYING_SECONDS:
        said = known.say("fact.signal.duration", fact=said, duration=duration(known.language, seconds))
    return said if since is None or not count else known.counted("fact.signal.since", int(max(since, 0)), fact=said)


def _attribute(known: FactLabels, group: str) -> str | None:
    value = known.value(group)
    if value is None:
        return None
    attribute = next((one for one in known.policy.attributes if group == _ATTRIBUTE + one.name), None)
    if attribute is not None and attribute.classes:
        shown = _class(known, attribute, str(value))
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        decimals = 0 if float(value).is_integer() else 2
        shown = number(known.language, value, decimals, currency=known.policy.currency)
    else:
        shown = _worded(known, group, str(value).lower() if isinstance(value, bool) else value)
    return known.say("fact.value", label=label(known.policy, known.language, group), value=shown)


def _class(known: FactLabels, attribute: Attribute, value: str) -> str:
    labels = next((one.labels for one in attribute.classes if one.name == value), {})
    return labelled(labels, known.language) or _worded(known, "class", value).replace("_", " ")


_FACTS: Mapping[str, Callable[[FactLabels], str | None]] = {
    "behaviour": _behaviour,
    "lead_age": _days("lead_age", "lead_age_days"),
    "created_time": _time_of_week("created_time", "created"),
    **{name: _amount(name) for name in ("loan_amount", "property_value", "income", "instalment", "revenue")},
    "loan_to_value": _share("loan_to_value", "loan_to_value"),
    "instalment_to_income": _share("instalment_to_income", "instalment_to_income"),
    "calculator": _calculator,
    "visits": _visits,
    "time_on_site": _time_on_site,
    "scroll": _share("scroll", "scroll_percent_90d", 100),
    "recency": _days("recency", "days_since_activity"),
    "first_visit": _days("first_visit", "days_since_first_activity"),
    "trend": _trend,
    "active_time": _time_of_week("active_time", "last_active"),
    "employees": _employees,
    "region": _region,
    "source": _source,
    "device": _category("device", "device_category"),
    **{name: _category(name, name) for name in ("language", "country", "email_domain_kind", "channel", "industry")},
}
