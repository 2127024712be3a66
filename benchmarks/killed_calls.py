"""Death (SIGKILL) of this process at a boundary: before or after a call of a method."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterable
from typing import Any


def kill_at_boundary(number: int, methods: Iterable[tuple[type, str]]) -> None:
    """Let this process die at the boundary of this number, counted over all calls of the methods; 0 lets it live."""
    left = [number]
    for owner, name in methods:
        setattr(owner, name, _with_boundaries(getattr(owner, name), left))


def _with_boundaries(function: Callable[..., Any], left: list[int]) -> Callable[..., Any]:
    def wrapped(*arguments: Any, **options: Any) -> Any:
        _pass(left)
        answer = function(*arguments, **options)
        _pass(left)
        return answer

    return wrapped


def _pass(left: list[int]) -> None:
    left[0] -= 1
    if left[0] == 0:
        os.kill(os.getpid(), signal.SIGKILL)
