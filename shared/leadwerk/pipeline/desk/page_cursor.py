"""Where the next page of a list begins: behind the last row of the page before, whatever has come in between."""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from leadwerk.errors import InputError


class PageCursor(Struct, frozen=True, array_like=True):
    """The list a page belongs to (its `sort` and moment), and the keys of the last row, falling, and its id."""

    sort: str
    as_of: Annotated[datetime, Meta(tz=True)]
    keys: tuple[float, float, float]
    last: str

    def written(self) -> str:
        """As a text that may stand in a URL."""
        return base64.urlsafe_b64encode(msgspec.json.encode(self)).decode().rstrip("=")


EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)
"""No page was read beyond: a cursor is not signed, so anything can stand in it."""

_DECODER = msgspec.json.Decoder(PageCursor)


def read(text: str, sort: str) -> PageCursor:
    """What `PageCursor.written` gave, of a list in the same order.

    Raises:
        InputError: it is none of this list.
    """
    try:
        cursor = _DECODER.decode(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (binascii.Error, ValueError, msgspec.DecodeError) as error:
        raise _unusable(text) from error
    if cursor.sort != sort or not EARLIEST <= cursor.as_of < LATEST:
        raise _unusable(text)
    return cursor


def _unusable(text: str) -> InputError:
    remedy = "Send `next` of the page before, with the same sort and filters, or none to begin again."
    return InputError("The cursor is none of this list.", field="cursor", value=text[:60], remedy=remedy)
