"""The inputs of the cases, and what a home holds before and after."""

from __future__ import annotations

import hashlib
from pathlib import Path

INPUTS = Path(__file__).parents[1] / "cases" / "inputs"
NOW = ("--now", "2026-11-29T12:00:00Z")


def contents(folder: Path) -> dict[str, str]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file()) if folder.exists() else ()
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
