"""Uploads: files that a person brought in the browser, with names and addresses as they stand there.

A file goes when it is imported, when newer ones come, when anybody is erased, and after a day when `serve` starts.
"""

from __future__ import annotations

import re
import secrets
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from leadwerk.errors import InputError
from leadwerk.private_files import private_folder
from leadwerk.texts.message import Message

MOST_UPLOADS = 3
"""Files hold personal data: a forgotten one goes when others come."""
LONGEST_NAME = 80
KEPT = timedelta(days=1)
_KEY = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True)
class Uploads:
    """The uploads under `folder`, each in a folder of its own that only the owner of the home may read."""

    folder: Path

    @classmethod
    def of_home(cls, home: Path) -> Uploads:
        """The uploads of a home."""
        return cls(home / "imports" / "uploads")

    def store(self, name: str, content: bytes) -> str:
        """Store a file and return its key; the oldest beyond MOST_UPLOADS are deleted."""
        key = secrets.token_hex(8)
        place = private_folder(self.folder / key)
        (place / file_name(name)).write_bytes(content)
        for old in sorted(self.folder.iterdir(), key=lambda path: path.stat().st_mtime_ns)[:-MOST_UPLOADS]:
            shutil.rmtree(old, ignore_errors=True)
        return key

    def path(self, key: str) -> Path:
        """The file under a key.

        Raises:
            InputError: there is no such file any more.
        """
        files = sorted((self.folder / key).glob("*")) if _KEY.fullmatch(key) else []
        if not files:
            raise InputError(Message("refusal.upload.gone"), field="file", value=key[:20])
        return files[0]

    def delete(self, key: str) -> None:
        """Delete a file; without it nothing happens."""
        if _KEY.fullmatch(key):
            shutil.rmtree(self.folder / key, ignore_errors=True)

    def delete_all(self) -> int:
        """Delete all files, as when somebody is erased who may stand in one; returns how many."""
        return _delete(self.folder.glob("*"))

    def delete_until(self, moment: datetime) -> int:
        """Delete the files that came up to `moment` (aware); returns how many."""
        return _delete(path for path in self.folder.glob("*") if _came_at(path) <= moment)


def _delete(folders: Iterable[Path]) -> int:
    uploads = [*folders]
    for upload in uploads:
        shutil.rmtree(upload)
    return len(uploads)


def _came_at(folder: Path) -> datetime:
    return datetime.fromtimestamp(folder.stat().st_mtime, UTC)


def file_name(name: str) -> str:
    """The last part of a browser's file name, without signs that paths or terminals read.

    >>> file_name("../../etc/passwd"), file_name("C:\\\\Leads\\\\März 2025.csv"), file_name("..")
    ('passwd', 'März 2025.csv', 'leads')
    """
    last = re.split(r"[\\/]", name)[-1]
    clean = "".join(sign for sign in last if sign.isprintable()).strip(" .")
    stem, dot, suffix = clean.rpartition(".")
    return f"{stem[:LONGEST_NAME]}{dot}{suffix[:10]}" if stem else clean[:LONGEST_NAME] or "leads"
