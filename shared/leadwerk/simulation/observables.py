"""What the product can know of a lead at the moment of its creation: the quantities on which the truth rests."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from leadwerk.simulation import site
from leadwerk.simulation.calendar import Calendar
from leadwerk.simulation.events import Events
from leadwerk.simulation.people import People
from leadwerk.simulation.visits import Sessions
from leadwerk.stats.arrays import Bools, Floats, Ints

SIGNAL_DAYS, LONG_DAYS = 30, 90


@dataclass(frozen=True)
class Observables:
    """Arrays of shape (n,). `amounts` (n, 4) as in People, NaN where neither form nor calculator says them.

    Windows are local days as in the product: a window of w days is the day of creation and the w - 1 days before.
    The behaviour counts are 0 where `is_linked` is false: no consent links visits to the lead.
    """

    is_linked: Bools
    amounts: Floats
    simulator: Ints
    guide: Ints
    calculator: Ints
    rates_seconds: Floats
    careers: Ints

    @property
    def loan_to_value(self) -> Floats:
        """Wished loan / value of the property."""
        return self.amounts[:, 0] / self.amounts[:, 1]

    @property
    def instalment_to_income(self) -> Floats:
        """Monthly instalment x 12 / yearly income."""
        return self.amounts[:, 3] * 12 / self.amounts[:, 2]


def observe(people: People, calendar: Calendar, sessions: Sessions, events: Events) -> Observables:
    """Count what happened on each linked lead's browser strictly before creation."""
    n = len(people)
    visitor = sessions.visitor[events.session]
    # Strangers get a valid index; `seen` leaves them out.
    lead = np.where(visitor < n, visitor, 0)
    # Strictly before creation: what the product may know at the form's moment.
    seen = (visitor < n) & people.linked[lead] & (events.at < people.created[lead])
    age = people.day[lead] - calendar.day_of(events.at)
    recent, long = seen & (age < SIGNAL_DAYS), seen & (age < LONG_DAYS)
    on_page = events.name == site.PAGE_VIEW

    def count(which: Bools) -> Ints:
        return np.bincount(lead[which], minlength=n)

    on_rates = recent & (events.page == site.RATES) & (events.engagement > 0)
    uses = count(long & (events.name == site.CALCULATED))
    return Observables(
        is_linked=people.linked,
        amounts=np.where(people.stated | (uses > 0)[:, None], people.amounts, np.nan),
        simulator=count(recent & (events.name == site.VIEW_SIMULATOR)),
        guide=count(long & (events.name == site.DOWNLOAD_GUIDE)),
        calculator=uses,
        rates_seconds=np.bincount(lead[on_rates], events.engagement[on_rates] / 1000, n).astype(np.float64),
        careers=count(long & on_page & (events.page == site.CAREERS)),
    )
