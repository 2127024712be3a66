"""The rules that hold between the fields of a policy, beyond the shape of each."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import get_args
from zoneinfo import ZoneInfo

from leadwerk.policy.document import Path
from leadwerk.policy.model import Attribute, Policy, Signal
from leadwerk.policy.outcome import folded
from leadwerk.policy.section import Cluster, Labels

Problem = tuple[Path, str, str]

# The longest window over which behaviour is counted.
WINDOW_DAYS = 90

# Feature groups of the contract: a signal of that name would be taken for one of them. `calculator` is no mistake: a
# signal of that name and the calculator's amounts are spoken of together.
_FEATURE_GROUPS = """
    behaviour lead_age created_time loan_amount property_value income instalment loan_to_value instalment_to_income
    visits time_on_site scroll recency first_visit trend active_time employees revenue language country region
    email_domain_kind channel industry source device sessions page_views
"""
RESERVED_NAMES = frozenset(_FEATURE_GROUPS.split())

# Python's re accepts these, RE2 (BigQuery, DuckDB) does not: look-around, back-references, atomic groups, conditionals,
# comments, flags beyond imsU, possessive quantifiers, \Z, more than 1,000 repetitions.
_BEYOND_RE2 = r"\(\?(?:[=!>(#]|<[=!]|P=|[a-zA-Z-]*[aLux])|\\1|[*+?}]\+|\{\d*,?\d{4,}"
_ESCAPE_OR_CLASS = r"\\(?P<escaped>.)|\[\^?\]?(?:\\.|[^\]\\])*\]"


def problems(policy: Policy) -> list[Problem]:
    """Everything that does not fit together, as (path, message, remedy)."""
    return [problem for rule in _RULES for problem in rule(policy)]


def _version(policy: Policy) -> Iterator[Problem]:
    if policy.version:
        yield ("version",), "the version is computed from the content.", "Remove this line."


def _time_zone(policy: Policy) -> Iterator[Problem]:
    try:
        ZoneInfo(policy.time_zone)
    except (KeyError, ValueError, OSError):
        yield ("time_zone",), f"the time zone {policy.time_zone!r} is unknown.", _time_zone_remedy(policy.time_zone)


def _time_zone_remedy(name: str) -> str:
    from zoneinfo import available_timezones

    from leadwerk.policy.shape import closest

    guess = closest(name, sorted(available_timezones()))
    return f"Did you mean `{guess}`?" if guess else "Use an IANA name, such as Europe/Zurich."


def _languages(policy: Policy) -> Iterator[Problem]:
    if not policy.languages:
        yield ("languages",), "no language is given.", "Give at least one of de, fr, it, en; the first is the default."
    yield from _twice("languages", policy.languages)


def _matchers(policy: Policy) -> Iterator[Problem]:
    for index, signal in enumerate(policy.signals):
        yield from _matcher(signal, ("signals", index))


def _matcher(signal: Signal, path: Path) -> Iterator[Problem]:
    given = [name for name in ("event", "page", "touchpoint") if getattr(signal, name) is not None]
    if not given:
        yield path, f"the signal `{signal.name}` matches nothing.", "Give it an event, a page or a touchpoint."
    if "touchpoint" in given and len(given) > 1:
        message = f"the signal `{signal.name}` asks for a touchpoint and for something on the web site at once."
        yield (*path, "touchpoint"), message, "Make two signals of it."
    for name in given:
        if not getattr(signal, name).strip():
            yield (*path, name), "this is empty.", "Say what to match, or remove the line."
    if signal.page:
        yield from _pattern(signal.page, (*path, "page"))


def _unreachable_signals(policy: Policy) -> Iterator[Problem]:
    for index, signal in enumerate(policy.signals):
        earlier = next((other for other in policy.signals[:index] if _takes_all_of(other, signal)), None)
        if earlier:
            message = f"the signal `{signal.name}` is never reached: `{earlier.name}` takes all its events."
            yield ("signals", index), message, "Put the particular before the general, or remove one of the two."


def _takes_all_of(earlier: Signal, later: Signal) -> bool:
    """Whether each condition of `earlier` is one of `later` too, so that whatever fits `later` has fitted before."""
    conditions = [(one, other) for one, other in zip(_conditions(earlier), _conditions(later), strict=True) if one]
    return bool(conditions) and all(one == other for one, other in conditions)


def _conditions(signal: Signal) -> tuple[str | None, str | None, str | None]:
    return signal.event, signal.page, signal.touchpoint


def _calculator(policy: Policy) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for field in policy.calculator.__struct_fields__:
        parameter, path = getattr(policy.calculator, field), ("calculator", field)
        if not parameter.strip():
            yield path, "this is empty.", "Name the GA4 event parameter, or remove the line."
        elif parameter in seen:
            yield path, f"`{parameter}` is already the {seen[parameter]}.", "Name another GA4 event parameter."
        seen.setdefault(parameter, field)


def _pattern(pattern: str, path: Path) -> Iterator[Problem]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", FutureWarning)  # "[[": means something else in each engine
            re.compile(pattern)
    except (re.error, OverflowError, RecursionError, FutureWarning) as error:
        yield path, f"the pattern {pattern!r} is wrong: {error}.", "Escape special characters with \\, close brackets."
        return
    if re.search(_BEYOND_RE2, re.sub(_ESCAPE_OR_CLASS, _simplified, pattern, flags=re.DOTALL)):
        message = f"the pattern {pattern!r} uses look-around, back-references or the like, which BigQuery's RE2 lacks."
        yield path, message, "Write it without; several signals may also share the work, the first that matches wins."


def _simplified(found: re.Match[str]) -> str:
    """An escape or character class as a plain character, unless RE2 does not know the escape."""
    return r"\1" if found["escaped"] and found["escaped"] in "123456789Z" else "x"


def _bot_pattern(policy: Policy) -> Iterator[Problem]:
    yield from _pattern(policy.traffic.bot_browsers, ("traffic", "bot_browsers"))


def _names(policy: Policy) -> Iterator[Problem]:
    yield from _named("signals", policy.signals)
    yield from _named("attributes", policy.attributes)
    signals = {signal.name for signal in policy.signals}
    for index, attribute in enumerate(policy.attributes):
        if attribute.name in signals:
            yield ("attributes", index, "name"), f"`{attribute.name}` is also a signal.", "Rename one of the two."


def _named(section: str, items: Iterable[Signal | Attribute]) -> Iterator[Problem]:
    seen: set[str] = set()
    for index, item in enumerate(items):
        path = (section, index, "name")
        if item.name in seen:
            yield path, f"the name `{item.name}` is used twice.", "Rename or remove one of the two."
        if item.name in RESERVED_NAMES:
            yield path, f"the name `{item.name}` already means a feature.", "Choose another name."
        seen.add(item.name)


def _unreachable_outcomes(policy: Policy) -> Iterator[Problem]:
    seen: set[tuple[str, str | None]] = set()
    for index, rule in enumerate(policy.outcomes):
        status, reason = folded(rule.status), None if rule.reason is None else folded(rule.reason)
        if not status:
            yield ("outcomes", index, "status"), "this is empty.", "Write the status as the CRM does."
        if (status, reason) in seen:
            yield ("outcomes", index), f"the status {rule.status!r} is mapped twice.", "Remove one of the two."
        elif (status, None) in seen:
            message = f"this rule is never reached: an earlier one takes every {rule.status!r}."
            yield ("outcomes", index), message, "Put the rule with a reason before the one without."
        seen.add((status, reason))


def _positive(policy: Policy) -> Iterator[Problem]:
    produced = {rule.outcome for rule in policy.outcomes}
    if not policy.positive:
        yield ("positive",), "no outcome counts as success.", "Give won, paid_out or both."
    for index, outcome in enumerate(policy.positive):
        path = ("positive", index)
        if outcome in ("open", "lost"):
            yield path, f"`{outcome}` cannot be a success.", "Give won, paid_out or both."
        elif outcome not in produced:
            yield path, f"no outcome rule yields `{outcome}`.", "Add a rule under outcomes whose outcome it is."
    yield from _twice("positive", policy.positive)
    if policy.positive and not produced - {"open", *policy.positive}:
        message = "no status ends a case without success, so nothing could be learned."
        yield ("outcomes",), message, "Map the statuses of lost cases to `lost`."


def _landmarks(policy: Policy) -> Iterator[Problem]:
    days = policy.landmark_days
    if list(days) != sorted(set(days)) or not days:
        yield ("landmark_days",), "landmarks must ascend without repetition.", "Such as [0, 1, 3, 7, 14, 30]."
        return
    limit = policy.training.history_days - policy.horizon_days
    if days[-1] >= limit:
        message = (
            f"a landmark of {days[-1]} days never matures: {policy.training.history_days} days of history less "
            f"{policy.horizon_days} of horizon leave {limit}."
        )
        place = ("landmark_days", len(days) - 1) if limit > 0 else ("training", "history_days")
        yield place, message, "Take a smaller landmark, a shorter horizon or a longer history."


def _retention(policy: Policy) -> Iterator[Problem]:
    needed = policy.training.history_days + WINDOW_DAYS
    # Without signals leads come from a file, and no activity is looked at.
    if policy.signals and policy.retention.activity < needed:
        message = (
            f"activity expires after {policy.retention.activity} days, but training looks {needed} days back: "
            "older leads would look as if they had done nothing."
        )
        yield ("retention", "activity"), message, f"Keep activity {needed} days, or shorten training.history_days."


def _bands(policy: Policy) -> Iterator[Problem]:
    if policy.bands.hot <= policy.bands.warm:
        message = f"HOT begins at {policy.bands.hot}, but WARM at {policy.bands.warm}."
        yield ("bands", "hot"), message, "Let hot be above warm."


def _actions(policy: Policy) -> Iterator[Problem]:
    clusters = [action.cluster for action in policy.actions]
    for cluster in get_args(Cluster):
        if cluster not in clusters:
            yield ("actions",), f"no action for {cluster} leads.", f"Add `- {{cluster: {cluster}, action: …}}`."
    for index, action in enumerate(policy.actions):
        if action.cluster in clusters[:index]:
            yield ("actions", index), f"{action.cluster} has two actions.", "Remove one of the two."
        if not action.action.strip():
            yield ("actions", index, "action"), "this is empty.", "Write what the seller is to do."


def _labels(policy: Policy) -> Iterator[Problem]:
    for section in ("signals", "attributes", "actions"):
        for index, item in enumerate(getattr(policy, section)):
            yield from _complete(item.labels, policy, (section, index, "labels"))


def _complete(labels: Labels, policy: Policy, path: Path) -> Iterator[Problem]:
    missing = [language for language in policy.languages if not labels.get(language, "").strip()]
    if labels and missing:
        yield (
            path,
            f"there is no label in {', '.join(missing)}.",
            "Add it: no seller should read two languages at once.",
        )


def _twice(section: str, values: tuple[str, ...]) -> Iterator[Problem]:
    for index, value in enumerate(values):
        if value in values[:index]:
            yield (section, index), f"`{value}` is given twice.", "Remove one of the two."


_RULES: tuple[Callable[[Policy], Iterator[Problem]], ...] = (
    _version,
    _time_zone,
    _languages,
    _names,
    _matchers,
    _unreachable_signals,
    _calculator,
    _bot_pattern,
    _unreachable_outcomes,
    _positive,
    _landmarks,
    _retention,
    _bands,
    _actions,
    _labels,
)
