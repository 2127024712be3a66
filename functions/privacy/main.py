"""privacy: deletes what is left or came again of erased persons, and ends erasures that were interrupted.

On BigQuery rows that were streamed within 90 minutes cannot be deleted: an erasure that met them is ended here.
"""

from __future__ import annotations

from datetime import datetime

import functions_framework
from msgspec import Struct

from leadwerk import settings
from leadwerk.pipeline import wiring
from leadwerk.pipeline.privacy import erase
from leadwerk.web import Request, entry


class SweepReport(Struct, frozen=True):
    """Rows and objects that were deleted, by place; empty proves that nothing was left."""

    deleted: dict[str, int]


@functions_framework.http
@entry(Request)
def privacy(body: Request, now: datetime) -> SweepReport:
    config = settings.read()
    warehouse, policy = wiring.warehouse(config), wiring.policy(config)
    picks, registry = wiring.picks(config, policy), wiring.registry(config)
    place = erase.ErasurePlaces(warehouse, picks, registry, wiring.person_key(config))
    return SweepReport(erase.sweep(place, now))
