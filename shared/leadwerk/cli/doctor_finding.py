"""What `leadwerk doctor` says of one link of the chain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["good", "look", "broken"]


@dataclass(frozen=True)
class Finding:
    """One link of the chain: how it stands, in words, and what to do if it does not hold."""

    link: str
    verdict: Verdict
    summary: str
    remedy: str = ""
