"""BigQuery's protocol beside ordinary requests: who is answered how."""

from __future__ import annotations

import json
import tracemalloc
from datetime import datetime
from io import BytesIO
from types import SimpleNamespace
from typing import Any

import pytest

from leadwerk import errors
from leadwerk.pipeline.bulk.remote_scoring import RemoteReport
from leadwerk.web import MAXIMUM_BYTES, Request, entry
from leadwerk.web.remote import MAXIMUM_CALLS, MAXIMUM_REMOTE_BYTES, _arrays, also_from_bigquery

ENVELOPE = {
    "requestId": "124ab1c",
    "caller": "//bigquery/jobs/1",
    "sessionUser": "a@example.ch",
    "userDefinedContext": {},
}


class Body(Request, frozen=True):
    form: dict[str, Any] | None = None


@entry(Body, stage="score")
def ordinary(body: Body, now: datetime) -> Any:
    return {"ordinary": body.form}


def echoed(calls: list[Any]) -> RemoteReport:
    return RemoteReport([json.dumps(call) for call in calls], len(calls), 0)


def ask(body: Any, calls: Any = echoed, method: str = "POST", path: str = "/") -> tuple[int, Any]:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    http = SimpleNamespace(method=method, path=path, content_length=len(raw), headers={}, stream=BytesIO(raw))
    reply, status, _ = also_from_bigquery(calls)(ordinary)(http)  # type: ignore[arg-type]
    return status, json.loads(reply)


def failing(error: Exception) -> Any:
    def calls(_: list[Any]) -> Any:
        raise error

    return calls


def test_calls_are_answered_by_replies_in_order_and_nothing_else() -> None:
    assert ask(ENVELOPE | {"calls": [["a"], ["b"]]}) == (200, {"replies": ['["a"]', '["b"]']})


def test_fields_that_bigquery_may_add_do_not_disturb() -> None:
    assert ask({"calls": [], "new": {"deep": [1]}}) == (200, {"replies": []})


@pytest.mark.parametrize("form", [{"calls": 3}, {"note": '"calls"'}])
def test_a_form_that_speaks_of_calls_is_an_ordinary_request(form: dict[str, Any]) -> None:
    assert ask({"form": form}) == (200, {"ordinary": form})


@pytest.mark.parametrize("body", [b"", b"{}"])
def test_an_ordinary_request_is_answered_as_before(body: bytes) -> None:
    assert ask(body) == (200, {"ordinary": None})


def test_other_methods_are_the_ordinary_functions() -> None:
    assert ask(b"", method="GET", path="/health")[0] == 200
    assert ask(b"", method="DELETE")[0] == 405


def test_an_ordinary_request_keeps_its_limit_of_a_megabyte() -> None:
    status, reply = ask({"form": {"note": "x" * MAXIMUM_BYTES}})
    assert (status, reply["title"]) == (413, "Request too large")


def test_calls_may_be_larger() -> None:
    status, reply = ask({"calls": [["x" * 100_000]] * 30})
    assert (status, len(reply["replies"])) == (200, 30)


def test_more_than_fifty_megabytes_are_refused() -> None:
    status, reply = ask(b'{"calls": [["' + b"x" * MAXIMUM_REMOTE_BYTES + b'"]]}')
    assert status == 413
    assert list(reply) == ["errorMessage"]
    assert "50,000,000" in reply["errorMessage"]


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.WarehouseBusy("Busy."), 503),
        (errors.CorruptModel("Broken.", remedy="Roll back."), 503),
        (errors.CRMRejected("No."), 503),
        (errors.InputError("Wrong.", field="calls"), 400),
        (errors.NoChampion("None."), 400),
        (errors.ConfigurationError("Unset."), 500),
        (ValueError("secret"), 500),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_a_failure_is_told_with_a_status_that_says_whether_to_repeat(error: Exception, status: int) -> None:
    status_sent, reply = ask({"calls": [["a"]]}, failing(error))
    assert (status_sent, list(reply)) == (status, ["errorMessage"])
    assert "secret" not in reply["errorMessage"]


@pytest.mark.parametrize("calls", [None, 3, {"a": 1}])
def test_calls_of_another_shape_are_refused_for_good(calls: Any) -> None:
    status, reply = ask({"calls": calls})
    assert (status, list(reply)) == (400, ["errorMessage"])


@pytest.mark.parametrize("call", [[], ["{}", "{}"], [4711], "call", 0, {}], ids=str)
def test_calls_without_exactly_one_argument_are_refused_once_for_the_request(call: Any) -> None:
    status, problem = ask({"calls": [["a"], call, ["b"]]})
    assert status == 400
    assert "$.calls[1]" in problem["errorMessage"]
    assert "array of one string" in problem["errorMessage"]


def test_an_argument_may_be_null() -> None:
    assert ask({"calls": [[None]]}) == (200, {"replies": ["[null]"]})


ARGUMENT = '{"name": "a \\" [[[ \\\\", "occurrences": [{"day": "2026-01-01"}]}'


def test_calls_up_to_the_limit_are_answered_whatever_brackets_their_arguments_have() -> None:
    status, answer = ask(ENVELOPE | {"calls": [[ARGUMENT]] * MAXIMUM_CALLS})
    assert status == 200
    assert answer["replies"] == [json.dumps([ARGUMENT])] * MAXIMUM_CALLS


@pytest.mark.parametrize("argument", [ARGUMENT, None])
def test_one_call_more_than_the_limit_is_refused_for_good(argument: str | None) -> None:
    status, problem = ask(ENVELOPE | {"calls": [[argument]] * (MAXIMUM_CALLS + 1)})
    assert status == 413
    assert problem["errorMessage"] == (
        "The request has more than 10,000 calls. Set max_batching_rows of the remote function to 1000."
    )


MILLIONS = {
    "empty calls": (b"[]", 413),
    "null": (b"[null]", 413),
    "numbers": (b"[0]", 413),
    "no calls at all": (b"0", 400),
    "objects": (b"{}", 400),
    "one call of many objects": (b"[" + b"{}," * 3_000_000 + b"{}]", 400),
}


@pytest.mark.parametrize(("call", "expected"), MILLIONS.values(), ids=MILLIONS)
def test_millions_of_calls_are_refused_once_and_take_no_memory_to_speak_of(call: bytes, expected: int) -> None:
    body = b'{"calls":[' + b",".join([call] * (10_000_000 // len(call) or 1)) + b"]}"
    tracemalloc.start()
    try:
        status, problem = ask(body)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (status, len(problem["errorMessage"]) < 200) == (expected, True)
    assert peak < 5 * len(body)  # the body, once more while it is put together, and its copies while calls are counted


def test_brackets_are_counted_as_json_counts_them() -> None:
    nested = [["[", '"[', "\\", '\\"[', ["\n[\t", "é\U0001f600["]], [], {"[": ["["]}]
    assert _arrays(json.dumps(nested).encode()) == _arrays(json.dumps(nested, ensure_ascii=False).encode()) == 5
