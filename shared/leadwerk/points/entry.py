"""One entry of a ledger as it is stored and shown.

Without arrays: the desk's pages read stored ledgers, and their process starts without numpy.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Score = Literal["fit", "interest"]
Kind = Literal["attribute", "event", "cap", "weight"]
SCORES: tuple[Score, ...] = ("fit", "interest")
KINDS: tuple[Kind, ...] = ("attribute", "event", "cap", "weight")

HUNDREDTHS = 100


class Entry(Struct, frozen=True, kw_only=True):
    """One row of a lead's ledger: `points` = `base` × `factor` of decay, in hundredths, half to even.

    `subject` is the name of the fact (several: with commas), the day of the events (ISO), or what was capped: the rule,
    the group, or the score. `events` is how often it happened that day. A cap's `base` is the cap, a weight's the
    percentage, and `points` what it took; where it is a group's, `rule` is empty, where it is the score's, `group` too.
    """

    rule: str
    group: str
    score: Score
    kind: Kind
    subject: str
    events: int
    base: int
    factor: float
    points: float
