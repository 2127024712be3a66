"""Attributes: values of a lead from columns that only this user has."""

from __future__ import annotations

import re
from datetime import UTC, datetime  # noqa: F401  the example needs UTC
from typing import TYPE_CHECKING, Any

from leadwerk.errors import InputError
from leadwerk.lead.measure import parse_measure
from leadwerk.lead.timestamps import parse_moment
from leadwerk.lead.yes_no import parse_yes_no
from leadwerk.policy.folding import folded
from leadwerk.texts.message import Message

if TYPE_CHECKING:
    from leadwerk.policy.model import Attribute

LONGEST_TEXT = 200


def attribute_value(attribute: Attribute, value: Any, created_at: datetime, time_zone: str) -> Any:
    """The value of an attribute for a lead created at `created_at`: a number or a text, None if `value` holds neither.

    Raises:
        InputError: the value cannot be read.
    """
    if attribute.measure == "yes_no":
        answer = parse_yes_no(value)
        if answer is None:
            raise InputError(Message("reject.not_yes_no", value=shown_value(value)), field=attribute.name, value=value)
        return answer
    if attribute.measure == "option":
        return float(folded(attribute.option) in {folded(str(option)) for option in _options_within(value)})
    if attribute.measure == "age_days":
        return age_days(parse_moment(value, time_zone, attribute.name), created_at)
    return parse_measure(value) if attribute.kind == "number" else plain_text(value)


def listed_options(value: Any) -> list[str]:
    """The options of a list, or of a text that lists them.

    >>> listed_options("Karte; Leasing"), listed_options(["Karte"])
    (['Karte', 'Leasing'], ['Karte'])
    >>> listed_options("- Karte\\n- Leasing"), listed_options("Karte<br>Leasing"), listed_options("Karte;#Leasing")
    (['Karte', 'Leasing'], ['Karte', 'Leasing'], ['Karte', 'Leasing'])
    """
    if isinstance(value, (list, tuple)):
        return [str(option) for option in value]
    # People write a space after the comma, exports none.
    parts = re.split(r"<[^<>]*>|;#|[;|\n\t•·、]|,(?! )|, ", str(value))
    return [option for part in parts if (option := part.strip(" \r{}[]\"'").removeprefix("- "))]


def _options_within(value: Any) -> set[str]:
    """Listed options, and the parts of each that a sign joins which may as well belong to its name."""
    options = [part for option in listed_options(value) for part in (option, *re.split(r"[#+&/]", option))]
    return {option.strip() for option in options}


def age_days(since: datetime, at: datetime) -> float | None:
    """Whole days from a date to a moment; None for a date that had not come yet.

    >>> age_days(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 31, 12, tzinfo=UTC))
    30.0
    """
    # Rounded down: a date an hour ahead is no day ago, but a date in the future.
    days = (at - since).total_seconds() // 86_400
    return float(days) if days >= 0 else None


def plain_text(value: Any) -> str:
    """A value as one line of printable text, shortened.

    Raises:
        InputError: it is a list or an object.
    """
    if isinstance(value, (dict, list, tuple)):
        raise InputError(Message("reject.not_text"), field="text", value=value)
    # Cut before it is cleaned: a megabyte in a field costs no more than its first characters.
    text = (str(value).lower() if isinstance(value, bool) else str(value))[: 2 * LONGEST_TEXT]
    printable = "".join(sign if sign.isprintable() else " " for sign in text)
    return " ".join(printable.split())[:LONGEST_TEXT]


def shown_value(value: Any) -> str:
    """A refused value as an error repeats it."""
    return repr(str(value)[:60])
