"""Texts of an order: who gives it, and why. They stay when the person is erased, so they may not name the person."""

from __future__ import annotations

import re
from collections.abc import Iterable

from leadwerk.errors import InputError
from leadwerk.lead.contact import names_contact
from leadwerk.texts.message import Message

LONGEST_TEXT = 500  # characters
SHORTEST_ID = 4
"""Shorter ids are numbers like any other: of a request, of a day."""


def author_text(text: str, ids: Iterable[str]) -> str:
    """Who gives the order. An e-mail address may be theirs; that and the ids of the person may not.

    Raises:
        InputError: it is missing, too long, or names the person of these `ids`.
    """
    return _checked("by", text, is_naming=_is_among(text, ids))


def reason_text(text: str, ids: Iterable[str]) -> str:
    """Why the order is given.

    Raises:
        InputError: as `author_text`, or it has an e-mail address or a telephone number.
    """
    return _checked("reason", text, is_naming=_is_among(text, ids) or names_contact(text))


def _is_among(text: str, ids: Iterable[str]) -> bool:
    patterns = (rf"(?<!\w){re.escape(id_.casefold())}(?!\w)" for id_ in ids if len(id_) >= SHORTEST_ID)
    return any(re.search(pattern, text.casefold()) for pattern in patterns)


def _checked(field: str, value: str, *, is_naming: bool) -> str:
    text = " ".join(value.split())
    if not text or len(text) > LONGEST_TEXT or not text.isprintable():
        raise InputError(
            Message("refusal.privacy.text", field=field, length=LONGEST_TEXT), field=field, value=value[:60]
        )
    if is_naming:
        # Without the value: it is what must not stay anywhere.
        raise InputError(Message("refusal.privacy.names", field=field), field=field, value=None)
    return text
