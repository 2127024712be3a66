"""Stage models: the chances to reach the next stage, kept beside the models; only the newest is of use."""

from __future__ import annotations

from leadwerk.registry.store import ABSENT, Store

FILE = "stage_model.json"


class StageModels:
    """The newest stage model of a deployment, as JSON."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def read(self) -> bytes | None:
        """The newest; None before the first."""
        blob = self._store.read(FILE)
        return None if blob is None else blob.data

    def replace(self, data: bytes) -> None:
        """Put a model in place of the present one.

        Raises:
            WriteConflict: another training wrote in the same moment.
        """
        blob = self._store.read(FILE)
        if blob is None or blob.data != data:
            self._store.write(FILE, data, generation=ABSENT if blob is None else blob.generation)
