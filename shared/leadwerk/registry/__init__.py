"""The model registry: immutable model versions and one champion pointer, in a folder or in Cloud Storage."""

from __future__ import annotations

from leadwerk.registry.manifest import DataWindow, Manifest, ModelFiles
from leadwerk.registry.registry import Champion, Registry, StoodDown
from leadwerk.registry.store import Blob, FolderStore, Store, open_store

__all__ = [
    "Blob",
    "Champion",
    "DataWindow",
    "FolderStore",
    "Manifest",
    "ModelFiles",
    "Registry",
    "StoodDown",
    "Store",
    "open_registry",
    "open_store",
]


def open_registry(location: str, endpoint: str = "") -> Registry:
    """The registry in a folder, or in Cloud Storage where `location` is gs://bucket/prefix (`endpoint`: an emulator).

    Raises:
        ConfigurationError: `location` names no bucket.
    """
    return Registry(open_store(location, endpoint))
