"""What is known of a lead in one feature group, as words: «3 Besuche der Website in 30 Tagen».

Facts are neutral. Whether one speaks for or against a lead only the model says, and the reason says so in front of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import isfinite
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from leadwerk.catalogue.features import FeatureValues
from leadwerk.texts.catalogue import has, text
from leadwerk.texts.number_format import duration, money, number, percent

if TYPE_CHECKING:
    from leadwerk.policy.model import Attribute, Policy, Signal

_ATTRIBUTE = "attribute_"
_WINDOWS = (30, 90, 7, 1)
# Visits of the last 7 days against 30: within these bounds nothing has changed.
_LEVEL = (0.8, 1.25)
_WORTH_SAYING_SECONDS = 30


class FactLabels(Struct, frozen=True):
    """One lead's features, the language to speak, and the policy whose words to use."""

    policy: Policy
    language: str
    features: FeatureValues

    def value(self, name: str) -> Any:
        """The feature, None where it is not known."""
        value = self.features.get(name)
        unknown = value is None or value == "" or (isinstance(value, float) and not isfinite(value))
        return None if unknown else value

    def say(self, key: str, **values: Any) -> str:
        return text(self.language, key, **values)

    def counted(self, key: str, count: float, **values: Any) -> str:
        return text(self.language, key, count=round(count), **values)


def fact(policy: Policy, language: str, group: str, features: FeatureValues) -> str:
    """The fact of feature group `group` (a group of the contract, a signal, `attribute_…`).

    Unknown groups and values get words too, never an error: a lead without a reason is worse than a plain one.
    """
    labels = FactLabels(policy, language, features)
    sentence = _FACTS[group](labels) if group in _FACTS else _other(labels, group)
    return sentence or labels.say("fact.unknown", label=label(policy, language, group))


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


def _behaviour(labels: FactLabels) -> str:
    return labels.say("fact.behaviour.known" if labels.value("has_web_behaviour") else "fact.behaviour.unknown")


def _days(group: str, feature: str) -> Callable[[FactLabels], str | None]:
    def sentence(labels: FactLabels) -> str | None:
        days = labels.value(feature)
        return None if days is None else labels.counted(f"fact.{group}", int(max(days, 0)))

    return sentence


def _amount(group: str) -> Callable[[FactLabels], str | None]:
    def sentence(labels: FactLabels) -> str | None:
        amount = labels.value(group)
        formatted = None if amount is None else money(labels.language, amount, labels.policy.currency)
        return formatted and labels.say(f"fact.{group}", amount=formatted)

    return sentence


def _share(group: str, feature: str, whole: float = 1.0) -> Callable[[FactLabels], str | None]:
    def sentence(labels: FactLabels) -> str | None:
        share = labels.value(feature)
        formatted = None if share is None else percent(labels.language, share / whole, currency=labels.policy.currency)
        return formatted and labels.say(f"fact.{group}", percent=formatted)

    return sentence


def _time_of_week(group: str, prefix: str) -> Callable[[FactLabels], str | None]:
    def sentence(labels: FactLabels) -> str | None:
        hour, weekday = labels.value(f"{prefix}_hour"), labels.value(f"{prefix}_weekday")
        if hour is None or weekday is None or not 1 <= weekday <= 7:
            return None
        return labels.say(f"fact.{group}", weekday=labels.say(f"weekday.{int(weekday)}"), hour=int(hour))

    return sentence


def _calculator(labels: FactLabels) -> str | None:
    uses, amount = labels.value("calculator_uses_90d"), labels.value("calculator_loan_amount_mean")
    if uses is None:
        return None
    sentence = labels.counted("fact.calculator", uses)
    if not amount:
        return sentence
    return labels.say(
        "fact.calculator.amount", fact=sentence, amount=money(labels.language, amount, labels.policy.currency)
    )


def _window(labels: FactLabels, prefix: str) -> tuple[int, float] | None:
    """The shortest telling window: 30 days, or 90 if nothing happened in 30."""
    counts = {days: labels.value(f"{prefix}_{days}d") for days in _WINDOWS}
    # Zero in a known window is a fact too: "no visit in 90 days".
    window = next((days for days in _WINDOWS if counts[days]), None) or next(
        (days for days in (90, 30, 7, 1) if counts[days] is not None), None
    )
    return None if window is None else (window, counts[window])


def _visits(labels: FactLabels) -> str | None:
    window = _window(labels, "sessions")
    return window and labels.counted("fact.visits", window[1], days=window[0])


def _time_on_site(labels: FactLabels) -> str | None:
    window = _window(labels, "seconds")
    return window and labels.say("fact.time_on_site", duration=duration(labels.language, window[1]), days=window[0])


def _trend(labels: FactLabels) -> str | None:
    ratio = labels.value("sessions_trend")
    if ratio is None:
        return None
    way = "down" if ratio < _LEVEL[0] else "up" if ratio > _LEVEL[1] else "level"
    return labels.say(f"fact.trend.{way}")


def _employees(labels: FactLabels) -> str | None:
    count = labels.value("employees")
    if count is None:
        return None
    figure = number(labels.language, count, currency=labels.policy.currency)
    return labels.counted("fact.employees", count, figure=figure)


def _category(group: str, feature: str) -> Callable[[FactLabels], str | None]:
    def sentence(labels: FactLabels) -> str | None:
        value = labels.value(feature)
        if value is None:
            return None
        named = label(labels.policy, labels.language, group)
        return labels.say("fact.value", label=named, value=_worded(labels, group, value))

    return sentence


def _worded(labels: FactLabels, group: str, value: Any) -> str:
    # A group may name a value otherwise than the others do.
    for key in (f"value.{group}.{value}", f"value.{value}"):
        if has(labels.language, key):
            return labels.say(key)
    return str(value)


def _region(labels: FactLabels) -> str | None:
    value = labels.value("region")
    if isinstance(value, str) and value.startswith("CH-"):
        return labels.say("fact.canton", value=value.removeprefix("CH-"))
    return _category("region", "region")(labels)


def _origin(group: str, source: str, medium: str) -> Callable[[FactLabels], str | None]:
    def sentence(labels: FactLabels) -> str | None:
        values = [("source", labels.value(source)), ("medium", labels.value(medium))]
        parts = [_worded(labels, name, value) for name, value in values if value not in (None, "(none)")]
        named = label(labels.policy, labels.language, group)
        return labels.say("fact.value", label=named, value=", ".join(parts)) if parts else None

    return sentence


def _other(labels: FactLabels, group: str) -> str | None:
    if group.startswith(_ATTRIBUTE):
        return _attribute(labels, group)
    window = _window(labels, f"{group}_events")
    return window and _signal(labels, group, *window)


def _signal(labels: FactLabels, name: str, days: int, count: float) -> str:
    sentence = labels.counted("fact.signal", count, days=days, label=label(labels.policy, labels.language, name))
    seconds, since = labels.value(f"{name}_seconds_{days}d"), labels.value(f"{name}_days_since")
    if count and seconds and seconds >= _WORTH_SAYING_SECONDS:
        sentence = labels.say("fact.signal.duration", fact=sentence, duration=duration(labels.language, seconds))
    return (
        sentence
        if since is None or not count
        else labels.counted("fact.signal.since", int(max(since, 0)), fact=sentence)
    )


def _attribute(labels: FactLabels, group: str) -> str | None:
    value = labels.value(group)
    if value is None:
        return None
    attribute = next(
        (candidate for candidate in labels.policy.attributes if group == _ATTRIBUTE + candidate.name), None
    )
    if attribute is not None and attribute.classes:
        formatted = _class(labels, attribute, str(value))
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        decimals = 0 if float(value).is_integer() else 2
        formatted = number(labels.language, value, decimals, currency=labels.policy.currency)
    else:
        formatted = _worded(labels, group, str(value).lower() if isinstance(value, bool) else value)
    return labels.say("fact.value", label=label(labels.policy, labels.language, group), value=formatted)


def _class(fact_labels: FactLabels, attribute: Attribute, value: str) -> str:
    labels = next((text_class.labels for text_class in attribute.classes if text_class.name == value), {})
    return labelled(labels, fact_labels.language) or _worded(fact_labels, "class", value).replace("_", " ")


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
    "source": _origin("source", "source", "medium"),
    "first_source": _origin("first_source", "first_source", "first_medium"),
    "device": _category("device", "device_category"),
    **{name: _category(name, name) for name in ("language", "country", "email_domain_kind", "channel", "industry")},
}
