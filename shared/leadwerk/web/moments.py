"""The moment of a request: its `now` where it may name one, else the clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Protocol

from leadwerk import settings
from leadwerk.errors import InputError

CLOCK_TOLERANCE = timedelta(minutes=5)  # clocks differ
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)


class Timed(Protocol):
    """Body or query of a route: any struct with `now`; None means the clock."""

    @property
    def now(self) -> datetime | None: ...


def clock() -> datetime:
    """The moment of this deployment, UTC: a demo's desk stands where its simulated market ended."""
    return datetime.now(UTC) + timedelta(seconds=settings.read().clock_offset)


def moment_of(request: Timed, clock: datetime, *, stores: bool) -> datetime:
    """The moment of a request, UTC: its `now`, or the clock.

    A request that `stores` rows may set `now` in a simulation only. Otherwise any caller could backdate stored rows: a
    lead version that training then reads, an override of a lead closed since, a pick of a lead that another seller
    holds.

    Raises:
        InputError: the request stores rows and sets `now` outside a simulation; or `now` is out of range.
    """
    if stores and request.now is not None and not settings.read().simulation:
        raise InputError(
            "now cannot replace the clock in a request that stores anything.",
            field="now",
            value=request.now.isoformat(),
            remedy="Leave now out. score takes it with dry_run; a simulation sets LEADWERK_SIMULATION=1.",
        )
    return moment(request.now, clock)


def moment(requested: datetime | None, clock: datetime, field: str = "now") -> datetime:
    """The `now` (or another `field`) of a request in UTC; without one, the clock.

    Raises:
        InputError: the moment is too far in the past; or in the future outside a simulation (a row stored with it
            would stay the newest until then).
    """
    if requested is None:
        return clock
    # The future is refused: features as of then do not exist, and answers would be guesses.
    ahead = requested > clock + CLOCK_TOLERANCE and not settings.read().simulation
    if ahead or requested < EARLIEST:
        raise InputError(
            f"{field} is {requested.isoformat()} and lies {'in the future' if ahead else 'too far in the past'}.",
            field=field,
            value=requested.isoformat(),
            remedy="Leave it out, or name a past moment; in a simulation set LEADWERK_SIMULATION=1.",
        )
    return requested.astimezone(UTC)
