"""Field decisions: what people decided about fields that may know the outcome, kept beside the models.

A nightly run must not ask again what a person has answered, so the answers lie where every run reads them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec
from msgspec import Struct

from leadwerk.registry.store import ABSENT, Store

FILE = "field_decisions.json"


class FieldDecision(Struct, frozen=True):
    """`exclude`: nothing is learned from the field; `keep`: it may be learned from, for the stated reason."""

    action: Literal["exclude", "keep"]
    reason: str
    decided_at: str


Decisions = dict[str, FieldDecision]
"""By the name that people know the field by."""


class FieldDecisions:
    """The decisions of a deployment."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def read(self) -> Decisions:
        """All decisions that hold."""
        blob = self._store.read(FILE)
        return {} if blob is None else msgspec.json.decode(blob.data, type=Decisions)

    def record(self, decisions: Mapping[str, FieldDecision]) -> Decisions:
        """Add decisions, the newer one of a field wins; returns all that hold.

        Raises:
            WriteConflict: somebody else decided in the same moment.
        """
        blob = self._store.read(FILE)
        before = {} if blob is None else msgspec.json.decode(blob.data, type=Decisions)
        after = before | dict(decisions)
        if after != before:
            data = msgspec.json.format(msgspec.json.encode(after, order="sorted"), indent=1)
            self._store.write(FILE, data, generation=ABSENT if blob is None else blob.generation)
        return after
