"""A person holds a HOT threshold at a value, or lets it follow the load again: recorded with name and reason."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from leadwerk.errors import InputError
from leadwerk.pipeline.thresholds.daily import Held, day_of, standing
from leadwerk.policy.model import Policy
from leadwerk.scoring.capacity import EVERYBODY, Basis, range_of
from leadwerk.warehouse.protocol import Row, Warehouse


def hold(
    warehouse: Warehouse,
    policy: Policy,
    basis: Basis,
    hot: int | None,
    *,
    author: str,
    why: str,
    now: datetime,
    until: date | None = None,
    segment: str = EVERYBODY,
) -> Row:
    """Hold the threshold of a segment ("": of all) from `now` (aware) on; None lets go. Returns the row stored.

    Raises:
        InputError: nobody's time is known, the value lies outside of the policy's limits, the segment is nobody's, the
            last day is over, author or reason are missing, or nobody holds what is let go of.
    """
    _check_said(author=author, why=why)
    _check_sellers(policy, segment)
    _check_value(policy, basis, hot)
    if until is not None and until < day_of(policy, now):
        raise InputError(f"{until} is over.", field="until", value=str(until), remedy="Name today or a later day.")
    if hot is None:
        _check_held(standing(warehouse, policy, now).held, basis, segment)
    said = {"set_at": now, "basis": basis, "segment": segment, "hot": hot, "until": until}
    row = {**said, "author": author.strip(), "why": why.strip()}
    warehouse.append("threshold_holds", [row])
    return row


def _check_held(held: Mapping[tuple[str, str], Held], basis: Basis, segment: str) -> None:
    """Whoever lets go of the wrong one should not believe that he let go."""
    if (basis, segment) in held:
        return
    others = [f"{name or 'everybody'} ({of}) at {one.hot}" for (of, name), one in held.items()]
    raise InputError(
        f"Nothing was held for {segment or 'everybody'} ({basis}): the threshold follows the load already.",
        field="segment",
        value=segment,
        remedy=f"Held are: {', '.join(others)}." if others else "No threshold is held at all.",
    )


def _check_said(**texts: str) -> None:
    for field, text in texts.items():
        if not text.strip():
            raise InputError(
                f"`{field}` is empty.", field=field, value=text, remedy="Whoever reads it later asks for it."
            )


def _check_sellers(policy: Policy, segment: str) -> None:
    names = [seller.name for seller in policy.capacity.sellers]
    if not names:
        raise InputError(
            "The policy names no sellers, so HOT begins where its bands say.",
            field="hot",
            remedy="Change bands.hot or points.bands.hot, or name sellers under capacity.",
        )
    unknown = [name for name in segment.split("+") if name not in names] if segment else []
    if unknown:
        remedy = f"Known are {', '.join(names)}; join those who serve the segment by +."
        raise InputError(f"{unknown[0]!r} is no seller.", field="segment", value=segment, remedy=remedy)


def _check_value(policy: Policy, basis: Basis, hot: int | None) -> None:
    bands = range_of(policy, basis)
    if hot is not None and not bands.low <= hot <= bands.high:
        where = "points.bands.limits" if basis == "points" else "bands.limits"
        raise InputError(
            f"{hot} lies outside of {bands.low} to {bands.high}.",
            field="hot",
            value=hot,
            remedy=f"Stay within, or change {where} of the policy.",
        )
