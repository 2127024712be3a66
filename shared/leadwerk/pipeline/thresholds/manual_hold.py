"""Manual hold: a person fixes a HOT threshold at a value, or releases it; recorded with author and reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from leadwerk.errors import InputError
from leadwerk.pipeline.thresholds.daily import ThresholdHold, day_of, threshold_snapshot
from leadwerk.policy.model import Policy
from leadwerk.scoring.seller_pools import EVERYBODY, Basis, threshold_limits
from leadwerk.texts.message import Message, listed
from leadwerk.warehouse.protocol import Warehouse
from leadwerk.warehouse.records import ThresholdHoldRow


@dataclass(frozen=True, kw_only=True)
class HoldRequest:
    """A seller pool's threshold ("": all sellers) to hold at `hot` through the day `until`; `hot` None releases it."""

    basis: Basis
    hot: int | None
    author: str
    reason: str
    until: date | None = None
    seller_pool: str = EVERYBODY


def hold(warehouse: Warehouse, policy: Policy, request: HoldRequest, now: datetime) -> ThresholdHoldRow:
    """Hold or release a threshold from `now` (aware) on; returns the row stored.

    Raises:
        InputError: no seller has working hours; the value is outside the policy's limits; no seller serves the pool;
            `until` is in the past; author or reason is missing; or nothing is held.
    """
    _check_filled(author=request.author, reason=request.reason)
    _check_sellers(policy, request.seller_pool)
    _check_value(policy, request.basis, request.hot)
    until = request.until
    # By the policy's day: after midnight in Zurich, UTC still has yesterday.
    if until is not None and until < day_of(policy, now):
        raise InputError(Message("refusal.day.past", day=until), field="until", value=str(until))
    if request.hot is None:
        _check_held(threshold_snapshot(warehouse, policy, now).manual_holds, request.basis, request.seller_pool)
    row = ThresholdHoldRow(
        set_at=now,
        basis=request.basis,
        seller_pool=request.seller_pool,
        hot=request.hot,
        until=until,
        author=request.author.strip(),
        reason=request.reason.strip(),
    )
    warehouse.append("threshold_holds", [row])
    return row


def _check_held(holds: Mapping[tuple[str, str], ThresholdHold], basis: Basis, seller_pool: str) -> None:
    """Fail if nothing is held for this pool, so that a mistyped pool name is noticed."""
    if (basis, seller_pool) in holds:
        return
    everybody = Message("refusal.hold.everybody")
    held_pools = listed(
        Message("refusal.hold.pool", pool=name or everybody, basis=of, hot=hold.hot)
        for (of, name), hold in holds.items()
    )
    raise InputError(
        Message("refusal.hold.none", pool=seller_pool or everybody, basis=basis),
        field="seller_pool",
        value=seller_pool,
        remedy=Message("refusal.hold.none.remedy", holds=held_pools) if holds else Message("refusal.hold.no_holds"),
    )


def _check_filled(**texts: str) -> None:
    for field, text in texts.items():
        if not text.strip():
            raise InputError(
                Message("refusal.text.empty", field=field),
                field=field,
                value=text,
                remedy=Message("refusal.hold.filled.remedy", field=field),
            )


def _check_sellers(policy: Policy, seller_pool: str) -> None:
    names = [seller.name for seller in policy.capacity.sellers]
    if not names:
        raise InputError(Message("refusal.hold.no_sellers"), field="hot")
    unknown = [name for name in seller_pool.split("+") if name not in names] if seller_pool else []
    if unknown:
        raise InputError(
            Message("refusal.hold.seller", seller=unknown[0]),
            field="seller_pool",
            value=seller_pool,
            remedy=Message("refusal.hold.seller.remedy", sellers=", ".join(names)),
        )


def _check_value(policy: Policy, basis: Basis, hot: int | None) -> None:
    bands = threshold_limits(policy, basis)
    if hot is not None and not bands.low <= hot <= bands.high:
        where = "points.bands.threshold_limits" if basis == "points" else "bands.threshold_limits"
        raise InputError(
            Message("refusal.hold.value", hot=hot, low=bands.low, high=bands.high),
            field="hot",
            value=hot,
            remedy=Message("refusal.hold.value.remedy", key=where),
        )
