"""What is wrong with a policy: where, what, and what to do, in any reader's language."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from leadwerk.policy.yaml_document import Path
from leadwerk.texts.message import Message

# How alike (difflib's ratio) a word must be to be taken for a misspelling.
_ALIKE = 0.65


class Problem(NamedTuple):
    """The path of a field, what is wrong with it, and the remedy; both texts are messages."""

    path: Path
    message: str
    remedy: str

    @classmethod
    def of(cls, path: Path, key: str, /, *, remedy: str | None = None, **values: object) -> Problem:
        """The problem with the texts of `key` and `key.remedy`, or with another remedy; `values` fill both."""
        if remedy is None:
            remedy = Message(f"{key}.remedy", **values)
        return cls(path, Message(key, **values), remedy)


def closest(name: str, candidates: Iterable[str]) -> str:
    """The candidate that was probably meant, or nothing.

    >>> closest("horizn", ["horizon_days", "horizon"])
    'horizon'
    """
    # Imported here, so that a valid policy does not pay for it.
    import difflib

    by_lower = {candidate.lower(): candidate for candidate in candidates}
    matches = difflib.get_close_matches(name.lower(), by_lower, n=1, cutoff=_ALIKE)
    return by_lower[matches[0]] if matches else ""


def did_you_mean(name: str, candidates: Iterable[str], otherwise: str) -> str:
    """The remedy for an unknown word: the word that is probably meant, or `otherwise`."""
    guess = closest(name, candidates)
    return Message("policy.remedy.guess", guess=guess) if guess else otherwise
