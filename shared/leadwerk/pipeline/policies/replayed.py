"""Replayed: a replay of past leads under another policy, as it is stored and shown."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from leadwerk.points.replay import Replay


class Replayed(Struct, frozen=True, kw_only=True):
    """Replay of the leads created in the `days` before `until`; `notes`: what the warehouse cannot show.

    `ranked_by`: points, or the version of the model that ranks under the old policy.
    """

    from_version: str
    to_version: str
    days: int
    until: datetime
    ranked_by: str
    notes: tuple[str, ...]
    replay: Replay
