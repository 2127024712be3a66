"""Files of a home that docs/privacy.md does not name: nobody has said what an erasure does with them."""

from __future__ import annotations

import re
from fnmatch import fnmatch
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs/privacy.md"
SECTION = "## Files of a laptop's home"
BESIDE = (".lock", ".wal", ".sqlite-shm", ".sqlite-wal")
"""Endings of what lies beside a file or in a folder that is named."""


def named_files() -> list[str]:
    """The first column of the table, as patterns; a folder stands for all that is in it."""
    section = PAGE.read_text("utf-8").partition(SECTION)[2].partition("\n## ")[0]
    names = [
        name
        for row in section.splitlines()
        if row.startswith("| `")
        for name in re.findall("`(.+?)`", row.split("|")[1])
    ]
    return [f"{name}*" if name.endswith("/") else name for name in names]


def unnamed_files(home: Path) -> list[str]:
    """Files below `home` that no row of the table names."""
    patterns = named_files()
    files = [file.relative_to(home).as_posix() for file in home.rglob("*") if file.is_file()]
    return [
        file
        for file in sorted(files)
        if not any(fnmatch(file, pattern) for pattern in patterns) and not file.endswith(BESIDE)
    ]
