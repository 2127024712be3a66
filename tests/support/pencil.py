"""Points worked out the slow way, one lead and one event at a time, as a seller would with a pencil.

A second implementation of the rules of docs/points.md that shares nothing with the columnar one but the policy.
"""

from __future__ import annotations

import re
from collections import defaultdict
from datetime import date, datetime
from fractions import Fraction
from typing import Any

from leadwerk.policy.model import Policy
from leadwerk.policy.points import Condition, Decay, Group, Rule
from support.lead_history import DAY, Lead


def worked_out(policy: Policy, lead: Lead, moment: datetime) -> tuple[int, int, int, bool]:
    """Hundredths of fit and of interest, match with the ideal customer, and whether the lead is disqualified."""
    model = policy.points
    scores, match, disqualified = {"fit": 0, "interest": 0}, 0, False
    for group in model.groups:
        total, has_match = 0, False
        for rule in (rule for rule in model.rules if rule.group == group.name):
            rows = [] if has_match else _rows(policy, rule, group, lead, moment)
            amount = sum(rows)
            if rule.cap is not None:
                amount = max(-rule.cap * 100, min(rule.cap * 100, amount))
            total += amount
            disqualified |= bool(rows) and rule.disqualifies
            has_match |= bool(rows) and group.first_match_only
        if group.cap is not None:
            total = min(total, group.cap * 100)
        match += total if (group.score, group.level) == ("fit", "account") else 0
        scores[group.score] += _half_even(Fraction(total * group.weight, 100))
    fit, interest = min(scores["fit"], model.fit_cap * 100), min(scores["interest"], model.interest_cap * 100)
    return fit, interest, max(0, min(100, match // 100)), disqualified


def _rows(policy: Policy, rule: Rule, group: Group, lead: Lead, moment: datetime) -> list[int]:
    """Hundredths of each row of the ledger that this rule writes."""
    if not all(_holds(test, lead.facts.get(name)) for name, test in rule.when.items()):
        return []
    if rule.signal is None and rule.phase is None:
        return [_hundredths(rule.points, group.decay, 0, lead, moment)]
    days = _days(policy, rule, lead, moment)
    if rule.repeat == "once":
        days = days[:1]
    elif rule.repeat == "newest":
        days = days[-1:]
    rows = []
    for place, (age, events) in enumerate(days):
        repeat_points = rule.points if rule.repeat_points is None else rule.repeat_points
        counted = events if rule.repeat == "every_event" else 1
        base = rule.points + (counted - 1) * repeat_points if place == 0 else counted * repeat_points
        rows.append(_hundredths(base, group.decay, age, lead, moment))
    return rows


def _days(policy: Policy, rule: Rule, lead: Lead, moment: datetime) -> list[tuple[int, int]]:
    """Age and number of events of each day that counts, in the order of time."""
    phases = {signal.name: signal.phase for signal in policy.signals}
    by_signal: dict[tuple[date, str], list[datetime]] = defaultdict(list)
    for signal, at in lead.events:
        counts = signal is not None and (signal == rule.signal or (rule.phase and phases[signal] == rule.phase))
        if counts and at < moment:
            by_signal[at.date(), str(signal)].append(at)
    by_day: dict[date, list[tuple[int, int]]] = defaultdict(list)
    for (day, _), times in by_signal.items():
        age = (moment - max(times)) // DAY
        if age < policy.points.window_days:
            by_day[day].append((age, len(times)))
    return [(min(age for age, _ in rows), sum(n for _, n in rows)) for _, rows in sorted(by_day.items())]


def _hundredths(base: int, decay: Decay | None, age: int, lead: Lead, moment: datetime) -> int:
    factor = 1.0
    if decay is not None and decay.half_life_days is not None:
        factor = 0.5 ** (age / decay.half_life_days)
    elif decay is not None and decay.idle_period_days is not None and decay.loss_percent is not None:
        ages = [(moment - at) // DAY for _, at in lead.events if at < moment]
        idle = min(ages) if ages else int(lead.facts.get("lead_age_days") or 0)
        factor = (1 - decay.loss_percent / 100) ** (idle // decay.idle_period_days)
    return _half_even(Fraction(base * 100 * factor))


def _half_even(amount: Fraction) -> int:
    return round(amount)


def _holds(test: Condition, value: Any) -> bool:
    if value is None:
        return False
    if isinstance(value, str):
        normalised = value.strip().lower()
        if not normalised:  # a field left blank is as little known as one that never came
            return False
        is_listed = not test.any_of or normalised in [str(option).lower() for option in test.any_of]
        return (
            is_listed
            and normalised not in [str(option).lower() for option in test.none_of]
            and (test.matches is None or bool(re.search(test.matches, value)))
        )
    return (
        (not test.any_of or value in test.any_of)
        and value not in test.none_of
        and (test.above is None or value > test.above)
        and (test.at_least is None or value >= test.at_least)
        and (test.below is None or value < test.below)
        and (test.at_most is None or value <= test.at_most)
    )
