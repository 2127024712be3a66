"""Marks of models that were trained while the data of a person was there who has been erased since.

A manifest never changes, so the mark is an object beside it: `<version>/erasures.json`.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from leadwerk.registry.store import ABSENT, Store

FILE = "erasures.json"


class ErasureMark(msgspec.Struct, frozen=True):
    """An erasure since a model's training."""

    erasure_id: str
    erased_at: datetime


def mark(store: Store, version: str, erasure: ErasureMark) -> None:
    """Add an erasure to a version's marks; again it changes nothing.

    Raises:
        WriteConflict: another erasure was marked in the same moment.
    """
    blob = store.read(f"{version}/{FILE}")
    marks = () if blob is None else msgspec.json.decode(blob.data, type=tuple[ErasureMark, ...])
    if erasure in marks:
        return
    data = msgspec.json.encode((*marks, erasure))
    store.write(f"{version}/{FILE}", data, generation=blob.generation if blob else ABSENT)


def marks_of(store: Store, version: str) -> tuple[ErasureMark, ...]:
    """The erasures since a version was trained, the oldest first."""
    blob = store.read(f"{version}/{FILE}")
    return () if blob is None else msgspec.json.decode(blob.data, type=tuple[ErasureMark, ...])
