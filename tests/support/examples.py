"""How many examples a property test draws: its own number in `make test-all`, a share of it in `make test`."""

from __future__ import annotations

from typing import Any

from hypothesis import settings

ALL = 100
"""Examples of the profiles that draw them all; the quick profile draws fewer of a hundred."""
FEWEST = 3


def examples(count: int, **options: Any) -> settings:
    """Settings of a property test that needs `count` examples: the quick profile takes its share of them.

    No deadline: on a machine that others share, time says nothing about the code.
    """
    share = settings().max_examples / ALL
    return settings(max_examples=max(min(count, FEWEST), round(count * share)), deadline=None, **options)
