"""Lapsed picks: adds the audit rows of expired picks, once a day.

A pick expires by the clock, so nothing is written at that moment. The statement picks/lapsed finds expired picks
without an audit row, so a run costs what lapsed that day and does not read every object.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from leadwerk.errors import WarehouseError, WriteConflict
from leadwerk.pipeline.desk import pick_state
from leadwerk.pipeline.desk.pick_state import Pick, PickState, PickStep
from leadwerk.pipeline.desk.picks import Picks, first_day
from leadwerk.registry.store import ABSENT
from leadwerk.warehouse.statement import statement

logger = logging.getLogger("leadwerk")

GRACE = timedelta(days=1)
"""Wait before a lapse is recorded: the night's feedback may still report that the seller worked on the lead in time."""


class LapsedPick(Struct, frozen=True, kw_only=True):
    """A row of picks/lapsed: an expired pick without an audit row of its end."""

    lead_id: str
    sequence: int
    seller: str
    picked_at: datetime
    expires_at: datetime

    def state(self) -> PickState:
        """The pick state that the table records."""
        hold = Pick(lead_id=self.lead_id, seller=self.seller, picked_at=self.picked_at, expires_at=self.expires_at)
        return PickState(lead_id=self.lead_id, sequence=self.sequence, changed_at=self.picked_at, hold=hold)


@dataclass(frozen=True)
class LapsedPicks:
    """Result of a run: audit rows added, and objects that cannot be read."""

    lapsed_picks: int = 0
    damaged_picks: int = 0


def settle_lapsed(picks: Picks, now: datetime) -> LapsedPicks:
    """Record the picks that expired a day or more before `now` (aware, UTC), as of their end; idempotent.

    An object that cannot be read is logged and left alone; the others are settled.
    """
    parameters = {"first_day": first_day(now), "now": now, "until": now - GRACE}
    steps: list[PickStep] = []
    damaged = 0
    for row in picks.warehouse.rows(statement("picks/lapsed", LapsedPick), parameters):
        try:
            steps += _settled(picks, row, now)
        # One damaged object must not keep all other picks from being recorded.
        except WarehouseError as error:
            logger.error("%s", error, extra={"fields": {"event": "pick_damaged"}})
            damaged += 1
    # One append, at the end: after a crash before it, the objects still hold the steps and the next run finds them.
    recorded = picks.warehouse.append("picks", [step.row for step in steps]) if steps else 0
    return LapsedPicks(recorded, damaged)


def _settled(picks: Picks, lapsed: LapsedPick, now: datetime) -> tuple[PickStep, ...]:
    """The steps of a lead with an expired pick that the table lacks.

    Raises:
        WarehouseError: the lead's object cannot be read.
    """
    state, generation = picks.read(lapsed.lead_id)
    recorded = lapsed.state()
    if generation == ABSENT:  # deleted by hand: the remedy for a damaged object
        return pick_state.expire(recorded, now).steps
    if state.hold is None or state.hold.picked_at != lapsed.picked_at:
        # A later step's process died between swap and append.
        return state.steps
    ended = pick_state.expire(replace(state, hold=recorded.hold), now)
    try:
        picks.swap(ended, generation)
    except WriteConflict:
        # A concurrent pick or release records the earlier steps itself.
        return ()
    return (*state.steps, *ended.steps)
