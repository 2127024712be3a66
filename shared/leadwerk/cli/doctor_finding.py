"""What `leadwerk doctor` says of one link of the chain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from leadwerk.texts.message import Message

Verdict = Literal["good", "look", "broken"]


@dataclass(frozen=True)
class Finding:
    """One link of the chain: how it stands, in words, and what to do if it does not hold."""

    link: str
    verdict: Verdict
    summary: str
    remedy: str = ""

    @property
    def title(self) -> Message:
        """The link's name."""
        return link_title(self.link)


def link_title(link: str) -> Message:
    """The name of a link of the chain.

    >>> link_title("GA4 export")
    'GA4 export'
    """
    return Message(f"cli.doctor.link.{link.lower().replace(' ', '_')}")
