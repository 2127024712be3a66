"""The bill in the operations guide is computed from the statements of the code, and not written by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import cost

GUIDE = (Path(__file__).parents[2] / "docs" / "operations.md").read_text("utf-8")


@pytest.mark.slow
def test_the_table_of_the_guide_is_what_the_code_reads() -> None:
    assert f"\n{cost.table()}\n" in GUIDE
