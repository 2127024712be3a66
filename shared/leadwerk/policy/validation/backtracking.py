"""Backtracking: how many ways Python's matcher may try, in the worst text, before it gives a pattern up.

Rules and classes are matched by `re`, whose \\b and \\w know the letters of all languages. RE2 never backtracks, but
knows those of ASCII only, so that \\bétudiant finds nothing. `re` is safe where few ways lead through a pattern. They
are counted on the parsed pattern from its end to its beginning. A literal leaves them as they are; alternatives that
can begin with the same sign add up; a repetition adds its lengths, or multiplies by them if what follows can begin with
a sign that it repeats. The count is an upper bound for texts of MATCHED_CHARACTERS.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from re import _compiler, _constants as op, _parser  # type: ignore[attr-defined]
from typing import Any

from leadwerk.policy.text_classes import MATCHED_CHARACTERS

MOST_WAYS = 5_000
"""From one place of a text: twenty-five alternatives behind one `.*` are fine, two `.*` are not, unless `^` leaves them
one place."""

_SIGNS = "".join(map(chr, range(0x180))) + "ıſK\u0301\u200d\u2003\u2028ωΩжЖ漢٣²ⅷ😀"
ANY_SIGN = ""
"""An alphabet in which all sets are the same: it counts more ways than there are, but takes no time."""

_LONGEST_RANGE = 512  # signs of a range in brackets that are looked at one by one; of a longer one its ends
_REPEATS = {op.MAX_REPEAT, op.MIN_REPEAT}


class RepeatedChoice(Exception):
    """A repetition holds alternatives, or something optional or repeated."""


@dataclass(frozen=True)
class _Rest:
    """What follows a place in the pattern.

    `first`: the signs with which it can begin, as bits; `may_be_empty`: it can match no sign at all; `ways`: in how
    many ways it can match or fail, at most; `succeeds`: it always matches, since the pattern ends here.
    """

    first: int
    may_be_empty: bool
    ways: int
    succeeds: bool


_END = _Rest(0, True, 1, True)


def ways(pattern: str) -> int:
    """How many ways through the pattern one place of a text can have at most.

    >>> [ways(text) for text in ("ceo|cfo|boss", "head.*sales", r"\\w+ \\w+", ".*a.*b", "(a|ab)(c|bcd)(d|)")]
    [2, 201, 201, 40401, 4]

    Raises:
        RepeatedChoice: a repeated group holds alternatives, or something optional or repeated: (a|ab)*, (a?b)+.
        re.error: this is no pattern.
    """
    tree = _parse(pattern)
    return _ways(tree, _alphabet(tree))


def is_bounded(pattern: str) -> bool:
    """Whether there are at most MOST_WAYS from each place at which a match can begin; raises as `ways`."""
    tree = _parse(pattern)
    most = MOST_WAYS * MATCHED_CHARACTERS if _is_anchored(tree) else MOST_WAYS
    # The coarse count first: one sign for all is an upper bound, and most patterns pass it.
    return _ways(tree, ANY_SIGN) <= most or _ways(tree, _alphabet(tree)) <= most


def _parse(pattern: str) -> Any:
    with warnings.catch_warnings():
        # `wrong_pattern` reports what is ambiguous.
        warnings.simplefilter("ignore")
        return _parser.parse(pattern)


def _ways(tree: Any, alphabet: str) -> int:
    return _Ways(tree.state, tree.state.flags, alphabet).of(tree, _END).ways


def _is_anchored(tree: Any) -> bool:
    """Whether only the beginning of a text can match, so that the matcher does not try every place of it."""
    return bool(tree) and tree[0] == (op.AT, op.AT_BEGINNING) and not tree.state.flags & re.MULTILINE


@dataclass(frozen=True)
class _Ways:
    state: Any
    flags: int
    alphabet: str
    signs: dict[tuple[str, int], int] = field(default_factory=dict)

    def of(self, items: Iterable[Any], rest: _Rest) -> _Rest:
        """What items, with `rest` behind them, are to what stands before them."""
        # From the end: how many ways an item has depends on what may follow it.
        for item in reversed(list(items)):
            rest = self._of_item(item, rest)
        return rest

    def _of_item(self, item: tuple[Any, Any], rest: _Rest) -> _Rest:
        kind, value = item
        if kind is op.AT:
            return replace(rest, succeeds=False)
        if kind is op.SUBPATTERN:
            _, added, removed, items = value
            return replace(self, flags=(self.flags | added) & ~removed).of(items, rest)
        if kind is op.BRANCH:
            return self._of_alternatives([self.of(items, rest) for items in value[1]])
        if kind in _REPEATS:
            return self._of_repetition(value, rest)
        return _Rest(self._signs(item), False, rest.ways, False)

    def _of_alternatives(self, branches: Sequence[_Rest]) -> _Rest:
        always = sum(branch.ways for branch in branches if branch.may_be_empty)
        first = 0
        for branch in branches:
            first |= branch.first
        most = max(
            (
                sum(branch.ways for branch in branches if branch.may_be_empty or branch.first & sign)
                for sign in _distinct(first, branches)
            ),
            default=0,
        )
        may_be_empty = any(branch.may_be_empty for branch in branches)
        return _Rest(first, may_be_empty, max(most, always, 1), any(branch.succeeds for branch in branches))

    def _of_repetition(self, repetition: tuple[int, int, Any], rest: _Rest) -> _Rest:
        low, high, items = repetition
        if high <= 1:
            return self._of_alternatives([self.of(items, rest), rest]) if low == 0 else self.of(items, rest)
        width = _width(items)
        repeated = self.of(items, _END)
        lengths = min(high, MATCHED_CHARACTERS // max(width, 1)) - low + 1
        ways = rest.ways
        if width and lengths > 1 and not rest.succeeds:
            is_free = rest.may_be_empty or rest.first & repeated.first
            ways = ways * lengths if is_free else ways + lengths
        optional = low == 0 or not width
        return _Rest(
            repeated.first | (rest.first if optional else 0),
            optional and rest.may_be_empty,
            ways,
            False,
        )

    def _signs(self, item: tuple[Any, Any]) -> int:
        """The signs of the alphabet that a literal, a class or a dot matches, as bits."""
        if self.alphabet == ANY_SIGN:
            return 1
        key = (repr(item), self.flags)
        if key not in self.signs:
            match = _compiler.compile(_parser.SubPattern(self.state, [item]), self.flags).match
            self.signs[key] = sum(1 << place for place, sign in enumerate(self.alphabet) if match(sign))
        return self.signs[key]


def _distinct(first: int, branches: Sequence[_Rest]) -> Iterator[int]:
    """One sign, as a bit, of each set of signs with which the same branches begin."""
    parts = [first]
    for mask in {branch.first for branch in branches}:
        parts = [piece for part in parts for piece in (part & mask, part & ~mask) if piece]
    return (part & -part for part in parts)


def _width(items: Any) -> int:
    """How many signs all that items match have.

    Raises:
        RepeatedChoice: that differs, or there are several ways.
    """
    width = 0
    for kind, value in items:
        if kind is op.SUBPATTERN:
            width += _width(value[3])
        elif kind in _REPEATS and value[0] == value[1]:
            width += value[0] * _width(value[2])
        elif kind is op.BRANCH or kind in _REPEATS:
            # A choice within a repetition has no fixed width, and its ways multiply without a useful bound.
            raise RepeatedChoice
        elif kind is not op.AT:
            width += 1
    return width


def _alphabet(tree: Any) -> str:
    """Signs of which each set that the pattern names has some, and none has the same as another set unless it must."""
    named = {
        sign for code in _codes(tree) for sign in (chr(code), chr(code).lower(), chr(code).upper()) if len(sign) == 1
    }
    return "".join(dict.fromkeys([*_SIGNS, *sorted(named)]))


def _codes(items: Any) -> Iterator[int]:
    """The signs that a pattern names, ranges written out."""
    for kind, value in items:
        if kind in (op.LITERAL, op.NOT_LITERAL):
            yield value
        elif kind is op.RANGE:
            low, high = value
            yield from range(low, high + 1) if high - low < _LONGEST_RANGE else (low, high)
        elif kind is op.IN:
            yield from _codes(value)
        elif kind is op.SUBPATTERN:
            yield from _codes(value[3])
        elif kind in _REPEATS:
            yield from _codes(value[2])
        elif kind is op.BRANCH:
            for branch in value[1]:
                yield from _codes(branch)
