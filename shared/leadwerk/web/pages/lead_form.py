"""Form of a lead's page: the moment and the rules of its ledger."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from msgspec import Struct

from leadwerk.errors import InputError
from leadwerk.texts.message import Message


class LeadForm(Struct, frozen=True):
    """`at`: the moment of the ledger, by the policy's clock; `rules`: of then or of now; `list`: where J and K go."""

    at: str | None = None
    rules: Literal["in_force", "current"] = "in_force"
    list: Literal["tocall", "mine", "progress", "warm", "all"] = "tocall"


def moment_of_form(text: str, zone: str) -> datetime:
    """A moment as a browser's field gives it, by the policy's clock.

    Raises:
        InputError: it is no moment.
    """
    try:
        return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))
    except ValueError as error:
        message, remedy = Message("refusal.moment", moment=text[:40]), Message("refusal.moment.remedy")
        raise InputError(message, field="at", value=text[:40], remedy=remedy) from error
