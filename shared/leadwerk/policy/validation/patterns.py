"""Whether a pattern is one, and one that BigQuery understands."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator

from leadwerk.policy.problem import Problem
from leadwerk.policy.validation import backtracking
from leadwerk.policy.yaml_document import Path

# Python's re accepts these, RE2 (BigQuery, DuckDB) does not: look-around, back-references, atomic groups, conditionals,
# comments, flags beyond imsU, possessive quantifiers, \Z, more than 1,000 repetitions.
_BEYOND_RE2 = r"\(\?(?:[=!>(#]|<[=!]|P=|[a-zA-Z-]*[aLux])|\\1|[*+?}]\+|\{\d*,?\d{4,}"
MOST_REPETITIONS = 1_000
_REPETITION_OR_SIGN = re.compile(r"\{(?P<low>\d+)(?:,(?P<high>\d*))?\}|.", re.DOTALL)
_ESCAPE_OR_CLASS = r"\\(?P<escaped>.)|\[\^?\]?(?:\\.|[^\]\\])*\]"


def wrong_pattern(pattern: str, path: Path) -> Iterator[Problem]:
    """What is wrong with the pattern at `path`."""
    try:
        with warnings.catch_warnings():
            # "[[": means something else in each engine.
            warnings.simplefilter("error", FutureWarning)
            re.compile(pattern)
    except (re.error, OverflowError, RecursionError, FutureWarning) as error:
        yield Problem.of(path, "policy.pattern.wrong", pattern=pattern, error=error)
        return
    if re.search(_BEYOND_RE2, re.sub(_ESCAPE_OR_CLASS, _simplified, pattern, flags=re.DOTALL)):
        yield Problem.of(path, "policy.pattern.re2", pattern=pattern)
    elif repetitions(re.sub(_ESCAPE_OR_CLASS, "x", pattern, flags=re.DOTALL)) > MOST_REPETITIONS:
        yield Problem.of(path, "policy.pattern.repeats", pattern=pattern, example="(a{100}){10}")


def repetitions(plain: str) -> int:
    """How often a sign may at most be repeated by numbers in braces; those of nested groups multiply (RE2, parse.cc:
    RepetitionWalker). `plain` has neither escapes nor classes.

    >>> [repetitions(text) for text in ("a", "a{2,5}", "(a{100}){10}", "((a{100}){100}){100}", "(a{9}b{7,})*")]
    [1, 5, 1000, 1000000, 9]
    """
    # The largest product of each open group, and of the item that a quantifier would repeat.
    inside, last = [1], 1
    for match in _REPETITION_OR_SIGN.finditer(plain):
        low, high = match.group("low", "high")
        if low is not None:
            last *= max(int(high or low), 1)
        elif match[0] == "(":
            inside.append(1)
            continue
        elif match[0] == ")" and len(inside) > 1:
            last = inside.pop()
        elif match[0] not in "*+?":
            last = 1
        inside[-1] = max(inside[-1], last)
    return max(inside)


def slow_pattern(pattern: str, path: Path) -> Iterator[Problem]:
    """A pattern that RE2 would not mind, but Python, which matches rules and classes, might try in too many ways."""
    try:
        too_many = not backtracking.is_bounded(pattern)
    except backtracking.RepeatedChoice:
        yield Problem.of(path, "policy.pattern.choice", pattern=pattern)
        return
    except (re.error, OverflowError, RecursionError):  # wrong_pattern says so
        return
    if too_many:
        yield Problem.of(path, "policy.pattern.ways", pattern=pattern)


def _simplified(match: re.Match[str]) -> str:
    """An escape or character class as a plain character, unless RE2 does not know the escape."""
    escaped = match.group("escaped")
    return r"\1" if escaped and escaped in "123456789Z" else "x"
