"""The model registry: immutable model versions and one champion pointer, in a folder or in Cloud Storage."""

from __future__ import annotations

from leadwerk.registry.champion_pointer import Champion, StoodDown
from leadwerk.registry.locations import open_registry, open_store
from leadwerk.registry.manifest import DataWindow, Manifest, ModelFiles
from leadwerk.registry.registry import Registry
from leadwerk.registry.store import Blob, FolderStore, Store

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
