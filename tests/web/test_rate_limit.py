"""Rate limit: a caller that runs wild gets the time to come again, and everybody else is served."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import functions_framework
import pytest
from flask.testing import FlaskClient
from hypothesis import given, strategies as st

from leadwerk import settings
from leadwerk.errors import ConfigurationError
from leadwerk.serve import source_of
from leadwerk.web.door import rate_limit
from leadwerk.web.door.rate_limit import TokenBuckets, address_of, check_person
from leadwerk.web.problem_document import TooManyRequests

SELDOM, OFTEN = "198.51.100.1", "198.51.100.2"


@pytest.fixture(params=["score", "privacy", "desk", "ingest_feedback"])
def function(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[FlaskClient]:
    monkeypatch.setenv("LEADWERK_HOME", str(tmp_path))
    yield from _client(request.param, monkeypatch)


@pytest.fixture
def pages(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[FlaskClient]:
    for name, value in {"HOME": str(tmp_path), "ACCESS": "local", "DESK_KEY": "key", "DESK_TOKEN": "token"}.items():
        monkeypatch.setenv(f"LEADWERK_{name}", value)
    yield from _client("desk", monkeypatch)


def _client(function: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[FlaskClient]:
    monkeypatch.setenv("LEADWERK_CALLS_PER_MINUTE", "3")
    rate_limit.buckets.cache_clear()
    yield functions_framework.create_app(function, str(source_of(function))).test_client()
    rate_limit.buckets.cache_clear()


def from_address(address: str) -> dict[str, str]:
    """Headers as a front end completes them; the first address is the caller's own invention."""
    return {"X-Forwarded-For": f"203.0.113.9, {address}"}


def test_the_caller_that_sends_too_much_waits_and_nobody_else_does(function: FlaskClient) -> None:
    malformed = {"data": b"{", "content_type": "application/json"}
    answers = [function.post("/", **malformed, headers=from_address(OFTEN)) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [400, 400, 400, 429, 429]
    refused = answers[-1]
    assert 1 <= int(refused.headers["Retry-After"]) <= 20
    problem = json.loads(refused.data)
    assert (problem["status"], problem["field"]) == (429, "caller")
    assert OFTEN in problem["detail"] and "Retry-After" in problem["remedy"]
    assert function.post("/", **malformed, headers=from_address(SELDOM)).status_code == 400
    assert function.get("/health", headers=from_address(OFTEN)).status_code == 200


def test_this_machine_is_not_limited(function: FlaskClient) -> None:
    assert {function.post("/", data=b"{").status_code for _ in range(10)} == {400}


def test_a_browser_gets_a_page(pages: FlaskClient) -> None:
    answers = [pages.get("/calls", headers=from_address(OFTEN)) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [401, 401, 401, 429]
    assert "Retry-After" in answers[-1].headers and "<h1" in answers[-1].text


def test_a_signed_in_person_is_counted_from_any_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADWERK_CALLS_PER_MINUTE", "3")
    rate_limit.buckets.cache_clear()
    for _ in range(3):
        check_person("anna")
    with pytest.raises(TooManyRequests, match="anna"):
        check_person("anna")
    check_person("eva")


def test_zero_means_no_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADWERK_CALLS_PER_MINUTE", "0")
    for _ in range(5000):
        check_person("anna")


@pytest.mark.parametrize("text", ["-1", "0.5", "many", "nan", "inf"])
def test_a_limit_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("LEADWERK_CALLS_PER_MINUTE", text)
    with pytest.raises(ConfigurationError, match="LEADWERK_CALLS_PER_MINUTE"):
        settings.calls_per_minute()


@given(steps=st.lists(st.floats(0, 120), max_size=300), per_minute=st.floats(1, 60))
def test_no_caller_gets_more_than_a_full_bucket_and_what_flows_in(steps: list[float], per_minute: float) -> None:
    buckets, now, allowed = TokenBuckets(per_minute), 0.0, 0
    for step in steps:
        now += step
        seconds = buckets.take("caller", now)
        allowed += seconds == 0
        assert 0 <= seconds <= 60 / per_minute + 1e-6
    assert allowed <= per_minute + now * per_minute / 60 + 1e-6


def test_waiting_as_told_is_enough() -> None:
    buckets = TokenBuckets(per_minute=7)
    now = 0.0
    for _ in range(100):
        now += buckets.take("caller", now)
    assert buckets.take("caller", now + 60 / 7) == 0


def test_memory_does_not_grow_with_the_number_of_callers() -> None:
    buckets = TokenBuckets(per_minute=1, most_callers=10)
    for number in range(1000):
        assert buckets.take(f"caller {number}", at=0.0) == 0
    assert len(buckets._buckets) == 10


@pytest.mark.parametrize("text", ["", " , ", "x" * 5000, "::1%eth0", "1.2.3.4:80"])
def test_any_header_names_a_short_address(text: str) -> None:
    assert len(address_of({"X-Forwarded-For": text})) <= 60
