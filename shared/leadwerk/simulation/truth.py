"""The true chance that a lead is paid out: a formula over what the product can observe, exact at any later moment.

At creation the log-odds are a sum of curved effects and interactions (`log_odds`). A call within a day multiplies the
odds by CALL_EFFECT. Whether the lead will be paid out then shapes what follows: return visits and e-mail clicks are
Poisson processes, and the time to the decision is a Weibull, each with other parameters for later customers than for
the rest. So Bayes' rule gives the chance as of any moment (`posterior`) without approximation. "Observable" means what
the feature contract can see: the form, web behaviour where consent allows it, touchpoints, the lead's age, and that it
is still open. The CRM's intermediate status is not part of it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from leadwerk.catalogue.languages import LANGUAGES
from leadwerk.simulation import people as who, site
from leadwerk.simulation.observables import Observables
from leadwerk.simulation.people import People
from leadwerk.stats.arrays import Bools, Floats, Ints

INTERCEPT = -3.97
# Scales all effects: sets how well the best possible model can separate leads.
STRENGTH = 0.77
CALL_EFFECT = 1.6
REGION_EFFECT = {"CH-ZG": 0.4, "CH-TI": -0.5, "DE-BW": -1.2, "AT-8": -1.2}
EMAIL_EFFECT = np.array([0.0, 0.4, 0.0, -1.2])
CHANNEL_EFFECT = np.array([0.0, 0.3, 0.8])
SOURCE_EFFECT = np.array([0.0, 0.0, 0.0, 0.0, 0.4, -0.9])
UNKNOWN_BEHAVIOUR, UNKNOWN_RATIO, UNKNOWN_LOAN_TO_VALUE = 0.55, -0.2, -0.3


@dataclass(frozen=True)
class DecisionDelay:
    """Days from creation to the decision: `after` + Weibull(`shape`, `scale`); a share `never` stays open."""

    after: float
    shape: float
    scale: float
    never: float

    def decided(self, days: Floats) -> Floats:
        """Share of cases decided that many days after creation.

        Weibull's distribution function, https://en.wikipedia.org/wiki/Weibull_distribution.

        >>> DecisionDelay(2.0, 1.0, 10.0, 0.5).decided(np.array([1.0, 12.0])).round(4).tolist()
        [0.0, 0.3161]
        """
        # Weibull after a dead time: no bank decides on the first day, and a tail stays open for weeks.
        since = np.maximum(np.asarray(days) - self.after, 0.0)
        return (1 - self.never) * -np.expm1(-((since / self.scale) ** self.shape))

    def days(self, uniform: Floats) -> Floats:
        """Days to the decision for uniform draws, infinite for those that stay open."""
        share = np.asarray(uniform) / (1 - self.never)
        open_for_good = share >= 1
        # Inverse of `decided`: drawing and the true probability follow the same law.
        drawn = self.after + self.scale * (-np.log1p(-np.where(open_for_good, 0.5, share))) ** (1 / self.shape)
        return np.where(open_for_good, np.inf, drawn)


PAID_OUT = DecisionDelay(after=2.0, shape=2.2, scale=14.0, never=0.0)
LOST = DecisionDelay(after=1.0, shape=1.1, scale=9.0, never=0.04)
# Events a day in the 30 days after creation, for leads that will not and that will be paid out.
RETURN_VISITS = (0.05, 0.11)
EMAIL_CLICKS = (0.02, 0.06)


def logistic(x: Floats) -> Floats:
    """The inverse of the log-odds.

    >>> float(logistic(np.array(0.0)))
    0.5
    """
    share: Floats = 1 / (1 + np.exp(-np.asarray(x, dtype=float)))
    return share


def odds_times(probability: Floats, factor: Floats | float) -> Floats:
    """The probability whose odds are `factor` times those of `probability`.

    >>> float(odds_times(np.array(0.5), 3.0))
    0.75
    """
    odds = probability / (1 - probability) * factor
    return odds / (1 + odds)


def log_odds(people: People, seen: Observables, after_shock: Bools) -> Floats:
    """Log-odds of being paid out when nobody calls within a day, shape (n,)."""
    # Only the effect of money changes with the shock; behaviour keeps its meaning.
    amounts = np.where(after_shock, _money_after_shock(seen), _money(seen))
    # Unlinked leads get the average effect: the truth must not know more than a link could tell.
    behaviour = np.where(seen.is_linked, _behaviour(people, seen), UNKNOWN_BEHAVIOUR)
    return INTERCEPT + STRENGTH * (amounts + behaviour + _person(people) + _moment(people))


def _step(x: Floats, at: float, width: float) -> Floats:
    return logistic((x - at) / width)


def _money(seen: Observables) -> Floats:
    """Most wish for help between 60 and 85 % loan-to-value; instalments beyond a third of the income are refused."""
    value = seen.loan_to_value
    # Not monotone: a small loan is not worth the trouble, a large one is refused.
    by_value = 1.7 * _step(value, 0.62, 0.02) - 0.8 * _step(value, 0.90, 0.015)
    by_ratio = 1.2 - 2.9 * _step(seen.instalment_to_income, 0.30, 0.02)
    return _or(by_value, UNKNOWN_LOAN_TO_VALUE) + _or(by_ratio, UNKNOWN_RATIO)


def _money_after_shock(seen: Observables) -> Floats:
    """Banks have tightened: what lies above 72 % or a quarter of the income is refused, the rest courted."""
    value = seen.loan_to_value
    by_value = 1.6 - 3.6 * _step(value, 0.72, 0.02)
    by_ratio = 1.2 - 2.8 * _step(seen.instalment_to_income, 0.25, 0.02)
    return _or(by_value, UNKNOWN_LOAN_TO_VALUE) + _or(by_ratio, UNKNOWN_RATIO)


def _or(effect: Floats, unknown: float) -> Floats:
    return np.where(np.isnan(effect), unknown, effect)


def _behaviour(people: People, seen: Observables) -> Floats:
    """What visits say: the simulator more with a usual loan-to-value, a search ad less on a phone.

    Who lingers on the rates hesitates over the price; who looks at the careers wants a job.
    """
    usual = (seen.loan_to_value > 0.6) & (seen.loan_to_value < 0.85)
    mobile = (people.device >= site.FIRST_MOBILE) & (people.device <= site.LAST_MOBILE)
    effect: Floats = (
        0.95 * np.minimum(seen.simulator, 3)
        + 0.4 * (usual & (seen.simulator >= 2))
        + 1.3 * (seen.guide > 0)
        + 0.35 * np.minimum(seen.calculator, 2)
        - 0.9 * _step(seen.rates_seconds, 180, 25)
        - 2.0 * (seen.careers > 0)
        - 0.4 * (mobile & (people.source == site.SEARCH_AD))
        - 1.2
    )
    return effect


def _person(people: People) -> Floats:
    regions = np.array([REGION_EFFECT.get(place.code, 0.0) for place in site.REGIONS])
    english = people.language == LANGUAGES.index("en")
    effect: Floats = (
        regions[people.region]
        + EMAIL_EFFECT[people.email]
        + CHANNEL_EFFECT[people.channel]
        + SOURCE_EFFECT[people.source] * people.linked
        - 0.4 * english * (people.email != who.BUSINESS)
    )
    return effect


def _moment(people: People) -> Floats:
    """Leads of a Tuesday or Wednesday morning buy more often, those of the night less."""
    morning = (people.hour >= 7) & (people.hour < 12)
    night = (people.hour >= 23) | (people.hour < 6)
    midweek = (people.weekday == 2) | (people.weekday == 3)
    effect: Floats = 0.5 * (morning & midweek) - 0.3 * night
    return effect


def likelihood_ratio(visits: tuple[Ints, Floats], clicks: tuple[Ints, Floats], linked: Bools) -> Floats:
    """How many times likelier such behaviour is for later customers: counts, and the days over which they were taken.

    Return visits say something only of those whose browser is `linked`. Two Poisson processes: the ratio of their
    densities, https://en.wikipedia.org/wiki/Poisson_point_process.

    >>> nothing, click = (np.array([0]), np.array([0.0])), (np.array([1]), np.array([0.0]))
    >>> likelihood_ratio(nothing, click, np.array([True])).round(6).tolist()
    [3.0]
    """
    of_clicks = _poisson_log_ratio(*clicks, EMAIL_CLICKS)
    return np.exp(of_clicks + np.where(linked, _poisson_log_ratio(*visits, RETURN_VISITS), 0.0))


def _poisson_log_ratio(count: Ints, days: Floats, rates: tuple[float, float]) -> Floats:
    other, customer = rates
    # The constant parts of both Poisson densities cancel.
    log_ratio: Floats = count * np.log(customer / other) - (customer - other) * days
    return log_ratio


def posterior(joint: tuple[Floats, Floats], ratio: Floats, age: Floats, horizon: float) -> Floats:
    """Chance of being paid out in (age, age + horizon] days, given open at `age` and the behaviour's `ratio`.

    `joint` holds the weights of "will be paid out" and "will not" with what is known of the call. Bayes' rule.
    """
    customer, other = joint[0] * ratio, joint[1]
    # Bayes over both fates: what is still open by now, weighed by how likely each fate stays open.
    in_time = customer * (PAID_OUT.decided(age + horizon) - PAID_OUT.decided(age))
    still_open = customer * (1 - PAID_OUT.decided(age)) + other * (1 - LOST.decided(age))
    return in_time / still_open


def mixed(alone: Floats, call_share: Floats) -> Floats:
    """Chance of being paid out at last, while it is open whether a call will be made within a day."""
    return call_share * odds_times(alone, CALL_EFFECT) + (1 - call_share) * alone
