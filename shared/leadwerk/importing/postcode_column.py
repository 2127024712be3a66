"""Postcodes of a column as spreadsheets and programs leave them: 8001.0, and 1067 for 01067."""

from __future__ import annotations

import re
from collections.abc import Sequence

from leadwerk.lead.region import lost_its_zero

_AS_DECIMAL = re.compile(r"(\d{4,5})\.0+")
_FOUR, _FIVE = re.compile(r"\d{4}\b.*"), re.compile(r"\d{5}\b.*")


def restored_postcodes(texts: Sequence[str | None], *, has_country: bool) -> list[str | None]:
    """The postcodes that the texts stood for; None where one is missing.

    Most are German, none begins with 0, and all of four digits would be German with a 0 in front: a spreadsheet took
    the zeros. A country beside the postcode decides for itself.

    >>> restored_postcodes(["80331", "10115", "1067"], has_country=False)
    ['80331', '10115', 'D-01067']
    >>> restored_postcodes(["80331", "01067", "1067"], has_country=False)
    ['80331', '01067', '1067']
    """
    plain = [_AS_DECIMAL.sub(r"\1", text) if text is not None else None for text in texts]
    four = {text for text in plain if text and _FOUR.fullmatch(text)}
    five = {text for text in plain if text and _FIVE.fullmatch(text)}
    keeps_zeros = any(text.startswith("0") for text in five)
    if has_country or keeps_zeros or len(five) <= len(four) or not all(lost_its_zero(text[:4]) for text in four):
        return plain
    return [f"D-0{text}" if text in four else text for text in plain]
