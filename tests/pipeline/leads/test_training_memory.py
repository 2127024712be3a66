"""Of a long history a training reads in bounded memory: what does not fit is put on disk, and does not stay there."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime

import pytest

from leadwerk import policy as policies
from leadwerk.errors import OutOfMemory
from leadwerk.pipeline.leads.landmarks import read_labelled_rows, read_training_rows
from leadwerk.warehouse import duckdb_execution
from support.homes import home_warehouse

NOW = datetime(2026, 11, 29, tzinfo=UTC)
MOST_MEGABYTES = 540  # without the limit 637
MANY_ROWS = """
import sys
from pathlib import Path
from leadwerk.warehouse.duckdb import DuckDBWarehouse
warehouse = DuckDBWarehouse(Path(sys.argv[1]))
with warehouse.bounded_memory(), warehouse._connection(writing=True) as connection:
    connection.execute("SELECT COUNT(*) FROM (SELECT DISTINCT MD5(range::VARCHAR) FROM range(6000000))").fetchall()
print(next(int(line.split()[1]) // 1024 for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""


def settings(connection):
    return connection.execute("SELECT current_setting('memory_limit'), current_setting('threads')").fetchone()


@pytest.mark.slow
def test_millions_of_rows_are_read_in_bounded_memory(tmp_path):
    answer = subprocess.run(
        [sys.executable, "-c", MANY_ROWS, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert int(answer.stdout) < MOST_MEGABYTES


def test_training_reads_within_the_limit_and_others_do_not(tmp_path, monkeypatch):
    warehouse, during = home_warehouse(tmp_path), []
    with warehouse.unit_of_work(), warehouse._connection(writing=True) as connection:
        before = settings(connection)
        run = warehouse._run
        monkeypatch.setattr(warehouse, "_run", lambda *parts: (during.append(settings(connection)), run(*parts))[1])
        read_training_rows(warehouse, policies.load("mortgage"), NOW)
        assert {statement[0] for statement in during[:4]} == {"381.4 MiB"}
        assert settings(connection) == before != during[0]


def test_a_training_that_has_no_room_within_the_limit_reads_without_it(tmp_path, monkeypatch):
    warehouse, policy = home_warehouse(tmp_path), policies.load("mortgage")
    monkeypatch.setattr(duckdb_execution, "MEMORY_LIMIT", "1MB")
    with pytest.raises(OutOfMemory), warehouse.bounded_memory():
        read_labelled_rows(warehouse, policy, NOW)
    assert len(read_training_rows(warehouse, policy, NOW).landmarks.as_of) == 0


def test_a_killed_process_leaves_no_rows_on_disk(tmp_path):
    left = tmp_path / "warehouse.duckdb.tmp"
    left.mkdir()
    (left / "duckdb_temp_storage_DEFAULT-0.tmp").write_text("rows of a person")
    with home_warehouse(tmp_path).unit_of_work():
        assert not list(left.glob("*"))
