"""When a threshold moves: one point a day at most, and only for more than noise.

Calls in a period are a count, so they scatter even if nothing changes. Their square root scatters by 1/2 whatever their
mean is (Anscombe 1948, Biometrika 35:246), so a load is held against the capacity on that scale. A move begins outside
of three standard deviations (Shewhart 1931, Economic Control of Quality of Manufactured Product: limits of a control
chart), and goes on until the load fits. To turn back takes √2 times as much, because where the threshold stands comes
from a count as noisy as today's: a difference of two has twice the variance.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Final, Literal

SIGMAS: Final = 3.0
"""Standard deviations within which a load is noise (Shewhart's)."""

TO_TURN: Final = sqrt(2)
"""How many times more it takes to turn back: the variance of a difference of two counts."""

STEP: Final = 1
"""Points a day."""

Why = Literal["start", "overloaded", "idle", "fits", "noise", "limit", "set"]


@dataclass(frozen=True)
class ThresholdState:
    """Where a threshold stands: `direction` of its newest step (1 up, -1 down, 0 none yet), and why it stands there.

    `set` is a person's hold; once released, the threshold moves on from there.
    """

    hot: int
    direction: int = 0
    why: Why = "start"


def step(state: ThresholdState, target: int, load: float, room: float, *, limits: tuple[int, int]) -> ThresholdState:
    """The threshold of the next day.

    Args:
        state: today's.
        target: the threshold that would fill the sellers' time.
        load: calls that today's threshold brings, in the same period as `room`, which is what there is time for.
        limits: between which `target` lies.

    >>> step(ThresholdState(50), target=60, load=160, room=80, limits=(40, 60))
    ThresholdState(hot=51, direction=1, why='overloaded')
    >>> step(ThresholdState(50), target=51, load=90, room=80, limits=(40, 60)).why
    'noise'
    """
    direction = (target > state.hot) - (target < state.hot)
    # Where the target is the present value, only a limit can hold the threshold away from a fit.
    if not direction:
        beyond = differs(load, room) and state.hot == limits[int(load > room)]
        return ThresholdState(state.hot, state.direction, "limit" if beyond else "fits")
    if not (_going_on(state, direction) or _beyond_noise(state, direction, load, room)):
        return ThresholdState(state.hot, state.direction, "noise")
    return ThresholdState(state.hot + direction * STEP, direction, "overloaded" if direction > 0 else "idle")


def _going_on(state: ThresholdState, direction: int) -> bool:
    return state.why in ("overloaded", "idle") and state.direction == direction


def _beyond_noise(state: ThresholdState, direction: int, load: float, room: float) -> bool:
    # Turning back takes more evidence, so that noise does not make the threshold swing.
    turns = state.direction not in (0, direction)
    towards = (load > room) == (direction > 0)
    return towards and differs(load, room, SIGMAS * TO_TURN if turns else SIGMAS)


def differs(load: float, room: float, sigmas: float = SIGMAS) -> bool:
    """Whether two numbers of calls differ by more than chance lets a count of `room` scatter.

    >>> differs(100, 64), differs(80, 64), differs(0, 2)
    (True, False, False)
    """
    return abs(sqrt(load) - sqrt(room)) > sigmas / 2
