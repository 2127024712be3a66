"""States that opportunities of Tryton have passed. It keeps each version of a record, our own writes among them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import msgspec

from leadwerk.crm.case_page import StageKind
from leadwerk.crm.optional_reads import STAGES, OptionalObject
from leadwerk.crm.stage_steps import DealStep
from leadwerk.crm.tryton_rpc import Moment, TrytonRPC, written

HISTORY = OptionalObject("versions of opportunities", STAGES, "a user who may read opportunities")
# A converted opportunity has a quotation, which may still be cancelled; it is won with the confirmed sale.
KINDS: Mapping[str, StageKind] = {"won": "won", "lost": "lost", "cancelled": "lost"}
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


class _Version(msgspec.Struct, frozen=True):
    id: int
    state: str | None = None


def read_steps(rpc: TrytonRPC, ids: Sequence[int], since: datetime | None) -> Mapping[int, Sequence[DealStep]]:
    """Number of an opportunity → its steps from `since` on (None: all), the present one last.

    One call for each moment at which one of them changed: records that were written together share it.
    """
    steps: dict[int, list[DealStep]] = {}
    states: dict[int, str] = {}
    for moment, changed in sorted(_moments(rpc, ids, since or BEGINNING).items()):
        rows = rpc.read("read", changed, ["state"], _datetime=written(moment))
        for version in msgspec.json.decode(rows, type=list[_Version]):
            state, before = version.state, states.get(version.id)
            if state is None or state == before:
                continue
            states[version.id] = state
            # The version before `since` says only what the next one changes.
            if moment >= (since or BEGINNING):
                steps.setdefault(version.id, []).append(DealStep(state, moment, KINDS.get(state, "open")))
    return steps


def _moments(rpc: TrytonRPC, ids: Sequence[int], since: datetime) -> Mapping[datetime, list[int]]:
    """The moments of versions from `since` on and of the last one before it, each with its opportunities."""
    if not ids:
        return {}
    revisions = msgspec.json.decode(rpc.read("history_revisions", list(ids)), type=list[tuple[Moment, int, str | None]])
    of_record: dict[int, list[datetime]] = {}
    for written_at, number, _ in revisions:
        of_record.setdefault(number, []).append(written_at.utc())
    moments: dict[datetime, list[int]] = {}
    for number, all_moments in of_record.items():
        earlier = [moment for moment in all_moments if moment < since]
        for moment in {*all_moments} - {*earlier} | ({max(earlier)} if earlier else set()):
            moments.setdefault(moment, []).append(number)
    return moments
