"""The threat model names tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "threat-model.md").read_text("utf-8")


def test_each_safeguard_names_a_test_that_exists() -> None:
    rows = [row for row in PAGE.splitlines() if row.startswith("| ") and not row.startswith("| What could")]
    assert len(rows) > 15
    for row in rows:
        files = re.findall(r"`(tests/[\w/.]+)`", row)
        assert files, row
        assert [place for place in files if not (ROOT / place).exists()] == []
