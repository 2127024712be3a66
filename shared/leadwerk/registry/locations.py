"""Locations: opens what lies in a folder or in Cloud Storage, by its address."""

from __future__ import annotations

from pathlib import Path

from leadwerk.errors import ConfigurationError
from leadwerk.registry.registry import Registry
from leadwerk.registry.store import FolderStore, Store
from leadwerk.texts.message import Message


def open_store(location: str, endpoint: str = "") -> Store:
    """The store at `location`: gs://bucket/prefix (at `endpoint`, if an emulator is meant) or a folder.

    Raises:
        ConfigurationError: `location` names no bucket.
    """
    if not location.startswith("gs://"):
        return FolderStore(Path(location))
    bucket, _, prefix = location.removeprefix("gs://").partition("/")
    if not bucket:
        raise ConfigurationError(Message("refusal.store.no_bucket", place=location))
    from leadwerk.registry.cloud import CloudStore

    return CloudStore(bucket, prefix, endpoint=endpoint)


def open_registry(location: str, endpoint: str = "") -> Registry:
    """The registry in a folder, or in Cloud Storage where `location` is gs://bucket/prefix (`endpoint`: an emulator).

    Raises:
        ConfigurationError: `location` names no bucket.
    """
    return Registry(open_store(location, endpoint))
