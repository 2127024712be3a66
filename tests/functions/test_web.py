"""The frame of the functions: what a caller and the log get to see, whatever happens inside."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from leadwerk import errors
from leadwerk.web import Answer, Request, entry, page
from leadwerk.web.log import logger


class Body(Request, frozen=True):
    lead_ids: tuple[str, ...] = ()
    form: dict[str, Any] | None = None
    days: int = 0


@dataclass
class Call:
    """The part of a Flask request that the frame looks at."""

    raw: bytes = b""
    method: str = "POST"
    path: str = "/"
    content_length: int | None = None
    headers: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.stream = BytesIO(self.raw)


def answer(call: Call, result: Any = None) -> tuple[int, dict[str, Any], dict[str, str]]:
    @entry(Body)
    def stage(body: Body, now: datetime) -> Any:
        if isinstance(result, Exception):
            raise result
        return {"lead_ids": body.lead_ids, "now": now} if result is None else result

    raw, status, headers = stage(call)  # type: ignore[arg-type]
    return status, json.loads(raw), headers


@pytest.fixture
def lines() -> Iterator[list[dict[str, Any]]]:
    """The log, line by line, as Cloud Logging reads it."""
    entries: list[dict[str, Any]] = []
    (handler,) = logger.handlers

    class Reader(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            entries.append(json.loads(handler.format(record)))

    reader = Reader()
    logger.addHandler(reader)
    yield entries
    logger.removeHandler(reader)


@pytest.mark.parametrize("raw", [b"", b"{}"])
def test_no_body_is_an_empty_request_at_this_moment(raw: bytes) -> None:
    status, reply, _ = answer(Call(raw))
    assert (status, reply["lead_ids"]) == (200, [])
    assert abs(datetime.fromisoformat(reply["now"]) - datetime.now(UTC)) < timedelta(seconds=5)


def test_in_a_simulation_a_request_names_its_now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADWERK_SIMULATION", "1")
    _, reply, _ = answer(Call(b'{"now": "2026-01-05T09:00:00+01:00"}'))
    assert reply["now"] == "2026-01-05T08:00:00Z"


@pytest.mark.parametrize(
    ("raw", "status", "where"),
    [
        (b"{", 400, "body"),
        (b"nonsense", 400, "body"),
        (b"\xff\xfe{}", 400, "body"),
        (b"[]", 422, "body"),
        (b"null", 422, "body"),
        (b'{"lead_ids": [1]}', 422, "$.lead_ids[0]"),
        (b'{"days": "three"}', 422, "$.days"),
        (b'{"days": [1, 2]}', 422, "$.days"),
        (b'{"form": "no JSON"}', 422, "$.form"),
        (b'{"days": NaN}', 422, "$.days"),
        (b'{"lead_id": "1"}', 422, "body"),
        (b'{"now": "2026-01-05T09:00:00"}', 422, "$.now"),
        (b'{"now": "2026-01-05T09:00:00Z"}', 422, "now"),
        (b'{"now": "2999-01-05T09:00:00Z"}', 422, "now"),
        (b'{"now": "0001-01-01T00:00:00+05:00"}', 422, "now"),
        (b"[" * 100_000, 400, "body"),
        (b'{"form": {"a": ' + b"[" * 100_000, 400, "body"),
        (b" " * 2_000_000, 413, "body"),
    ],
)
def test_bad_input_is_told_with_field_and_remedy(raw: bytes, status: int, where: str) -> None:
    got, problem, headers = answer(Call(raw))
    assert (got, problem["status"], problem["field"]) == (status, status, where)
    assert problem["detail"]
    assert problem["remedy"]
    assert headers["Content-Type"] == "application/problem+json"
    assert (headers["Cache-Control"], headers["X-Content-Type-Options"]) == ("no-store", "nosniff")


def test_a_simulation_may_live_in_the_future(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADWERK_SIMULATION", "1")
    assert answer(Call(b'{"now": "2999-01-05T09:00:00Z"}'))[0] == 200


def test_a_large_body_is_read_to_its_end_so_that_its_sender_gets_the_answer() -> None:
    call = Call(b"x" * 10_000_000)
    assert answer(call)[0] == 413
    assert call.stream.read() == b""


def test_another_method_is_told_which_are_answered() -> None:
    status, problem, headers = answer(Call(method="DELETE"))
    assert (status, headers["Allow"], problem["field"]) == (405, "POST", "method")


def test_health_needs_nothing_and_is_not_logged(lines: list[dict[str, Any]]) -> None:
    status, reply, _ = answer(Call(method="GET", path="/health"), RuntimeError("never called"))
    assert (status, reply["status"], lines) == (200, "ok", [])


def every(kind: type[errors.LeadwerkError]) -> Iterator[type[errors.LeadwerkError]]:
    yield kind
    for sub in kind.__subclasses__():
        if sub.__module__ == "leadwerk.errors":
            yield from every(sub)


def new_error(kind: type[errors.LeadwerkError]) -> errors.LeadwerkError:
    extra: dict[str, Any] = {"field": "lead_id"} if issubclass(kind, errors.InputError) else {}
    if issubclass(kind, errors.PolicyError):
        extra = {"file": "policy.yaml", "line": 3, "field": "bands"}
    return kind("It went wrong.", **extra)


@pytest.mark.parametrize("kind", list(every(errors.LeadwerkError)))
def test_every_error_has_a_status_by_its_class(kind: type[errors.LeadwerkError]) -> None:
    status, problem, headers = answer(Call(), new_error(kind))
    assert problem["title"]
    assert "It went wrong." in problem["detail"]
    assert (status < 500) is issubclass(kind, errors.InputError | errors.NoChampion)
    assert ("Retry-After" in headers) is (status == 503)
    assert status == 503 if kind.retryable else status in (403, 404, 409, 422, 500, 502, 503)


def test_the_crms_wish_to_wait_is_passed_on() -> None:
    _, _, headers = answer(Call(), errors.CRMUnavailable("busy", status=429, retry_after=90))
    assert headers["Retry-After"] == "90"


def test_the_unexpected_is_logged_and_not_shown(lines: list[dict[str, Any]]) -> None:
    status, problem, _ = answer(Call(), ZeroDivisionError("secret detail"))
    assert status == 500
    assert "secret" not in json.dumps(problem)
    assert "Traceback" not in json.dumps(problem)
    assert [line["event"] for line in lines] == ["stage_failed"]
    assert lines[0]["severity"] == "ERROR"
    assert "secret detail" in lines[0]["exception"]


def test_a_result_that_is_no_json_is_unexpected_too() -> None:
    assert answer(Call(), {("a", "tuple"): object()})[0] == 500


def test_a_finished_stage_logs_its_counts_and_nobodys_data(lines: list[dict[str, Any]]) -> None:
    answer(Call(), {"sent": 3, "promoted": True, "states": {"102938": "sent"}, "stopped": "no"})
    (line,) = lines
    assert (line["event"], line["severity"], line["stage"], line["sent"], line["promoted"]) == (
        "stage_finished", "INFO", "stage", 3, True,
    )  # fmt: skip
    assert "102938" not in json.dumps(line)


def test_a_mistake_of_the_senders_is_no_failure_of_ours(lines: list[dict[str, Any]]) -> None:
    answer(Call(), errors.InputError("anna@example.ch is no lead.", field="email", value="anna@example.ch"))
    (line,) = lines
    assert (line["event"], line["severity"], line["field"]) == ("request_refused", "WARNING", "email")
    assert "anna" not in json.dumps(line)


def test_a_page_is_sent_as_it_is_and_never_kept() -> None:
    @page()
    def show(path: str) -> Answer:
        return Answer(path.encode())

    raw, status, headers = show(Call(method="GET", path="/report"))  # type: ignore[arg-type]
    assert (raw, status, headers["Content-Type"]) == (b"/report", 200, "text/html; charset=utf-8")
    assert (headers["Cache-Control"], headers["X-Content-Type-Options"]) == ("no-store", "nosniff")
    assert show(Call(method="POST"))[1] == 405  # type: ignore[arg-type]


def test_the_remedy_of_a_wrong_field_names_pages_that_there_are() -> None:
    status, body, _ = answer(Call(b'{"lead_idz": []}'))
    assert status == 422
    named = re.findall(r"docs/\w+\.md", json.dumps(body))
    assert len(named) == 2
    assert all((Path(__file__).parents[2] / page).is_file() for page in named)


TRACE = "105445aa7843bc8bf206b12000100000"


def test_a_line_of_the_log_belongs_to_the_trace_of_its_request(
    lines: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEADWERK_PROJECT", "broker-leadwerk")
    answer(Call(headers={"X-Cloud-Trace-Context": f"{TRACE}/1;o=1"}))
    answer(Call(), errors.WarehouseError("not now"))
    monkeypatch.delenv("LEADWERK_PROJECT")
    answer(Call(headers={"X-Cloud-Trace-Context": f"{TRACE}/1;o=1"}))
    traced = f"projects/broker-leadwerk/traces/{TRACE}"
    assert [line.get("logging.googleapis.com/trace") for line in lines] == [traced, None, None]
