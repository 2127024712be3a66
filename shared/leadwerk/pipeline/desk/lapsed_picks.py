"""Holds that lapsed: once a day the record says so, though nobody picked the lead again.

A lapse needs no deed, so nobody writes it down when it happens; lists and holders see it by the clock. What is missing
is its row in the audit trail. The statement picks/lapsed finds the holds that are over and unsaid in the table itself,
so a day costs what lapsed that day, not a look at every object.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from msgspec.structs import replace

from leadwerk.errors import WarehouseError, WriteConflict
from leadwerk.pipeline.desk import pick_state
from leadwerk.pipeline.desk.pick_state import Pick, PickState, PickStep
from leadwerk.pipeline.desk.picks import Picks, first_day
from leadwerk.registry.store import ABSENT
from leadwerk.warehouse.protocol import Row
from leadwerk.warehouse.statement import statement

logger = logging.getLogger("leadwerk")

GRACE = timedelta(days=1)
"""So long a lapse is left open: the night's feedback may still say that the seller worked on the lead in time."""


@dataclass(frozen=True)
class LapsedPicks:
    """What a run noted: lapses that the table did not have, and objects that cannot be read."""

    lapsed_picks: int = 0
    damaged_picks: int = 0


def settle_lapsed(picks: Picks, now: datetime) -> LapsedPicks:
    """Note the holds that were over a day before `now` (aware, UTC), as of their end; a second run notes nothing new.

    An object that cannot be read is said in the log and left as it is; the others are settled.
    """
    parameters = {"first_day": first_day(now), "now": now, "until": now - GRACE}
    steps: list[PickStep] = []
    damaged = 0
    for row in picks.warehouse.rows(statement("picks/lapsed"), parameters):
        try:
            steps += _settled(picks, row, now)
        except WarehouseError as error:
            logger.error("%s", error, extra={"fields": {"event": "pick_damaged"}})
            damaged += 1
    # Together and last: whoever dies before has left the steps in the objects, and the next run finds them there.
    recorded = picks.warehouse.append("picks", [step.row for step in steps]) if steps else 0
    return LapsedPicks(recorded, damaged)


def _settled(picks: Picks, row: Row, now: datetime) -> tuple[PickStep, ...]:
    """The steps that the table lacks of a lead whose hold is over.

    Raises:
        WarehouseError: the lead's object cannot be read.
    """
    state, generation = picks.read(row["lead_id"])
    recorded = _of_row(row)
    if generation == ABSENT:  # deleted by hand, as the remedy for a damaged one says
        return pick_state.expire(recorded, now).steps
    if state.hold is None or state.hold.picked_at != row["picked_at"]:
        return state.steps  # another step followed, and whoever took it died before he could say so
    ended = pick_state.expire(replace(state, hold=recorded.hold), now)
    try:
        picks.swap(ended, generation)
    except WriteConflict:
        return ()  # somebody picks or releases it just now, and says what was before
    return (*state.steps, *ended.steps)


def _of_row(row: Row) -> PickState:
    hold = Pick(**{name: row[name] for name in Pick.__struct_fields__})
    return PickState(lead_id=row["lead_id"], sequence=row["sequence"], changed_at=row["picked_at"], hold=hold)
