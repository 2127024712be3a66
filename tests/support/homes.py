"""Warehouses of tests, kept open between uses as a function keeps its own: opening the file takes ten times a query.

What opens and closes the file for each use is held by tests/warehouse, and by the tests that start processes.
"""

from __future__ import annotations

import threading
import weakref
from pathlib import Path

from leadwerk.warehouse.duckdb import DuckDBWarehouse

_OPENED: weakref.WeakSet[DuckDBWarehouse] = weakref.WeakSet()


def home_warehouse(home: Path) -> DuckDBWarehouse:
    """The warehouse of `home`, whose file stays open until the test ends or somebody else wants it."""
    warehouse = DuckDBWarehouse(home)
    warehouse.stay_open(for_few_rows=True)
    _OPENED.add(warehouse)
    return warehouse


def close_files() -> None:
    """Close what tests have left open."""
    for warehouse in list(_OPENED):
        warehouse._file.let_go()


def end_watches() -> None:
    """Wait for the threads that watch open files: one that is inside of DuckDB when Python ends takes it down."""
    for thread in threading.enumerate():
        if thread.name.startswith("leadwerk-duckdb-"):
            thread.join(5)
