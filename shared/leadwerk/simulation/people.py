"""The people who become leads: when, where they live, what they wish, what they tell and consent to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from leadwerk.simulation.calendar import Calendar
from leadwerk.simulation.site import DEVICES, REGIONS, SOURCES
from leadwerk.stats.arrays import Bools, Floats, Ints

EMAIL_KINDS = ("freemail", "business", "education", "invalid")
FREEMAIL, BUSINESS, EDUCATION, INVALID = range(len(EMAIL_KINDS))
CHANNELS = ("form", "phone", "referral")
FORM, PHONE, REFERRAL = range(len(CHANNELS))

EMAIL_SHARES = (0.62, 0.28, 0.05, 0.05)
CHANNEL_SHARES = (0.88, 0.08, 0.04)
WEEKDAY_SHARES = np.array([1.15, 1.2, 1.1, 1.05, 0.95, 0.7, 0.85])
HOUR_SHARES = np.array([1, 0.5, 0.3, 0.2, 0.3, 1, 2, 4, 6, 7, 7, 6, 6, 5, 5, 5, 5, 5, 6, 8, 9, 7, 4, 2], dtype=float)
WEB_CONSENT, ANALYTICS_CONSENT, SECOND_DEVICE, JOB_SEEKER = 0.92, 0.94, 0.10, 0.05
# How often the form leaves out loan, property value, income, instalment.
FORM_GAPS = (0.03, 0.06, 0.12, 0.30)
# Yearly cost of a loan as banks reckon it in Switzerland: 5 % imputed interest, 1 % repayment, and upkeep.
LOWEST_COST, HIGHEST_COST = 0.060, 0.070


@dataclass(frozen=True)
class People:
    """Arrays of shape (n,), ordered by `created` (UTC microseconds); codes index the tuples of `site` and of here.

    `amounts` has shape (n, 4): loan, property value, yearly income, monthly instalment, in CHF; `stated` is which of
    them the form gives. `intent` is the hidden zest that makes a person visit more; it acts only through visits.
    """

    created: Ints
    day: Ints
    hour: Ints
    weekday: Ints
    region: Ints
    postcode: Ints
    language: Ints
    email: Ints
    channel: Ints
    source: Ints
    device: Ints
    second_device: Bools
    web_consent: Bools
    analytics_consent: Bools
    job_seeker: Bools
    intent: Floats
    amounts: Floats
    stated: Bools

    def __len__(self) -> int:
        return len(self.created)

    @property
    def linked(self) -> Bools:
        """People whose web behaviour the product may see: their form has a client id, and they consented to both."""
        by_form: Bools = self.channel == FORM
        return by_form & self.web_consent & self.analytics_consent


def people(rng: Generator, calendar: Calendar, n: int) -> People:
    """Draw `n` people over the whole period."""
    day, created = _moments(rng, calendar, n)
    region = _choice(rng, [place.share for place in REGIONS], n)
    return People(
        created=created,
        day=day,
        hour=calendar.hour_of(created),
        weekday=calendar.weekday_of(day),
        region=region,
        postcode=rng.integers(0, 1 << 16, n),
        language=_languages(rng, region),
        email=_choice(rng, EMAIL_SHARES, n),
        channel=_choice(rng, CHANNEL_SHARES, n),
        source=_choice(rng, [source.share for source in SOURCES], n),
        device=_choice(rng, [device.share for device in DEVICES], n),
        second_device=rng.random(n) < SECOND_DEVICE,
        web_consent=rng.random(n) < WEB_CONSENT,
        analytics_consent=rng.random(n) < ANALYTICS_CONSENT,
        job_seeker=rng.random(n) < JOB_SEEKER,
        intent=rng.standard_normal(n),
        amounts=_amounts(rng, n),
        stated=rng.random((n, 4)) >= np.array(FORM_GAPS),
    )


def _choice(rng: Generator, shares: list[float] | tuple[float, ...], n: int) -> Ints:
    weights = np.asarray(shares, dtype=float)
    return rng.choice(len(weights), size=n, p=weights / weights.sum()).astype(np.int64)


def _moments(rng: Generator, calendar: Calendar, n: int) -> tuple[Ints, Ints]:
    """Days and instants of creation, in order of time."""
    weights = WEEKDAY_SHARES[calendar.weekday_of(np.arange(calendar.days)) - 1]
    day = rng.choice(calendar.days, size=n, p=weights / weights.sum()).astype(np.int64)
    hour = rng.choice(24, size=n, p=HOUR_SHARES / HOUR_SHARES.sum())
    # By the local clock: habits follow the time of day, not UTC.
    created = calendar.instant(day, hour * 3600.0 + rng.uniform(0, 3600, n))
    # Ids rise with time, as a CRM's do; tests rely on it.
    order = np.argsort(created, kind="stable")
    return day[order], created[order]


def _languages(rng: Generator, region: Ints) -> Ints:
    cumulated = np.cumsum([place.languages for place in REGIONS], axis=1)[region]
    # Inverse of the cumulated shares, for all leads at once.
    passed: Ints = (rng.random(len(region))[:, None] > cumulated).sum(axis=1)
    return np.minimum(passed, len(cumulated[0]) - 1)


def _amounts(rng: Generator, n: int) -> Floats:
    value = np.round(850_000 * np.exp(0.4 * rng.standard_normal(n)), -4)
    loan = np.round(value * (0.35 + 0.6 * rng.beta(3.0, 1.7, n)), -3)
    # Income follows the property's value loosely: banks look at the ratio, so it has to vary.
    income = np.round(value * 0.17 * np.exp(0.30 * rng.standard_normal(n)), -3)
    instalment = np.round(loan * rng.uniform(LOWEST_COST, HIGHEST_COST, n) / 12, -1)
    return np.column_stack([loan, value, income, instalment])
