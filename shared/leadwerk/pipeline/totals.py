"""Totals: rows of the statements that count what the warehouse holds of a kind."""

from __future__ import annotations

from msgspec import Struct


class OutcomeTotal(Struct, frozen=True):
    """A row of outcomes/totals."""

    outcome: str
    leads: int


class LeadTotals(Struct, frozen=True):
    """The row of leads/totals; `linked` with a web visitor."""

    leads: int
    with_consent: int
    linked: int
