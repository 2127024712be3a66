"""Fields of a form that no lead has: a misspelt one would be ignored without a word."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import Any

from leadwerk.lead.lead import NAMES
from leadwerk.lead.rejection import Rejection
from leadwerk.policy.folding import folded
from leadwerk.policy.model import Policy
from leadwerk.texts.message import Message

LONGEST_NAME = 60
_ALIKE = 0.7
"""Least similarity (difflib's ratio) at which a name counts as misspelt."""


def unknown_fields(form: Mapping[str, Any], policy: Policy) -> Iterator[Rejection]:
    """What of a form is no field of a lead and no attribute of the policy; its value is not repeated."""
    read_fields = {title for titles in NAMES.values() for title in titles}
    read_fields |= {attribute.source or attribute.name for attribute in policy.attributes}
    titles = set(map(folded, read_fields))
    for name in form:
        if folded(name) not in titles:
            shortened = name[:LONGEST_NAME]
            similar = _closest_name(name, read_fields)
            reason = (
                Message("reject.unknown_field.similar", name=similar) if similar else Message("reject.unknown_field")
            )
            yield Rejection.of(shortened, None, reason, Message("reject.unknown_field.remedy"))


def _closest_name(name: str, read_fields: set[str]) -> str:
    """
    >>> _closest_name("loan_amout", {"loan_amount", "income"}), _closest_name("Vorname", {"income"})
    ('loan_amount', '')
    """
    close_matches = difflib.get_close_matches(name.lower(), sorted(read_fields), n=1, cutoff=_ALIKE)
    return close_matches[0] if close_matches else ""
