"""Findings of the leakage gate: which field may know the outcome, by which check, and whether that stops a model.

Records that manifests keep, so they need no numpy.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

LeakCheck = Literal["alone", "dominates", "missing", "presence", "open_value", "together"]


class LeakFinding(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A field that may know the outcome.

    `figure` and its lower limit `low`: an area under the ROC curve within time, for `presence` and `open_value` a
    difference of shares. `dominance`: the field's lead over chance by that of all others together. `best_value`
    converts at `best_rate` in `best_rows` rows (None where no value stands out); for `open_value` it is the value that
    open leads have. `stops`: no model may be promoted before a person decides;
    `kept_because`: a person decided to keep it.
    """

    field: str
    check: LeakCheck
    stops: bool
    figure: float
    low: float
    dominance: float | None = None
    best_value: str | None = None
    best_rate: float | None = None
    best_rows: int | None = None
    kept_because: str | None = None


class LeakReport(Struct, frozen=True, kw_only=True):
    """Findings, the worst first."""

    rows: int
    fields: int
    findings: tuple[LeakFinding, ...] = ()

    @property
    def stopping_fields(self) -> tuple[str, ...]:
        """Fields that a person must decide about, each once."""
        return tuple(dict.fromkeys(finding.field for finding in self.findings if finding.stops))
