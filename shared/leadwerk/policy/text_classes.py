"""Into which class of an attribute a text falls: free text is no feature, but a class of it is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from leadwerk.policy.model import Attribute

OTHER = "other"
"""The class of a text that is known and fits no pattern; what is not known has no class at all."""


MATCHED_CHARACTERS = 200
"""Of a longer text the beginning is matched: forms and CRMs are cut there, too, and time stays bounded."""


def matches(pattern: str, text: str) -> bool:
    """Whether a pattern of the policy's rules or classes is found in the text."""
    # A bound on the text bounds the time of a pattern, whatever a form sends.
    return re.search(pattern, text[:MATCHED_CHARACTERS]) is not None


def class_of(attribute: Attribute, text: str) -> str:
    """The first class whose pattern is found in the text, as rules' `matches` find theirs.

    >>> from leadwerk.policy import load
    >>> [seniority] = [one for one in load("b2b_swiss").attributes if one.name == "seniority"]
    >>> [class_of(seniority, title) for title in ("CEO", "Assistentin der CEO", "Responsabile IT", "Ingenieur")]
    ['ceo', 'assistant', 'manager', 'other']
    """
    return next((text_class.name for text_class in attribute.classes if matches(text_class.matches, text)), OTHER)


def class_names(attribute: Attribute) -> tuple[str, ...]:
    """All values that an attribute with classes may have; nothing for one without, whose values are an open list."""
    return (*(text_class.name for text_class in attribute.classes), OTHER) if attribute.classes else ()
