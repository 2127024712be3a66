"""What all sections of a policy are made of: the base of the value objects, and the words that several of them use."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from leadwerk.catalogue.languages import Language

Identifier = Annotated[str, Meta(pattern="^[a-z][a-z0-9_]{0,59}$")]
Days = Annotated[int, Meta(ge=0, le=3650)]
Percent = Annotated[int, Meta(ge=0, le=100)]
Cluster = Literal["HOT", "WARM", "COLD", "DISQUALIFIED", "UNSCORED", "CLOSED"]
OutcomeKind = Literal["open", "lost", "won", "paid_out"]
Labels = dict[Language, str]


class PolicySection(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A section: unknown fields are refused, so that a misspelt one is never silently ignored."""
