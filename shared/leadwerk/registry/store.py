"""Where named objects lie: the port, and a folder that keeps it.

A write may demand a generation, as in Cloud Storage: the object is written only if it has not been written since that
generation was read. That is all the registry needs for two retrainings not to win both.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from leadwerk.errors import WriteConflict
from leadwerk.private_files import private_folder
from leadwerk.texts.message import Message

ABSENT = 0
"""The generation of an object that is not there."""


@dataclass(frozen=True)
class Blob:
    """An object's bytes and the generation at which they were read."""

    data: bytes
    generation: int


class Store(Protocol):
    """The port: objects by name; `/` in a name separates folders."""

    def read(self, name: str) -> Blob | None:
        """The object, or None if it is not there."""

    def write(self, name: str, data: bytes, *, generation: int | None = None, content_type: str = "") -> None:
        """Write an object whole or not at all.

        Raises:
            WriteConflict: `generation` is given and is not the object's (ABSENT: it must not be there).
        """

    def delete(self, name: str) -> bool:
        """Delete an object; returns whether it was there. A bucket with versioning keeps it as its rules say."""

    def names(self, prefix: str = "") -> list[str]:
        """Names of all objects that begin with `prefix`, sorted."""


class FolderStore:
    """Objects as files of a local folder; an object's generation is the hash of its bytes.

    A hash serves as generation because a swap from A over B back to A leaves just what the writer expected to find.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def read(self, name: str) -> Blob | None:
        """See `Store.read`."""
        try:
            data = (self.folder / name).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        return Blob(data, _generation(data))

    def write(self, name: str, data: bytes, *, generation: int | None = None, content_type: str = "") -> None:
        """See `Store.write`; holds a lock on the folder while it compares and replaces."""
        path = self.folder / name
        private_folder(path.parent)
        with self._locked():
            present = self.read(name)
            if generation is not None and generation != (present.generation if present else ABSENT):
                raise WriteConflict(Message("refusal.store.changed", place=name))
            _replace(path, data)

    def delete(self, name: str) -> bool:
        """See `Store.delete`."""
        path = self.folder / name
        if not path.is_file():
            return False
        with self._locked():
            path.unlink(missing_ok=True)
        return True

    def names(self, prefix: str = "") -> list[str]:
        """See `Store.names`."""
        # Names with a dot are unfinished files and the lock.
        files = (p for p in self.folder.rglob("*") if p.is_file() and not p.name.startswith("."))
        names = (p.relative_to(self.folder).as_posix() for p in files)
        return sorted(name for name in names if name.startswith(prefix))

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with (self.folder / ".lock").open("w") as lock:
            # Closing the file, or dying, lets it go.
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _generation(data: bytes) -> int:
    # Content as generation: a folder has no counter that survives copying, and equal bytes need no conflict.
    return int.from_bytes(hashlib.sha256(data).digest()[:8], "big") or 1


def _replace(path: Path, data: bytes) -> None:
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", delete=False) as file:
        file.write(data)
        file.flush()
        # Renaming is atomic, but without fsync a power cut may leave the new name with no content.
        os.fsync(file.fileno())
    Path(file.name).replace(path)
