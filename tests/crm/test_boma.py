"""BOMA over real HTTP: what we send, how answers are understood, and that nobody is asked too often."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from leadwerk.crm.boma import Boma
from leadwerk.crm.http_client import retry_after
from leadwerk.crm.port import LeadUpdate, Refused
from leadwerk.errors import ConfigurationError, CRMRejected, CRMUnavailable
from leadwerk.texts.message import refusal_texts
from support.boma_fake import TOKEN, FakeBoma, Fault, serving

FIELDS = {
    "predictive_score": 85, "score_cluster": "HOT", "recommended_action": "Call_Immediately", "probability": 0.31,
    "score_reasons": ("Liest Zinsen",),
}  # fmt: skip
UPDATE = LeadUpdate("score-1", "score-1", "102938", FIELDS)


def case(event_id: str, **other: Any) -> dict[str, Any]:
    lead = {"lead_id": "102938", "created_at": "2026-01-02T08:00:00Z"}
    return {"event_id": event_id, "changed_at": "2026-01-02T09:00:00Z", "lead": lead, "status": "Neu", **other}


@pytest.fixture
def boma() -> Iterator[FakeBoma]:
    with serving(FakeBoma()) as server:
        yield server


@pytest.fixture
def slept() -> list[float]:
    return []


@pytest.fixture
def client(boma: FakeBoma, slept: list[float]) -> Boma:
    return Boma(boma.url, TOKEN, per_second=1000, sleep=slept.append)


def test_a_score_is_patched_as_the_crm_expects_it(boma: FakeBoma, client: Boma) -> None:
    client.push([UPDATE])
    assert boma.received == [
        (
            "102938",
            "score-1",
            {
                "predictive_score": 85,
                "score_cluster": "HOT",
                "recommended_action": "Call_Immediately",
                "probability": 0.31,
                "score_reasons": ["Liest Zinsen"],
            },
        )
    ]


def test_an_id_that_looks_like_a_path_stays_an_id(boma: FakeBoma, client: Boma) -> None:
    client.push([LeadUpdate("s", "s", "a/../b?c=ü", FIELDS)])
    assert list(boma.leads) == ["a/../b?c=ü"]


@pytest.mark.parametrize("status", [408, 423, 425, 429, 500, 502, 503, 504])
def test_what_says_later_is_worth_a_retry(boma: FakeBoma, client: Boma, status: int) -> None:
    boma.faults.append(Fault(status=status))
    with pytest.raises(CRMUnavailable) as caught:
        client.push([UPDATE])
    assert (caught.value.status, caught.value.retryable) == (status, True)


@pytest.mark.parametrize("status", [301, 401, 403])
def test_a_closed_door_is_no_answer_about_a_lead(boma: FakeBoma, client: Boma, status: int) -> None:
    boma.faults.append(Fault(status=status))
    with pytest.raises(CRMRejected, match="on purpose") as caught:
        client.push([UPDATE])
    assert (caught.value.status, caught.value.locked_out) == (status, True)


@pytest.mark.parametrize("status", [400, 409, 422])
def test_a_refusal_is_about_one_lead(boma: FakeBoma, client: Boma, status: int) -> None:
    boma.faults.append(Fault(status=status))
    (result,) = client.push([UPDATE])
    assert isinstance(result, Refused)
    assert (result.status, "on purpose" in result.text) == (status, True)


def test_a_wrong_token_says_which_setting_to_check(boma: FakeBoma) -> None:
    with pytest.raises(CRMRejected, match="LEADWERK_CRM_TOKEN"):
        Boma(boma.url, "wrong").push([UPDATE])


@pytest.mark.parametrize("after_commit", [False, True])
def test_a_dropped_connection_is_worth_a_retry(boma: FakeBoma, client: Boma, after_commit: bool) -> None:
    boma.faults.append(Fault(drop=True, after_commit=after_commit))
    with pytest.raises(CRMUnavailable):
        client.push([UPDATE])
    assert bool(boma.received) is after_commit


def test_a_silent_crm_is_given_up(boma: FakeBoma, client: Boma, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("leadwerk.crm.bounded_exchange.TIMEOUT", (0.1, 0.1))
    boma.faults.append(Fault(wait=0.5))
    with pytest.raises(CRMUnavailable, match="The CRM did not answer") as silent:
        client.push([UPDATE])
    assert refusal_texts(silent.value, "de") == ("Das CRM hat nicht geantwortet (ReadTimeout).", "")


def test_an_answer_that_drips_is_given_up(boma: FakeBoma, client: Boma, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("leadwerk.crm.bounded_exchange.LONGEST_ANSWER", 0.2)
    boma.faults.append(Fault(raw=b" " * 40, pause=0.05))
    with pytest.raises(CRMUnavailable, match=r"not over after 0\.2 seconds"):
        client.push([UPDATE])


def test_an_answer_that_breaks_off_is_none(boma: FakeBoma, client: Boma) -> None:
    boma.faults.append(Fault(raw=b"{}", promised=500))
    with pytest.raises(CRMUnavailable, match="broke off"):
        client.push([UPDATE])


@pytest.mark.parametrize("raw", [b"<html>", b"", b"\xe9", b'{"cases": ' + b"[" * 50_000, b'{"cases": ["\xe9"]}'])
def test_a_list_that_is_no_json_is_read_again_by_the_next_run(boma: FakeBoma, client: Boma, raw: bytes) -> None:
    boma.faults.append(Fault(raw=raw))
    with pytest.raises(CRMUnavailable, match="not JSON"):
        list(client.pull(None))


ENDLESS = b'{"event_id": "e2", "changed_at": "2026-01-02T09:00:00Z", "lead": {"age": 1%s}, "status": "Neu"}' % (
    b"0" * 5000
)
HALF = b'{"event_id": "e2", "changed_at": "2026-01-02T09:00:00Z", "lead": {"note": "\\ud83d"}, "status": "Neu"}'


@pytest.mark.parametrize(
    ("poison", "read", "bad"),
    [
        (ENDLESS, ["e1", "e3"], ["e2"]),
        (HALF, ["e1", "e2", "e3"], []),
        (HALF + b"," + ENDLESS.replace(b"e2", b"e9"), ["e1", "e2", "e9", "e3"], []),
    ],
    ids=["a number of 5,000 digits", "half a surrogate pair", "both"],
)
def test_json_that_one_case_makes_hard_to_read_costs_no_other_case(
    boma: FakeBoma, client: Boma, poison: bytes, read: list[str], bad: list[str]
) -> None:
    first, last = (json.dumps(case(event_id)).encode() for event_id in ("e1", "e3"))
    page = b'{"cases": [%s, %s, %s], "next_cursor": "3", "more": false}' % (first, poison, last)
    boma.faults.append(Fault(raw=page))
    (read_page,) = client.pull(None)
    assert ([case.event_id for case in read_page.cases], [row.row for row in read_page.bad]) == (read, bad)


@pytest.mark.parametrize("pause_text", ["9" * 400, "1000000000", "Fri, 02 Jan 9999 10:00:00 GMT"])
def test_nobody_waits_for_longer_than_a_day(pause_text: str) -> None:
    assert retry_after({"Retry-After": pause_text, "Date": "Fri, 02 Jan 2026 10:00:00 GMT"}) == 86_400


@pytest.mark.parametrize(
    "pause_text", ["-5", "1e9", "nan", "inf", "", "1.2.3", "²", "٣", "Fri, 99 Jan 2026 10:00:00 GMT"]
)
def test_a_wait_that_nobody_understands_is_none(pause_text: str) -> None:
    assert retry_after({"Retry-After": pause_text, "Date": "Fri, 02 Jan 2026 10:00:00 GMT"}) is None


def test_nobody_listening_is_worth_a_retry() -> None:
    with pytest.raises(CRMUnavailable):
        Boma("http://127.0.0.1:9", TOKEN).push([UPDATE])


def test_after_429_no_call_is_made_before_its_time(boma: FakeBoma, client: Boma, slept: list[float]) -> None:
    boma.faults.append(Fault(status=429, retry_after="7"))
    with pytest.raises(CRMUnavailable) as caught:
        client.push([UPDATE])
    client.push([UPDATE])
    assert caught.value.retry_after == 7
    assert sum(slept) == pytest.approx(7, abs=0.5)


def test_a_pause_too_long_to_wait_for_is_no_call_at_all(boma: FakeBoma, client: Boma) -> None:
    boma.faults.append(Fault(status=503, retry_after="3600"))
    for _ in range(3):
        with pytest.raises(CRMUnavailable) as caught:
            client.push([UPDATE])
    assert caught.value.retry_after == pytest.approx(3600, abs=5)
    assert len(boma.requests) == 1


def test_no_more_calls_a_second_than_agreed(boma: FakeBoma, slept: list[float]) -> None:
    client = Boma(boma.url, TOKEN, per_second=2, sleep=slept.append)
    for _ in range(4):
        client.push([UPDATE])
    assert sum(slept) > 1.0  # three waits of half a second, less what the calls themselves took


def test_cases_are_read_page_by_page_from_the_cursor(
    boma: FakeBoma, client: Boma, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("leadwerk.crm.boma.PAGE_SIZE", 2)
    boma.cases = [case(f"e{number}") for number in range(5)]
    pages = list(client.pull(None))
    assert [[case.event_id for case in page.cases] for page in pages] == [["e0", "e1"], ["e2", "e3"], ["e4"]]
    assert [case.event_id for page in client.pull(pages[1].cursor) for case in page.cases] == ["e4"]


def test_a_case_is_read_whole(boma: FakeBoma, client: Boma) -> None:
    touchpoint = {"event_id": "t1", "kind": "call", "occurred_at": "2026-01-02T08:30:00+00:00"}
    boma.cases = [case("e1", reason="Unzureichendes Einkommen", amount="450'000", touchpoints=[touchpoint])]
    (page,) = client.pull(None)
    whole_case = page.cases[0]
    assert (whole_case.reason, whole_case.amount, whole_case.lead["lead_id"]) == (
        "Unzureichendes Einkommen",
        "450'000",
        "102938",
    )
    assert [
        (touchpoint.event_id, touchpoint.kind, touchpoint.occurred_at.hour) for touchpoint in whole_case.touchpoints
    ] == [("t1", "call", 8)]


@pytest.mark.parametrize(
    ("bad", "field"),
    [
        ({"event_id": 7}, "event_id"),
        ({"changed_at": "2026-01-02T09:00:00"}, "changed_at"),
        ({"changed_at": "yesterday"}, "changed_at"),
        ({"lead": None}, "lead"),
        ({"status": ""}, "status"),
        ({"touchpoints": [{"event_id": "t", "kind": "call"}]}, None),
    ],
)
def test_a_bad_case_costs_only_itself(boma: FakeBoma, client: Boma, bad: dict[str, Any], field: str | None) -> None:
    boma.cases = [case("e1"), {**case("e2"), **bad}, case("e3")]
    (page,) = client.pull(None)
    assert {"e1", "e3"} <= {case.event_id for case in page.cases}
    assert [row.field for row in page.bad] == [field]


def test_what_is_no_case_at_all_is_named_without_repeating_it(boma: FakeBoma, client: Boma) -> None:
    boma.cases = [{"email": "anna@example.ch"}, "nonsense", None]
    (page,) = client.pull(None)
    assert len({row.row for row in page.bad}) == 3
    assert "anna" not in repr(page.bad)


def test_a_page_is_asked_for_again_until_it_comes(boma: FakeBoma, client: Boma, slept: list[float]) -> None:
    boma.cases = [case("e1")]
    boma.faults.extend([Fault(status=500), Fault(drop=True), Fault(status=429, retry_after="2")])
    (page,) = client.pull(None)
    assert page.cases[0].event_id == "e1"
    assert sum(slept) >= 0.5 + 1 + 2 - 0.5


def test_a_crm_that_stays_down_is_left_alone(boma: FakeBoma, client: Boma) -> None:
    boma.faults.extend([Fault(status=503)] * 99)
    with pytest.raises(CRMUnavailable):
        list(client.pull(None))
    assert len(boma.requests) == 6


def test_a_cursor_that_does_not_move_is_no_endless_loop(
    boma: FakeBoma, client: Boma, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(boma, "page", lambda *_: (200, {"cases": [], "next_cursor": "3", "more": True}))
    with pytest.raises(CRMRejected, match="does not move"):
        list(client.pull("3"))


def test_a_cursor_that_goes_back_is_no_endless_loop(
    boma: FakeBoma, client: Boma, monkeypatch: pytest.MonkeyPatch
) -> None:
    following = {None: "1", "1": "2", "2": "1"}
    monkeypatch.setattr(boma, "page", lambda at, _: (200, {"cases": [], "next_cursor": following[at], "more": True}))
    with pytest.raises(CRMRejected, match="does not move"):
        list(client.pull(None))


@pytest.mark.parametrize("answer", [{}, [], {"cases": {}, "next_cursor": "1", "more": False}])
def test_a_list_of_another_form_is_refused(
    boma: FakeBoma, client: Boma, answer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(boma, "page", lambda *_: (200, answer))
    with pytest.raises(CRMRejected, match="another form"):
        list(client.pull(None))


@pytest.mark.parametrize("url", ["http://crm.example.ch", "ftp://127.0.0.2", "crm.example.ch"])
def test_the_token_never_travels_in_the_clear(url: str) -> None:
    with pytest.raises(ConfigurationError, match="https"):
        Boma(url, TOKEN)
