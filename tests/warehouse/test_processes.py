"""Several processes share the embedded warehouse: they wait for each other, and a killed one leaves no half day."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

import leadwerk
from leadwerk.errors import WarehouseBusy
from leadwerk.warehouse.duckdb import DuckDBWarehouse
from leadwerk.warehouse.statement import from_text

SHARED = str(Path(leadwerk.__file__).parents[1])
PROCESSES, ROWS_EACH = 4, 10
COUNT = from_text("SELECT COUNT(*) AS n, COUNT(DISTINCT source) AS sources FROM leadwerk.cursors")
APPENDING = f"""
import sys
from datetime import UTC, datetime
from pathlib import Path
from leadwerk.warehouse.duckdb import DuckDBWarehouse
warehouse = DuckDBWarehouse(Path(sys.argv[1]))
for number in range({ROWS_EACH}):
    moment = datetime(2026, 1, 1, microsecond=number, tzinfo=UTC)
    assert warehouse.append("cursors", [{{"source": sys.argv[2], "cursor": "c", "moved_at": moment}}]) == 1
"""
HOLDING = """
import sys, time
from pathlib import Path
from leadwerk.warehouse.duckdb import DuckDBWarehouse
with DuckDBWarehouse(Path(sys.argv[1])).unit_of_work():
    print("held", flush=True)
    time.sleep(60)
"""
DAY = date(2026, 3, 1)
EVENTS = 300_000
REPLACE_DAY = f"""
-- @first_day DATE
-- @kind STRING
SELECT CAST(number AS STRING) AS event_id, 'L' AS lead_id, @first_day AS day, TIMESTAMP(@first_day) AS occurred_at,
  TIMESTAMP(@first_day) AS recorded_at, @kind AS kind
FROM UNNEST(GENERATE_ARRAY(1, {EVENTS})) AS number
"""
REPLACING = """
import sys
from datetime import date
from pathlib import Path
from leadwerk.warehouse.duckdb import DuckDBWarehouse
from leadwerk.warehouse.statement import from_text
warehouse = DuckDBWarehouse(Path(sys.argv[1]))
day = date(2026, 3, 1)
print("begins", flush=True)
warehouse.replace_days("touchpoints", day, day, from_text(sys.argv[2]), {"kind": "new"})
print("done", flush=True)
"""


def start(script: str, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", script, *arguments]
    return subprocess.Popen(command, env={**os.environ, "PYTHONPATH": SHARED}, stdout=subprocess.PIPE, text=True)


@pytest.mark.slow
def test_four_processes_append_at_once_and_nothing_is_lost(tmp_path: Path) -> None:
    running = [start(APPENDING, str(tmp_path), f"p{number}") for number in range(PROCESSES)]
    for process in running:
        process.communicate(timeout=60)
    assert [process.returncode for process in running] == [0] * PROCESSES
    [counted] = DuckDBWarehouse(tmp_path).rows(COUNT, {})
    assert counted == {"n": PROCESSES * ROWS_EACH, "sources": PROCESSES}


def test_who_waits_too_long_is_told_that_it_is_busy(tmp_path: Path) -> None:
    holder = start(HOLDING, str(tmp_path))
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        begun = time.monotonic()
        with pytest.raises(WarehouseBusy, match="another process") as failure:
            DuckDBWarehouse(tmp_path, wait_seconds=0.3).rows(COUNT, {})
        assert failure.value.retryable
        assert 0.2 < time.monotonic() - begun < 5
    finally:
        holder.kill()
        holder.communicate()
    assert DuckDBWarehouse(tmp_path).rows(COUNT, {}) == [{"n": 0, "sources": 0}]


@pytest.mark.parametrize("pause", [0.0, 0.05, 0.15, 0.3, 0.5])
def test_a_process_killed_while_it_replaces_a_day_leaves_the_old_or_the_new(tmp_path: Path, pause: float) -> None:
    moment = datetime(2026, 3, 1, tzinfo=UTC)
    old = {"lead_id": "L", "day": DAY, "occurred_at": moment, "recorded_at": moment, "kind": "old"}
    DuckDBWarehouse(tmp_path).append("touchpoints", [{**old, "event_id": f"o{number}"} for number in range(3)])
    process = start(REPLACING, str(tmp_path), REPLACE_DAY)
    assert process.stdout is not None
    process.stdout.readline()
    time.sleep(pause)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    kinds = from_text("SELECT kind, COUNT(*) AS n FROM leadwerk.touchpoints GROUP BY kind")
    [event_kinds] = DuckDBWarehouse(tmp_path).rows(kinds, {})
    assert event_kinds in ({"kind": "old", "n": 3}, {"kind": "new", "n": EVENTS})
