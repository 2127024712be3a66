"""Clicks of mail scanners, told from those of readers by when they come and by what sends them. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from leadwerk.policy.mail_scanners import MailScanners

SCAN = "email_scan"
"""Kind of a touchpoint that a scanner made."""


@dataclass(frozen=True)
class MailClick:
    """A touchpoint that may be a click: of which lead, what kind, when (aware), and what its source states beside.

    `link` tells the links of a mail apart; a source that states none tells by the click's own id.
    """

    lead_id: str
    kind: str
    clicked_at: datetime
    link: str
    delivered_at: datetime | None = None
    user_agent: str = ""


def scans(rules: MailScanners, clicks: Sequence[MailClick], stored: Sequence[MailClick] = ()) -> list[bool]:
    """Whether each of the clicks is a scan; `stored` ones of the same leads count among those at once."""
    of_lead: dict[str, list[MailClick]] = defaultdict(list)
    for click in (*clicks, *stored):
        if click.kind in (*rules.kinds, SCAN):
            of_lead[click.lead_id].append(click)
    return [click.kind in rules.kinds and _is_scan(rules, click, of_lead[click.lead_id]) for click in clicks]


def _is_scan(rules: MailScanners, click: MailClick, of_lead: Sequence[MailClick]) -> bool:
    agent = click.user_agent.casefold().replace(" ", "")
    if any(name.casefold() in agent for name in rules.agents):
        return True
    if click.delivered_at is not None:
        delay = click.clicked_at - click.delivered_at
        # A click from before the delivery is a clock that differs, and proves nothing.
        if timedelta() <= delay <= timedelta(seconds=rules.seconds_after_delivery):
            return True
    window = timedelta(seconds=rules.within_seconds)
    near = sorted(
        (other.clicked_at, other.link) for other in of_lead if abs(other.clicked_at - click.clicked_at) <= window
    )
    return any(_links(near, start, window) >= rules.links_at_once for start, _ in near)


def _links(clicks: Sequence[tuple[datetime, str]], start: datetime, window: timedelta) -> int:
    """Different links opened in the window that begins at `start`: who clicks a link twice opened one."""
    return len({link for clicked_at, link in clicks if start <= clicked_at <= start + window})
