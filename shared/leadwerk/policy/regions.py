"""Regions as leads have them: ISO 3166-2 codes of cantons and Länder, or a whole country."""

from __future__ import annotations

import re

from leadwerk.texts.message import Message

_CANTONS = "AG AI AR BE BL BS FR GE GL GR JU LU NE NW OW SG SH SO SZ TG TI UR VD VS ZG ZH"
_GERMAN_STATES = "BB BE BW BY HB HE HH MV NI NW RP SH SL SN ST TH"
_AUSTRIAN_STATES = "1 2 3 4 5 6 7 8 9"

REGIONS = frozenset(
    f"{country}-{code}"
    for country, codes in (("CH", _CANTONS), ("DE", _GERMAN_STATES), ("AT", _AUSTRIAN_STATES))
    for code in codes.split()
)
"""All cantons, and all Länder of Germany and Austria."""


def looks_like_region(code: str) -> bool:
    """Whether a lead's region can be this; of other countries only the form is known.

    >>> looks_like_region("CH-ZH"), looks_like_region("CH-XX"), looks_like_region("FR-75"), looks_like_region("Zug")
    (True, False, True, False)
    """
    country = code.partition("-")[0]
    return code in REGIONS or (
        country not in ("CH", "DE", "AT") and bool(re.fullmatch(r"[A-Z]{2}-[A-Z0-9]{1,3}", code))
    )


def normalised_region(text: str) -> str:
    """The remedy for an unknown region.

    >>> normalised_region("ZH"), normalised_region("Zürich")
    ('Did you mean `CH-ZH`?', 'Write it as ISO 3166-2 does, such as CH-ZH.')
    """
    guess = f"CH-{text.upper()}"
    return Message("policy.remedy.guess", guess=guess) if guess in REGIONS else Message("policy.region.remedy")
