"""Files and folders that only their owner may read: a home holds leads."""

from __future__ import annotations

from pathlib import Path

FOR_ITS_OWNER = 0o700
NOBODY_ELSE = 0o077
"""The umask of our processes: files and folders are for their owner alone."""


def private_folder(folder: Path) -> Path:
    """Make a folder, and those above it, for their owner only: a home holds leads. What exists stays as it is."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    # From the top down, so that each folder is private before anything lies in it.
    for path in reversed(missing):
        path.mkdir(mode=FOR_ITS_OWNER, exist_ok=True)
    return folder
