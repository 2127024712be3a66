"""Picks: a seller takes a lead for some hours, and nobody else does, whoever asks at the same moment.

BigQuery has no unique keys, so the table `picks` cannot refuse a second pick. One object a lead in the Store can: it is
written only if nobody wrote it since it was read. Whoever wins that swap holds the lead; the table is the audit trail
behind it, and what lists are made from. The object carries its own last steps, and whoever reads or changes it writes
those to the table first (again, in most cases: they have an id). So a crash between swap and table loses no step: the
pick holds from the swap on, and its row comes with the next who looks.

A pick reads its object, the lead's own block of `leads` (a first time) and the day's partition of `picks`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from leadwerk.errors import InputError, UnknownLead, WarehouseError, WriteConflict
from leadwerk.pipeline.desk import pick_state
from leadwerk.pipeline.desk.pick_state import Pick, PickState
from leadwerk.policy.model import Policy
from leadwerk.registry.store import ABSENT, Blob, Store
from leadwerk.warehouse.protocol import Warehouse
from leadwerk.warehouse.statement import statement

ATTEMPTS = 10
"""Swaps that may fail in a row: each means that another one succeeded, and most of those end the matter."""

LONGEST_HOLD = timedelta(days=400)
"""What was picked earlier is not looked for in the table, however long somebody has been working on it."""

LONGEST_NAME = 100  # characters of a seller's name
_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(PickState)


@dataclass(frozen=True)
class SettledPicks:
    """What `Picks.settle` found: objects, steps that the table lacked, and holds in force."""

    leads: int
    recorded: int
    in_force: int


@dataclass(frozen=True)
class Picks:
    """Picks of a deployment: `store` decides, `warehouse` remembers."""

    warehouse: Warehouse
    policy: Policy
    store: Store

    def pick(self, lead_id: str, seller: str, now: datetime) -> Pick:
        """Give the lead to `seller` for the policy's pick_hours from `now` (aware); again while he holds it: the same.

        The hours begin anew with each change of the lead's status in the CRM: who works on a lead keeps it.

        Raises:
            AlreadyPicked: somebody else holds it; says who, and until when.
            UnknownLead: there is no such lead.
            InputError: the policy names sellers, and this is none of them.
        """
        self._check_seller(seller)
        hours = self.policy.capacity.pick_hours
        state = self._change(lead_id, now, lambda state: pick_state.pick(state, seller, now, hours))
        assert state.hold is not None
        return state.hold

    def release(self, lead_id: str, seller: str, now: datetime) -> None:
        """Give the lead back; nothing happens if nobody holds it.

        Raises:
            AlreadyPicked: somebody else holds it.
            UnknownLead: there is no such lead.
        """
        self._check_seller(seller)
        self._change(lead_id, now, lambda state: pick_state.release(state, seller, now))

    def holder(self, lead_id: str, now: datetime) -> Pick | None:
        """Who holds the lead at `now`, by its object; what the table lacks of it is written."""
        state, _ = self.read(lead_id)
        self._record(state)
        return self._as_worked_on(state, now).holder(now)

    def active(self, now: datetime, seller: str | None = None) -> list[Pick]:
        """All holds in force at `now` by the table, those that end first in front; of one seller if named."""
        parameters = {"first_day": first_day(now), "now": now, "seller": seller}
        return [Pick(**row) for row in self.warehouse.rows(statement("picks/active"), parameters)]

    def settle(self, now: datetime) -> SettledPicks:
        """Read every object: write what the table lacks, and note the holds that lapsed. For once in a while."""
        leads = recorded = in_force = 0
        for name in self.store.names("leads/"):
            blob = self.store.read(name)
            if blob is None:
                continue
            state = _decoded(blob, name)
            recorded += self._record(state)
            settled = self._change(state.lead_id, now, lambda pick: pick_state.expire(pick, now))
            leads, in_force = leads + 1, in_force + (settled.holder(now) is not None)
        return SettledPicks(leads, recorded, in_force)

    def _change(self, lead_id: str, now: datetime, step: Callable[[PickState], PickState]) -> PickState:
        """Swap the lead's state for the one that `step` makes of it, and write the steps to the table."""
        for attempt in range(1, ATTEMPTS + 1):
            state, generation = self.read(lead_id)
            if generation == ABSENT:
                self._check_known(lead_id, now)
            self._record(state)  # before its object no longer says them
            state = self._as_worked_on(state, now)
            new = step(state)
            if new is state:  # a release of what nobody holds, a pick by who holds it: no swap, no step
                return state
            try:
                self.swap(new, generation)
            except WriteConflict:
                # Somebody was faster; or we were, and Cloud Storage's answer was lost: reading again tells.
                if attempt == ATTEMPTS:
                    raise
                continue
            self._record(new)
            return new
        raise AssertionError("the last attempt returns or raises")

    def _as_worked_on(self, state: PickState, now: datetime) -> PickState:
        """The state at `now`: a hold that would be over lasts longer if the lead's status changed since it was picked.

        Only then is it asked, so that what holds anyway costs no query.
        """
        hold = state.hold
        if hold is None or now < hold.expires_at:
            return state
        parameters = {
            "lead_id": state.lead_id,
            "first_day": hold.picked_at.date(),
            "picked_at": hold.picked_at,
            "now": now,
        }
        [activity] = self.warehouse.rows(statement("outcomes/last_activity"), parameters)
        return state.worked_on(activity["worked_at"]) if activity["worked_at"] else state

    def read(self, lead_id: str) -> tuple[PickState, int]:
        """The lead's state and its generation; ABSENT where nobody ever picked it.

        Raises:
            WarehouseError: its object is damaged.
        """
        name = _name(lead_id)
        blob = self.store.read(name)
        return (PickState(lead_id=lead_id), ABSENT) if blob is None else (_decoded(blob, name), blob.generation)

    def swap(self, state: PickState, generation: int) -> None:
        """Put the lead's state in the place of the one that was read at `generation`.

        Raises:
            WriteConflict: somebody else was faster.
        """
        data = _ENCODER.encode(state)
        self.store.write(_name(state.lead_id), data, generation=generation, content_type="application/json")

    def _record(self, state: PickState) -> int:
        return self.warehouse.append("picks", [step.row for step in state.steps]) if state.steps else 0

    def _check_known(self, lead_id: str, now: datetime) -> None:
        if not self.warehouse.rows(statement("leads/as_of"), {"lead_id": lead_id, "as_of": now}):
            raise UnknownLead(
                f"Lead {lead_id} is not known.",
                field="lead_id",
                value=lead_id,
                remedy="Use an id of the list; a new lead is known once it is ingested.",
            )

    def _check_seller(self, seller: str) -> None:
        sellers = [policy_seller.name for policy_seller in self.policy.capacity.sellers]
        if sellers and seller not in sellers:
            raise InputError(
                f"{seller[:LONGEST_NAME]!r} is no seller of the policy.",
                field="seller",
                value=seller[:LONGEST_NAME],
                remedy=f"Use one of {', '.join(sellers)}, or add the seller to the policy's capacity.",
            )
        if not seller.strip() or len(seller) > LONGEST_NAME or not seller.isprintable():
            raise InputError(
                "A pick needs the name of its seller.",
                field="seller",
                value=seller[:LONGEST_NAME],
                remedy=f"Send a short name, at most {LONGEST_NAME} characters.",
            )


def first_day(now: datetime) -> object:
    """UTC day before which no pick is taken to hold at `now`."""
    return (now - LONGEST_HOLD).date()


def _name(lead_id: str) -> str:
    """Of the lead's object. An id may hold any sign, and be longer than a file's name may be."""
    hashed = hashlib.sha256(lead_id.encode(errors="surrogatepass")).hexdigest()
    return f"leads/{hashed[:2]}/{hashed}.json"


def _decoded(blob: Blob, name: str) -> PickState:
    try:
        return _DECODER.decode(blob.data)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise WarehouseError(
            f"The pick at {name} cannot be read: {error}.", remedy="Delete the object: its lead is then free."
        ) from error
