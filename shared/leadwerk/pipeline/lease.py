"""A lease: of several processes that would do the same at once, one does it.

The operating system holds it, so it ends with the process, however that ends. In the cloud the function has one
instance that answers one request at a time; the lease is for the processes of one machine.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from leadwerk.errors import RunInProgress
from leadwerk.private_files import private_folder
from leadwerk.texts.message import Message


@contextmanager
def leased(folder: Path, name: str) -> Iterator[None]:
    """Hold the lease `name` within the block.

    Raises:
        RunInProgress: somebody else holds it.
    """
    private_folder(folder)
    with (folder / f"{name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RunInProgress(Message("refusal.lease", name=name)) from None
        yield
