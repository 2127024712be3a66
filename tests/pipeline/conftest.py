"""An empty warehouse for the tests of a stage; where a module fills one, it has a fixture of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from leadwerk.warehouse.duckdb import DuckDBWarehouse
from support.homes import home_warehouse


@pytest.fixture
def warehouse(tmp_path: Path) -> DuckDBWarehouse:
    return home_warehouse(tmp_path)
