"""Whatever is imported: either leads are stored, or the exit code is not 0 and nothing has changed."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, strategies as st

from leadwerk.cli.application import run
from leadwerk.warehouse.duckdb import DuckDBWarehouse
from leadwerk.warehouse.statement import from_text
from support.case_files import INPUTS, NOW, contents
from support.examples import examples
from support.workbooks import workbook

GOOD = (INPUTS / "38-import-without-a-lead" / "good.csv").read_bytes()
OPTIONS = ("--id", "Lead-Nr", "--outcome", "Status", "--positive", "Gewonnen", "--time", "Erstellt am")

ROWS = list(csv.reader(GOOD.decode().splitlines()))


def as_workbook() -> bytes:
    with TemporaryDirectory() as folder:
        return workbook(Path(folder) / "good.xlsx", {"Leads": [[*row] for row in ROWS]}).read_bytes()


def as_parquet() -> bytes:
    stream = io.BytesIO()
    pq.write_table(pa.table(dict(zip(ROWS[0], map(list, zip(*ROWS[1:], strict=True)), strict=True))), stream)
    return stream.getvalue()


def as_page() -> bytes:
    return f"<table>{''.join('<tr>' + ''.join(f'<td>{cell}' for cell in row) for row in ROWS)}</table>".encode()


FILES = (
    GOOD,
    GOOD.decode().encode("utf-16"),
    "\n".join(json.dumps(dict(zip(ROWS[0], row, strict=True))) for row in ROWS[1:]).encode(),
    as_page(),
    as_workbook(),
    as_parquet(),
)
PARTS = (b",", b"\n", b'"', b"-", b"L1", b"Status", b"{", b"<tr>", b"PK")


@st.composite
def spoilt(draw: st.DrawFn) -> bytes:
    """A good file of some kind that lost bytes, gained some, or has others in their place."""
    content = draw(st.sampled_from(FILES))
    at = draw(st.integers(0, len(content)))
    extra = draw(st.binary(min_size=1, max_size=40))
    part = draw(st.sampled_from(PARTS))
    until = draw(st.integers(at, min(at + 200, len(content))))
    return draw(
        st.sampled_from(
            [
                content,
                content[:at] + extra + content[at:],
                content[:at] + content[until:],
                content[:at],
                content.replace(part, extra[:3]),
                content.replace(part, extra[:3], 1),
            ]
        )
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bytes")
    (folder / "good.csv").write_bytes(GOOD)
    assert run(["import", str(folder / "good.csv"), *OPTIONS, *NOW, "--home", str(folder / "home")]) == 0
    return folder


def stored(home: Path) -> int:
    return int(DuckDBWarehouse(home).rows(from_text("SELECT COUNT(*) AS leads FROM leadwerk.leads"), {})[0]["leads"])


@given(content=spoilt() | st.binary(max_size=300))
@examples(40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_leads_are_stored_or_nothing_has_changed(folder: Path, content: bytes) -> None:
    (folder / "spoilt.csv").write_bytes(content)
    before = contents(folder / "home")
    code = run(["import", str(folder / "spoilt.csv"), *OPTIONS, *NOW, "--home", str(folder / "home")])
    assert code in (0, 2)
    if code:
        assert contents(folder / "home") == before
        assert run(["import", str(folder / "spoilt.csv"), *OPTIONS, *NOW, "--home", str(folder / "new")]) in (0, 2)
        assert not contents(folder / "new") or stored(folder / "new") > 0
    else:
        assert stored(folder / "home") > 0
