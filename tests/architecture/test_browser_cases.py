"""The table of the browser's cases names tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

TESTS = Path(__file__).parents[1]


def test_every_case_names_tests_that_exist() -> None:
    table = (TESTS / "browser/README.md").read_text("utf-8")
    rows = [line for line in table.splitlines() if line.startswith("| ") and not line.startswith("| case")]
    existing = {
        name
        for room in ("browser", "functions")
        for file in (TESTS / room).glob("test_*.py")
        for name in re.findall(r"^def (test_\w+)", file.read_text("utf-8"), re.MULTILINE)
    }
    named = [re.findall("`(test_\\w+)`", row) for row in rows]
    assert all(named)
    assert sorted({name for names in named for name in names} - existing) == []
    assert [row.split(".")[0] for row in rows[:10]] == [f"| {number}" for number in range(1, 11)]
