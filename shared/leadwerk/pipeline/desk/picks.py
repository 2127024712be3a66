"""Picks: exclusive, expiring claims of leads; of concurrent picks exactly one wins.

BigQuery has no unique keys, so the table `picks` cannot refuse a second pick. One object per lead in the Store can: a
write succeeds only if the object is unchanged since it was read (compare-and-swap). The winner of the swap holds the
lead; the table is the audit trail and the source of lists. The object carries its last steps, and each reader or writer
first appends them to the table (their ids make repeats harmless). So a crash between swap and append loses no step: the
pick holds from the swap on, and the next reader adds its row.

A pick reads its object, the lead's block of `leads` (the first time) and the day's partition of `picks`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import msgspec

from leadwerk.catalogue.periods import LONGEST_PICK_DAYS
from leadwerk.errors import UNREADABLE_JSON, InputError, UnknownLead, WarehouseError, WriteConflict
from leadwerk.pipeline.desk import pick_state
from leadwerk.pipeline.desk.pick_state import Pick, PickState
from leadwerk.policy.folding import is_same_name, tidied_name
from leadwerk.policy.model import Policy
from leadwerk.registry.store import ABSENT, Blob, Store
from leadwerk.texts.message import Message
from leadwerk.warehouse.protocol import Warehouse
from leadwerk.warehouse.statement import statement

ATTEMPTS = 10
"""Failed swaps in a row before giving up. Each failure means that another swap succeeded, so more are improbable."""

LONGEST_HOLD = timedelta(days=LONGEST_PICK_DAYS)
"""Older picks are not looked for in the table: bounds the partitions read."""

# A longer name is a mistake.
LONGEST_NAME = 100
_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(PickState)


@dataclass(frozen=True)
class SettledPicks:
    """Result of `Picks.settle`: objects read, missing steps recorded, and holds in force."""

    leads: int
    recorded: int
    in_force: int


class LastActivity(msgspec.Struct, frozen=True):
    """A row of outcomes/last_activity: the last status change of a lead since its pick, if any."""

    worked_at: datetime | None


class LeadAccount(msgspec.Struct, frozen=True):
    """A row of leads/as_of: an existing lead and its account, if it has one."""

    lead_id: str
    account_id: str | None


@dataclass(frozen=True)
class Picks:
    """Picks of a deployment: `store` decides who holds a lead, `warehouse` has the audit trail."""

    warehouse: Warehouse
    policy: Policy
    store: Store

    def pick(self, lead_id: str, seller: str, now: datetime) -> Pick:
        """Give the lead to `seller` for the policy's pick_hours from `now` (aware); repeating a pick changes nothing.

        Each change of the lead's CRM status restarts the hours: a seller who works on a lead keeps it.

        Raises:
            AlreadyPicked: another seller holds the lead; names the seller and the end.
            UnknownLead: there is no such lead.
            InputError: the policy names sellers, and `seller` is not among them.
        """
        name = self._seller_name(seller)
        hours = self.policy.capacity.pick_hours
        state = self._change(lead_id, now, lambda state: pick_state.pick(state, name, now, hours))
        # A pick either holds or was refused by an error.
        assert state.hold is not None
        return state.hold

    def release(self, lead_id: str, seller: str, now: datetime) -> None:
        """Release the lead; without a hold nothing happens.

        Raises:
            AlreadyPicked: another seller holds the lead.
            UnknownLead: there is no such lead.
        """
        name = self._seller_name(seller)
        self._change(lead_id, now, lambda state: pick_state.release(state, name, now))

    def holder(self, lead_id: str, now: datetime) -> Pick | None:
        """The hold of the lead at `now`, from its object; appends missing steps to the table."""
        state, _ = self.read(lead_id)
        self._record(state)
        return self._as_worked_on(state, now).holder(now)

    def active(self, now: datetime, seller: str | None = None) -> list[Pick]:
        """All holds in force at `now` from the table, the earliest end first; optionally of one seller."""
        name = None if seller is None else self._spelling(seller)
        parameters = {"first_day": first_day(now), "now": now, "seller": name}
        return self.warehouse.rows(statement("picks/active", Pick), parameters)

    def settle(self, now: datetime) -> SettledPicks:
        """Repair: read every object, append missing steps and record lapsed holds. Reads all objects; run it rarely."""
        leads = recorded = in_force = 0
        for name in self.store.names("leads/"):
            blob = self.store.read(name)
            # Deleted while the names were listed: there is nothing to settle.
            if blob is None:
                continue
            state = _decoded(blob, name)
            recorded += self._record(state)
            settled = self._change(state.lead_id, now, lambda pick: pick_state.expire(pick, now))
            leads, in_force = leads + 1, in_force + (settled.holder(now) is not None)
        return SettledPicks(leads, recorded, in_force)

    def _change(self, lead_id: str, now: datetime, step: Callable[[PickState], PickState]) -> PickState:
        """Swap the lead's state for the result of `step`, and append the steps to the table."""
        for attempt in range(1, ATTEMPTS + 1):
            state, generation = self.read(lead_id)
            # Only for a first pick: the look-up would cost every later one a query.
            if generation == ABSENT:
                self._check_known(lead_id, now)
            # The swap replaces the object's steps.
            self._record(state)
            state = self._as_worked_on(state, now)
            new = step(state)
            if new is state:  # a release without a hold, or a repeated pick: no swap, no step
                return state
            try:
                self.swap(new, generation)
            except WriteConflict:
                # Another process was faster, or our write succeeded and its answer was lost: read again.
                if attempt == ATTEMPTS:
                    raise
                continue
            self._record(new)
            return new
        raise AssertionError("the last attempt returns or raises")

    def _as_worked_on(self, state: PickState, now: datetime) -> PickState:
        """The state at `now`: a status change since the pick restarts the hours of a hold that would be over.

        Queried only for such a hold, so that a hold in force costs no query.
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
        [activity] = self.warehouse.rows(statement("outcomes/last_activity", LastActivity), parameters)
        return state.worked_on(activity.worked_at) if activity.worked_at else state

    def read(self, lead_id: str) -> tuple[PickState, int]:
        """The lead's state and its generation (ABSENT: never picked).

        Raises:
            WarehouseError: the lead's object is damaged.
        """
        name = _name(lead_id)
        blob = self.store.read(name)
        return (PickState(lead_id=lead_id), ABSENT) if blob is None else (_decoded(blob, name), blob.generation)

    def swap(self, state: PickState, generation: int) -> None:
        """Write the lead's state if its object is still at `generation`.

        Raises:
            WriteConflict: another process wrote the object in the meantime.
        """
        data = _ENCODER.encode(state)
        self.store.write(_name(state.lead_id), data, generation=generation, content_type="application/json")

    def forget(self, lead_id: str, until: datetime) -> bool:
        """Delete the lead's object unless it changed after `until`, for an erasure; returns whether it did."""
        state, generation = self.read(lead_id)
        # A pick from after the erasure's moment belongs to new data.
        if generation == ABSENT or (state.changed_at or until) > until:
            return False
        return self.store.delete(_name(lead_id))

    def _record(self, state: PickState) -> int:
        return self.warehouse.append("picks", [step.row for step in state.steps]) if state.steps else 0

    def _check_known(self, lead_id: str, now: datetime) -> None:
        if read_lead_account(self.warehouse, lead_id, now) is None:
            raise UnknownLead(
                Message("refusal.lead", lead=lead_id),
                field="lead_id",
                value=lead_id,
                remedy=Message("refusal.lead.call_list"),
            )

    def _spelling(self, seller: str) -> str:
        """The seller's name as the policy spells it, else tidied: "anna " and "Anna" must not be two sellers."""
        names = (policy_seller.name for policy_seller in self.policy.capacity.sellers)
        return next((name for name in names if is_same_name(name, seller)), tidied_name(seller))

    def _seller_name(self, seller: str) -> str:
        """The spelling of a seller who may pick.

        Raises:
            InputError: the policy does not list the seller, or it is no name.
        """
        sellers = [policy_seller.name for policy_seller in self.policy.capacity.sellers]
        if sellers and self._spelling(seller) not in sellers:
            raise InputError(
                Message("refusal.seller", seller=seller[:LONGEST_NAME]),
                field="seller",
                value=seller[:LONGEST_NAME],
                remedy=Message("refusal.seller.remedy", sellers=", ".join(sellers)),
            )
        if not seller.strip() or len(seller) > LONGEST_NAME or not seller.isprintable():
            raise InputError(
                Message("refusal.seller.empty"),
                field="seller",
                value=seller[:LONGEST_NAME],
                remedy=Message("refusal.seller.empty.remedy", length=LONGEST_NAME),
            )
        return self._spelling(seller)


def read_lead_account(warehouse: Warehouse, lead_id: str, now: datetime) -> LeadAccount | None:
    """The lead as of `now` (aware); None if there is no such lead."""
    leads = warehouse.rows(statement("leads/as_of", LeadAccount), {"lead_id": lead_id, "as_of": now})
    return leads[0] if leads else None


def first_day(now: datetime) -> date:
    """UTC day of the oldest pick that can be in force at `now`."""
    return (now - LONGEST_HOLD).date()


def _name(lead_id: str) -> str:
    """Name of the lead's object: a hash, because an id may hold any sign and be longer than a file name."""
    # Ids may hold slashes or any other sign; a hash is a safe name, and its prefix spreads the load.
    hashed = hashlib.sha256(lead_id.encode(errors="surrogatepass")).hexdigest()
    return f"leads/{hashed[:2]}/{hashed}.json"


def _decoded(blob: Blob, name: str) -> PickState:
    try:
        return _DECODER.decode(blob.data)
    except UNREADABLE_JSON as error:
        raise WarehouseError(Message("refusal.pick.unreadable", place=name, error=error)) from error
