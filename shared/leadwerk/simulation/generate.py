"""Make a market: people, their visits, what becomes of them, and the truth behind it, under HOME/market."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
from numpy.random import Generator

from leadwerk.errors import InputError
from leadwerk.simulation import (
    crm_cases,
    events,
    export,
    export_columns,
    forms,
    observables,
    outcomes,
    people as who,
    storage,
    traffic,
    truth,
    visits,
)
from leadwerk.simulation.calendar import Calendar
from leadwerk.simulation.events import Events
from leadwerk.simulation.observables import Observables
from leadwerk.simulation.outcomes import Calls, Changes, Outcomes
from leadwerk.simulation.people import FORM, People
from leadwerk.simulation.traffic import Visitors
from leadwerk.simulation.visits import Sessions
from leadwerk.stats import metrics
from leadwerk.stats.arrays import Bools, Floats, Ints
from leadwerk.texts.message import Message

START = date(2026, 1, 5)
FEWEST_DAYS, FEWEST_LEADS = 2, 20


@dataclass(frozen=True)
class SimulationResult:
    """What was made: `bayes_auc` is what the best possible model reaches at creation, `rate` the share paid out."""

    start: date
    days: int
    leads: int
    events: int
    changes: int
    rate: float
    bayes_auc: float
    seconds: float


@dataclass(frozen=True)
class VisitorHistory:
    """People up to the creation of their lead, and what the product can have seen of it."""

    people: People
    sessions: Sessions
    events: Events
    seen: Observables


@dataclass(frozen=True)
class SimulatedOutcome:
    """What becomes of the leads; `alone` is the chance to be paid out without a call within a day."""

    alone: Floats
    called: Calls
    ended: Outcomes
    history: Changes
    returns: Sessions
    clicks: tuple[Ints, Ints]


def simulate(
    home: Path, days: int = 180, leads: int = 12_000, seed: int = 7, shock_day: int | None = None, start: date = START
) -> SimulationResult:
    """Simulate `days` local days from `start` on and write them to `home`/market, in place of what was there.

    From day `shock_day` (counted from 0) on, banks refuse high loan-to-value and high instalments. The same arguments
    give the same market.

    Raises:
        InputError: too few days or leads, or a shock outside the period.
    """
    _check(days, leads, shock_day)
    began = time.perf_counter()
    calendar = Calendar.of(start, days)
    # One generator for everything: the same arguments give the same market, byte by byte.
    rng = np.random.default_rng(seed)
    past = past_of(rng, calendar, leads)
    after_shock = past.people.day >= (days if shock_day is None else shock_day)
    fate = fate_of(rng, calendar, past, after_shock)
    folder = storage.emptied(home)
    event_count, browsers = _write_traffic(rng, calendar, home, past, fate)
    change_count = _write_cases(rng, calendar, folder, past.people, fate, browsers)
    # The truth lies beside the export, never in it: no query of the product can reach it.
    storage.write_truth(folder, truth_arrays(past.people, fate))
    storage.write_market(
        folder, storage.SimulatedMarket(start=start, days=days, leads=leads, seed=seed, shock_day=shock_day)
    )
    chance = truth.mixed(fate.alone, fate.called.share)
    return SimulationResult(
        start=start,
        days=days,
        leads=leads,
        events=event_count,
        changes=change_count,
        rate=float(fate.ended.paid.mean()),
        bayes_auc=metrics.auc(chance, chance),
        seconds=round(time.perf_counter() - began, 3),
    )


def _check(days: int, leads: int, shock_day: int | None) -> None:
    if days < FEWEST_DAYS:
        remedy = Message("refusal.simulate.at_least", least=FEWEST_DAYS)
        raise InputError(Message("refusal.simulate.days", days=days), field="days", value=days, remedy=remedy)
    if leads < FEWEST_LEADS:
        remedy = Message("refusal.simulate.at_least", least=FEWEST_LEADS)
        raise InputError(Message("refusal.simulate.leads", leads=leads), field="leads", value=leads, remedy=remedy)
    if shock_day is not None and not 0 <= shock_day < days:
        raise InputError(
            Message("refusal.simulate.shock", day=shock_day, last=days - 1), field="shock_day", value=shock_day
        )


def past_of(rng: Generator, calendar: Calendar, leads: int) -> VisitorHistory:
    people = who.people(rng, calendar, leads)
    sessions = visits.sessions_before(rng, people)
    happened = events.within(events.events(rng, people, sessions, visits.views(rng, sessions)), calendar)
    return VisitorHistory(people, sessions, happened, observables.observe(people, calendar, sessions, happened))


def fate_of(rng: Generator, calendar: Calendar, past: VisitorHistory, after_shock: Bools) -> SimulatedOutcome:
    people = past.people
    alone = truth.logistic(truth.log_odds(people, past.seen, after_shock))
    called = outcomes.calls(rng, calendar, people)
    # Being called raises the odds: this is what calling the right leads is worth.
    chance = np.where(called.is_called, truth.odds_times(alone, truth.CALL_EFFECT), alone)
    ended = outcomes.outcomes(rng, people, chance)
    visit_rate, click_rate = (np.where(ended.paid, *rates[::-1]) for rates in (truth.RETURN_VISITS, truth.EMAIL_CLICKS))
    return SimulatedOutcome(
        alone=alone,
        called=called,
        ended=ended,
        history=outcomes.changes(rng, people, called, ended, after_shock),
        returns=visits.sessions_after(rng, people, visit_rate),
        clicks=outcomes.email_clicks(rng, people, click_rate, visits.RETURN_DAYS),
    )


def _write_traffic(
    rng: Generator, calendar: Calendar, home: Path, past: VisitorHistory, fate: SimulatedOutcome
) -> tuple[int, export_columns.Browsers]:
    # Visitors who never become leads are most of the traffic; extraction has to leave them out.
    strangers, kinds = traffic.other_visitors(rng, calendar, len(past.people))
    later = visits.joined(fate.returns, strangers)
    happened = events.events(rng, past.people, later, visits.views(rng, later))
    sessions = visits.joined(past.sessions, later)
    everything = events.joined(past.events, events.within(events.shifted(happened, len(past.sessions)), calendar))
    visitors: Visitors = traffic.visitors(rng, past.people, kinds)
    browsers = export_columns.browsers(sessions, everything, visitors)
    # Some events arrive a day late, some twice: the nightly extract must bear both.
    arrived = traffic.arrivals(rng, calendar, everything)
    order = traffic.repeats(rng, everything)
    export.write(home, calendar.start, export_columns.tables(calendar, sessions, everything, browsers, order, arrived))
    return len(order), browsers


def _write_cases(
    rng: Generator,
    calendar: Calendar,
    folder: Path,
    people: People,
    fate: SimulatedOutcome,
    browsers: export_columns.Browsers,
) -> int:
    sent = (people.channel == FORM) & people.analytics_consent
    ids = forms.client_ids(browsers.visitors.client, browsers.first_touch)
    raw = forms.forms(rng, people, [ids[index] if with_id else "" for index, with_id in enumerate(sent)])
    changes = crm_cases.stream(fate.history, fate.called, fate.clicks, fate.ended)
    return crm_cases.write(folder, calendar, raw, people.created, changes)


def truth_arrays(people: People, fate: SimulatedOutcome) -> dict[str, Ints | Floats | Bools]:
    """What `true_probability` needs: see `truth_lookup.LeadTruth`."""
    return {
        "created": people.created,
        "linked": people.linked,
        "alone": fate.alone,
        "call_share": fate.called.share,
        "called": np.where(fate.called.is_called, fate.called.at, outcomes.FOREVER),
        "closed": fate.ended.closed,
        "paid": fate.ended.paid,
        "visit_lead": fate.returns.person,
        "visit_at": fate.returns.start,
        "click_lead": fate.clicks[0],
        "click_at": fate.clicks[1],
    }
