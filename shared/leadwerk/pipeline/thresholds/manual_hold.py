"""A person holds a HOT threshold at a value, or lets it follow the load again: recorded with name and reason."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from leadwerk.errors import InputError
from leadwerk.pipeline.thresholds.daily import ThresholdHold, day_of, threshold_snapshot
from leadwerk.policy.model import Policy
from leadwerk.scoring.seller_pools import EVERYBODY, Basis, threshold_limits
from leadwerk.warehouse.protocol import Row, Warehouse


def hold(
    warehouse: Warehouse,
    policy: Policy,
    basis: Basis,
    hot: int | None,
    *,
    author: str,
    reason: str,
    now: datetime,
    until: date | None = None,
    seller_pool: str = EVERYBODY,
) -> Row:
    """Hold the threshold of a seller pool ("": of all) from `now` (aware) on; None lets go. Returns the row stored.

    Raises:
        InputError: no seller has working hours; the value is outside the policy's limits; no seller serves the pool;
            `until` is in the past; author or reason is missing; or nothing is held.
    """
    _check_said(author=author, reason=reason)
    _check_sellers(policy, seller_pool)
    _check_value(policy, basis, hot)
    if until is not None and until < day_of(policy, now):
        raise InputError(f"{until} is over.", field="until", value=str(until), remedy="Name today or a later day.")
    if hot is None:
        _check_held(threshold_snapshot(warehouse, policy, now).manual_holds, basis, seller_pool)
    key = {"set_at": now, "basis": basis, "seller_pool": seller_pool, "hot": hot, "until": until}
    row = {**key, "author": author.strip(), "reason": reason.strip()}
    warehouse.append("threshold_holds", [row])
    return row


def _check_held(holds: Mapping[tuple[str, str], ThresholdHold], basis: Basis, seller_pool: str) -> None:
    """Whoever lets go of the wrong one should not believe that he let go."""
    if (basis, seller_pool) in holds:
        return
    held_pools = [
        f"{name or 'everybody'} ({of}) at {threshold_hold.hot}" for (of, name), threshold_hold in holds.items()
    ]
    raise InputError(
        f"Nothing was held for {seller_pool or 'everybody'} ({basis}): the threshold follows the load already.",
        field="seller_pool",
        value=seller_pool,
        remedy=f"Held are: {', '.join(held_pools)}." if held_pools else "No threshold is held at all.",
    )


def _check_said(**texts: str) -> None:
    for field, text in texts.items():
        if not text.strip():
            raise InputError(
                f"`{field}` is empty.", field=field, value=text, remedy="Whoever reads it later asks for it."
            )


def _check_sellers(policy: Policy, seller_pool: str) -> None:
    names = [seller.name for seller in policy.capacity.sellers]
    if not names:
        raise InputError(
            "The policy names no sellers, so HOT begins where its bands say.",
            field="hot",
            remedy="Change bands.hot or points.bands.hot, or name sellers under capacity.",
        )
    unknown = [name for name in seller_pool.split("+") if name not in names] if seller_pool else []
    if unknown:
        remedy = f"Known are {', '.join(names)}; join those who serve the same leads by +."
        raise InputError(f"{unknown[0]!r} is no seller.", field="seller_pool", value=seller_pool, remedy=remedy)


def _check_value(policy: Policy, basis: Basis, hot: int | None) -> None:
    bands = threshold_limits(policy, basis)
    if hot is not None and not bands.low <= hot <= bands.high:
        where = "points.bands.threshold_limits" if basis == "points" else "bands.threshold_limits"
        raise InputError(
            f"{hot} lies outside of {bands.low} to {bands.high}.",
            field="hot",
            value=hot,
            remedy=f"Stay within, or change {where} of the policy.",
        )
