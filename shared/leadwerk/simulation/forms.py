"""The forms that leads send, as the CRM keeps them: people write amounts and addresses in their own ways."""

from __future__ import annotations

from typing import Any

from numpy.random import Generator

from leadwerk.catalogue.languages import LANGUAGES
from leadwerk.simulation.calendar import moment
from leadwerk.simulation.people import BUSINESS, CHANNELS, EDUCATION, FREEMAIL, People
from leadwerk.simulation.site import REGIONS
from leadwerk.stats.arrays import Ints

RawForm = dict[str, Any]
"""A form as a web site sends it."""

FIRST_LEAD = 100_001
FIELDS = ("loan_amount", "property_value", "yearly_income", "monthly_instalment")
FIRST_NAMES = ("anna", "luca", "marie", "jonas", "sofia", "david", "laura", "nico", "elena", "peter", "chiara", "urs")
LAST_NAMES = ("mueller", "meier", "rossi", "favre", "keller", "bianchi", "dubois", "huber", "weber", "moser", "frei")
FREEMAIL_DOMAINS = ("bluewin.ch", "gmail.com", "gmx.ch", "hotmail.com")
BUSINESS_DOMAINS = ("keller-bau.example", "alpin-treuhand.example", "praxis-see.example", "nordsoft.example")
EDUCATION_DOMAINS = ("student.ethz.ch", "uzh.ch", "epfl.ch")
PREFIX = {"CH": "+41 79", "DE": "+49 151", "AT": "+43 664"}


def lead_id(index: int) -> str:
    """The CRM's number of the lead at `index`.

    >>> lead_id(0)
    '100001'
    """
    return str(FIRST_LEAD + int(index))


def forms(rng: Generator, people: People, client_ids: list[str]) -> list[RawForm]:
    """One raw form a lead. `client_ids[i]` is the GA4 client id of the browser it was sent from, "" for none."""
    style = rng.integers(0, 1000, len(people))
    return [_form(people, index, int(style[index]), client_ids[index]) for index in range(len(people))]


def _form(people: People, index: int, style: int, client_id: str) -> RawForm:
    place = REGIONS[people.region[index]]
    reported = people.stated[index]
    amounts = {
        field: _written(float(people.amounts[index, at]), style + at, place.country)
        for at, field in enumerate(FIELDS)
        if reported[at]
    }
    return {
        "lead_id": lead_id(index),
        "created_at": moment(int(people.created[index])).isoformat().replace("+00:00", "Z"),
        "email": _email(int(people.email[index]), index, style),
        "phone": f"{PREFIX[place.country]} {style:03d} {index % 100:02d} {index // 100 % 100:02d}",
        "postcode": place.postcodes[people.postcode[index] % len(place.postcodes)],
        "country": place.country,
        "language": LANGUAGES[people.language[index]],
        "channel": CHANNELS[people.channel[index]],
        "ga_client_id": client_id or None,
        "web_consent": bool(people.web_consent[index]),
        **amounts,
    }


def _written(amount: float, style: int, country: str) -> str | float:
    """An amount as people write it; all are read as the same number.

    >>> [_written(1250000.0, style, "CH") for style in range(4)]
    [1250000.0, "1'250'000", "CHF 1'250'000.–", '1250000']
    >>> _written(350000.0, 2, "DE")
    '350.000,00 €'
    """
    # Forms send numbers and text alike: the product has to read both.
    if style % 4 == 0:
        return amount
    if country != "CH":
        return f"{amount:,.0f}".replace(",", ".") + ",00 €"
    grouped = f"{amount:,.0f}".replace(",", "'")
    return {1: grouped, 2: f"CHF {grouped}.–", 3: f"{amount:.0f}"}[style % 4]


def _email(kind: int, index: int, style: int) -> str:
    name = f"{FIRST_NAMES[style % len(FIRST_NAMES)]}.{LAST_NAMES[style % len(LAST_NAMES)]}{index}"
    domains = {FREEMAIL: FREEMAIL_DOMAINS, BUSINESS: BUSINESS_DOMAINS, EDUCATION: EDUCATION_DOMAINS}.get(kind)
    # One kind is no address at all, as people do type it.
    return f"{name}@{domains[style % len(domains)]}" if domains else f"{name}(at)gmail"


def client_ids(client: Ints, first_touch: Ints) -> list[str]:
    """GA4 client ids (user_pseudo_id): a random number and the second of the first visit.

    >>> import numpy as np
    >>> client_ids(np.array([745846450]), np.array([1644156613242332]))
    ['745846450.1644156613']
    """
    return [f"{number}.{at // 1_000_000}" for number, at in zip(client.tolist(), first_touch.tolist(), strict=True)]
