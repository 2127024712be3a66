"""The manifest of an export: its files with their hashes, and the rows of each table."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import msgspec

from leadwerk.errors import UNREADABLE_JSON, InputError
from leadwerk.texts.message import Message

FILE = "manifest.json"
BLOCK = 1 << 20


class ExportedFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file of an export; `rows` of a table's file."""

    path: str
    sha256: str
    rows: int | None = None


class ExportManifest(msgspec.Struct, frozen=True, kw_only=True):
    """An export as of `exported_at` (UTC) by a release; `format` is parquet or csv.

    `person_key_mark`: tells whether a deployment has the key of persons with which the exported hashes were made.
    """

    exported_at: datetime
    release: str
    format: str
    files: list[ExportedFile]
    person_key_mark: str = ""


def described(folder: Path, path: Path, rows: int | None = None) -> ExportedFile:
    """The entry of a file under `folder`."""
    return ExportedFile(path=path.relative_to(folder).as_posix(), sha256=_sha256(path), rows=rows)


def mark_of(person_key: str) -> str:
    """A keyed hash of nothing but a name: equal for equal keys, and no help to find the key."""
    return hmac.new(person_key.encode(), b"leadwerk export", hashlib.sha256).hexdigest()


def read(folder: Path) -> ExportManifest:
    """The manifest of an export, every file of it checked against its hash.

    Raises:
        InputError: there is no manifest, a file is missing or changed, or a path leads out of the folder.
    """
    file = folder / FILE
    try:
        manifest = msgspec.json.decode(file.read_bytes(), type=ExportManifest)
    except (OSError, *UNREADABLE_JSON) as error:
        raise InputError(Message("refusal.transfer.manifest", file=file), field="folder", value=str(folder)) from error
    for wrong in _violations(folder, manifest):
        raise InputError(wrong, field="folder", value=str(folder), remedy=Message("refusal.transfer.files"))
    return manifest


def _violations(folder: Path, manifest: ExportManifest) -> Iterator[str]:
    root = folder.resolve()
    for exported in manifest.files:
        path = (root / exported.path).resolve()
        if not path.is_relative_to(root):
            yield f"{exported.path} leads out of the export."
        elif not path.is_file():
            yield f"{exported.path} is missing."
        elif _sha256(path) != exported.sha256:
            yield f"{exported.path} is not the file that was exported."


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()
