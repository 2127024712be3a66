"""Whatever the calls, the pace is kept."""

from __future__ import annotations

from hypothesis import given, strategies as st

from leadwerk.crm.rate_limiter import RateLimiter


@given(st.lists(st.tuples(st.floats(0, 3), st.none() | st.floats(0, 10)), max_size=30), st.floats(0.5, 50))
def test_calls_keep_their_distance_and_respect_pauses(steps: list[tuple[float, float | None]], rate: float) -> None:
    clock = [0.0]

    def sleep(seconds: float) -> None:
        clock[0] += seconds

    pace = RateLimiter(rate, clock=lambda: clock[0], sleep=sleep)
    last, held_until = float("-inf"), 0.0
    for idle, pause in steps:
        clock[0] += idle
        pace.wait()
        assert clock[0] >= held_until - 1e-9
        assert clock[0] - last >= 1 / rate - 1e-9
        last = clock[0]
        if pause is not None:
            pace.hold(pause)
            held_until = max(held_until, clock[0] + pause)


def test_who_was_idle_need_not_wait() -> None:
    slept: list[float] = []
    clock = iter([0.0, 5.0, 9.0])
    pace = RateLimiter(1.0, clock=lambda: next(clock), sleep=slept.append)
    pace.wait()
    pace.wait()
    assert slept == []
