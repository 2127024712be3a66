"""What a policy says about mail scanners: programs that open every link of a mail before its reader does."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from leadwerk.policy.section import PolicySection

SCANNER_AGENTS = (
    "barracuda", "bitdefender", "ciscosecure", "cloudmark", "fireeye", "forcepoint", "fortimail", "googleimageproxy",
    "headlesschrome", "mimecast", "proofpoint", "python-requests", "safelinks", "sophos", "symantec", "trendmicro",
    "urldefense", "zscaler",
)  # fmt: skip


class MailScanners(PolicySection, frozen=True):
    """Which clicks no person made: they are stored as `email_scan`, which no signal counts.

    A touchpoint of `kinds` is a scan where its `user_agent` has one of `agents` in it, where it came at most
    `seconds_after_delivery` after its mail was delivered, or where it is one of `links_at_once` different links that
    were opened within `within_seconds`. Without `kinds` every click counts.
    """

    kinds: tuple[Annotated[str, Meta(min_length=1, max_length=60)], ...] = ("email_click",)
    seconds_after_delivery: Annotated[int, Meta(ge=0, le=600)] = 5
    links_at_once: Annotated[int, Meta(ge=2, le=100)] = 3
    within_seconds: Annotated[int, Meta(ge=1, le=60)] = 2
    agents: tuple[Annotated[str, Meta(min_length=3, max_length=60)], ...] = SCANNER_AGENTS
