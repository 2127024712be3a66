"""Paging: what a caller asks for, and the cursor that marks the last row of a page."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from leadwerk.errors import UNREADABLE_JSON, InputError
from leadwerk.texts.message import Message


class PageCursor(Struct, frozen=True, array_like=True):
    """Position in a list: its `sort` and moment, the sort keys (descending) and the id (`last`) of the last row."""

    sort: str
    as_of: Annotated[datetime, Meta(tz=True)]
    keys: tuple[float, float, float]
    last: str

    def written(self) -> str:
        """The cursor as URL-safe text."""
        return base64.urlsafe_b64encode(msgspec.json.encode(self)).decode().rstrip("=")


class PageRequest(Struct, frozen=True, kw_only=True):
    """At most `limit` rows as of `now` (aware, UTC); with a `cursor`, the rows after it as of the first page."""

    now: datetime
    limit: int = 50
    cursor: str | None = None

    def position(self, sort: str) -> tuple[PageCursor | None, datetime]:
        """The cursor of the list sorted so (None: its first page), and the moment of the list.

        Raises:
            InputError: the cursor belongs to a different list, or is damaged.
        """
        after = read(self.cursor, sort) if self.cursor else None
        return after, min(after.as_of, self.now) if after else self.now


EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)
"""No page was read beyond: a cursor is not signed, so anything can stand in it."""

_DECODER = msgspec.json.Decoder(PageCursor)


def read(text: str, sort: str) -> PageCursor:
    """Parse the text of `PageCursor.written`.

    Raises:
        InputError: the cursor belongs to a different list, or is damaged.
    """
    try:
        cursor = _DECODER.decode(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (*UNREADABLE_JSON, ValueError) as error:
        raise _unusable(text) from error
    # Cursors come from the client: a wrong moment would make the query read decades.
    if cursor.sort != sort or not EARLIEST <= cursor.as_of < LATEST:
        raise _unusable(text)
    return cursor


def _unusable(text: str) -> InputError:
    return InputError(Message("refusal.cursor"), field="cursor", value=text[:60])
