"""Rules in a browser: suggestions are replayed before they are decided, drafts before they are published."""

from __future__ import annotations

import re

import pytest

from support.browser_desk import Desk
from support.desk_home import Rows

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]
EMPLOYEES = "More than 50 employees"


def test_a_suggestion_shows_whom_it_would_move_before_it_is_accepted(desk: Desk, rows: Rows) -> None:
    page = desk.page("eva", viewport={"width": 1280, "height": 900})
    page.goto(f"{desk.base}/rules")
    page.get_by_role("button", name=f"Leads it would move: {EMPLOYEES}").click()
    assert page.url.endswith("#suggestion")
    assert "Replayed" in page.inner_text("#said")
    moved = page.locator("#suggestion")
    assert f"Leads that “{EMPLOYEES}” with 25 in place of 50 points would move" in moved.locator("h2").inner_text()
    assert "of the last 90 days" in moved.inner_text()
    assert moved.locator("tbody a[href='/calls/l5']").count() == 1, "a lead of 203 employees loses 25 points"
    assert moved.locator("tbody a[href='/calls/l0']").count() == 0, "a lead of 3 employees keeps its points"
    assert page.locator("#draft").count() == 0, "a replay puts nothing into the draft"
    assert rows("suggestions")[0]["state"] == "suggested"
    form = page.locator("form[action='/rules/suggestions']", has_text="Accept").first
    form.locator("input[name=reason]").fill("they buy less often than we thought")
    form.get_by_role("button", name="Accept").click()
    page.wait_for_selector("text=Accepted by eva. they buy less often than we thought")
    assert re.match("Draft by eva: 1 difference", page.inner_text("#draft h2"))
    assert "25" in page.inner_text("#draft tbody")
    page.get_by_role("button", name="Discard").click()
    page.wait_for_selector("text=The draft is gone")


def test_a_declined_suggestion_changes_no_rule(desk: Desk, rows: Rows) -> None:
    page = desk.page("eva", java_script_enabled=False)
    page.goto(f"{desk.base}/rules")
    form = page.locator("form[action='/rules/suggestions']", has=page.locator("input[value=target_industry]"))
    form.locator("input[name=reason]").fill("we sell to every industry")
    form.get_by_role("button", name="Decline").click()
    assert "Declined by eva. we sell to every industry" in page.inner_text("#suggestions")
    assert page.locator("#draft").count() == 0
    [decision] = [row for row in rows("suggestions") if row["rule"] == "target_industry" and row["author"]]
    assert (decision["state"], decision["author"]) == ("declined", "eva")


def test_a_suggestion_that_no_policy_allows_is_refused_and_not_decided(desk: Desk, rows: Rows) -> None:
    page = desk.page("eva")
    for button in ("Leads it would move", "Accept"):
        page.goto(f"{desk.base}/rules")
        form = page.locator("form[action='/rules/suggestions']", has=page.locator("input[value='points.bands.hot']"))
        form.locator("input[name=reason]").fill("why not")
        form.get_by_role("button", name=button).click()
        assert "Nothing was changed" in page.inner_text("[role=alert]")
    assert [row["state"] for row in rows("suggestions") if row["rule"] == "points.bands.hot"] == ["suggested"]
