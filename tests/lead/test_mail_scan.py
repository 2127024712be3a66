"""Mail scanners and readers: sequences of clicks as mail gateways and people make them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from leadwerk.lead.mail_scan import SCAN, MailClick, scans
from leadwerk.policy.mail_scanners import MailScanners

RULES = MailScanners()
SENT = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"


def click(seconds: float, link: str = "offer", agent: str = FIREFOX, delivered: bool = True) -> MailClick:
    at = SENT + timedelta(seconds=seconds)
    return MailClick("1", "email_click", at, link, SENT if delivered else None, agent)


@pytest.mark.parametrize(
    ("clicks", "expected"),
    [
        pytest.param([click(1.2, "a"), click(1.4, "b"), click(1.5, "c")], [True] * 3, id="a gateway at delivery"),
        pytest.param([click(3.0)], [True], id="the one link of a mail, at delivery"),
        pytest.param([click(420 + n * 0.3, f"l{n}") for n in range(6)], [True] * 6, id="a sandbox minutes later"),
        pytest.param([click(90, agent="Barracuda Sentinel (EE)")], [True], id="a scanner that says who it is"),
        pytest.param([click(4000, agent="Mozilla/5.0 (compatible; Proofpoint URL Defense)")], [True], id="on click"),
        pytest.param([click(12)], [False], id="a quick reader"),
        pytest.param([click(40, "a"), click(75, "b"), click(140, "c")], [False] * 3, id="a thorough reader"),
        pytest.param([click(40, "a"), click(40.3, "a"), click(40.6, "a")], [False] * 3, id="an impatient finger"),
        pytest.param([click(40, "a"), click(41.5, "b")], [False] * 2, id="two tabs"),
        pytest.param([click(-2)], [False], id="a clock that differs"),
        pytest.param([click(2, delivered=False)], [False], id="a source that states no delivery"),
        pytest.param(
            [click(1, "a"), click(1.2, "b"), click(1.3, "c"), click(600, "b")],
            [True, True, True, False],
            id="a gateway, then its reader",
        ),
        pytest.param(
            [click(600, "b"), click(601, "a"), click(603.1, "c"), click(605.2, "d")],
            [False] * 4,
            id="links one after the other, never three at once",
        ),
    ],
)
def test_scanners_are_told_from_readers(clicks: list[MailClick], expected: list[bool]) -> None:
    assert scans(RULES, clicks) == expected
    assert scans(RULES, clicks[::-1]) == expected[::-1]


def test_links_of_several_leads_are_not_added_up() -> None:
    """As a newsletter's readers click, all in one minute."""
    crowd = [replace_lead(click(60 + n * 0.1, f"l{n}"), str(n)) for n in range(20)]
    assert scans(RULES, crowd) == [False] * 20


def test_stored_clicks_count_among_those_at_once_and_other_kinds_never() -> None:
    stored = [click(60, "a"), MailClick("1", SCAN, SENT + timedelta(seconds=60.5), "b")]
    assert scans(RULES, [click(61, "c")], stored) == [True]
    calls = [MailClick("1", "call", SENT + timedelta(seconds=n / 10), str(n), SENT) for n in range(5)]
    assert scans(RULES, calls) == [False] * 5


def test_the_policy_sets_the_rules_and_can_switch_them_off() -> None:
    burst = [click(60 + n * 0.1, f"l{n}") for n in range(3)]
    assert scans(replace(RULES, links_at_once=4), burst) == [False] * 3
    assert scans(replace(RULES, seconds_after_delivery=70), burst) == [True] * 3
    assert scans(replace(RULES, kinds=()), burst) == [False] * 3


def replace_lead(item: MailClick, lead_id: str) -> MailClick:
    return MailClick(lead_id, item.kind, item.clicked_at, item.link, item.delivered_at, item.user_agent)
