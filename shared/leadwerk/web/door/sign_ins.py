"""Sign-ins in the audit trail: at a local desk each one, behind identity-aware proxy each person's first of a day.

The proxy lets a person in without telling anybody; Google's audit logs hold its own record.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from datetime import date, datetime

from leadwerk.errors import LeadwerkError
from leadwerk.pipeline import wiring
from leadwerk.pipeline.audit.trail import Act, record_act
from leadwerk.settings import Settings


def record_sign_in(config: Settings, name: str, now: datetime) -> None:
    """Record that a person signed in."""
    record_act(wiring.warehouse(config), Act(actor=name, action="sign_in", object="desk"), now)


def record_first_of_day(config: Settings, name: str, now: datetime) -> None:
    """Record a person's first request of a day (UTC) to this instance; without a warehouse the page goes on."""
    day = now.date()
    with _noting:
        if _last_days.get(name) == day:
            return
        # What could not be stored is tried again at the next request.
        with suppress(LeadwerkError):
            record_sign_in(config, name, now)
            _last_days[name] = day


_noting = threading.Lock()
_last_days: dict[str, date] = {}
