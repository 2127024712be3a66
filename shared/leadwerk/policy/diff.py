"""What one policy says otherwise than another: field by field, things with a name compared by their name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from leadwerk.policy.model import Policy

PolicyPart = dict[str, Any]
"""A part of a policy as plain values."""

NAMES = ("name", "cluster", "status")
"""What an entry of a list is known by; lists of plain values are compared whole."""


class Difference(msgspec.Struct, frozen=True):
    """One field, such as `points.rules[pricing].points`; None where a policy does not have it."""

    field: str
    before: Any
    after: Any


def differences(before: Policy, after: Policy) -> list[Difference]:
    """All fields that differ, in the order of a policy's sections; nothing if both say the same.

    >>> from leadwerk.policy.load import load
    >>> mortgage = load("mortgage")
    >>> differences(mortgage, msgspec.structs.replace(mortgage, horizon_days=60))
    [Difference(field='horizon_days', before=30, after=60)]
    """
    old, new = (msgspec.to_builtins(policy) for policy in (before, after))
    return [difference for name in old if name != "version" for difference in _compared(name, old[name], new[name])]


def _compared(field: str, before: Any, after: Any) -> Iterator[Difference]:
    # Equal parts are skipped before they are unfolded: a policy has hundreds of fields, a change touches a few.
    if before == after:
        return
    if isinstance(before, dict) and isinstance(after, dict):
        yield from _sections(field, before, after, ".{}")
    elif (old := _by_name(before)) is not None and (new := _by_name(after)) is not None:
        yield from _sections(field, old, new, "[{}]")
        # Order is content where the first match wins: the same entries in another order are a difference.
        both = [name for name in old if name in new]
        if both != [name for name in new if name in old]:
            yield Difference(f"{field} (order)", both, [name for name in new if name in old])
    else:
        yield Difference(field, before, after)


def _sections(field: str, before: PolicyPart, after: PolicyPart, written: str) -> Iterator[Difference]:
    for name in [*before, *(name for name in after if name not in before)]:
        yield from _compared(field + written.format(name), before.get(name), after.get(name))


def _by_name(entries: Any) -> PolicyPart | None:
    """Entries of a list by what they are known by; None if that is nothing, or not unique."""
    if not isinstance(entries, (list, tuple)) or not all(isinstance(entry, dict) for entry in entries):
        return None
    named = {_name(entry): entry for entry in entries}
    # Entries that share a name cannot be paired; they are compared as a whole list.
    return named if len(named) == len(entries) and "" not in named else None


def _name(entry: PolicyPart) -> str:
    name = next((str(entry[key]) for key in NAMES if key in entry), "")
    return f"{name}, {entry['reason']}" if entry.get("reason") else name
