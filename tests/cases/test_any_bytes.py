"""Whatever is imported: either leads are stored, or the exit code is not 0 and nothing has changed."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, strategies as st

from leadwerk.cli.application import run
from leadwerk.warehouse.duckdb import DuckDBWarehouse
from leadwerk.warehouse.statement import from_text
from support.case_files import INPUTS, NOW, contents
from support.examples import examples

GOOD = (INPUTS / "38-import-without-a-lead" / "good.csv").read_bytes()
OPTIONS = ("--id", "Lead-Nr", "--outcome", "Status", "--positive", "Gewonnen", "--time", "Erstellt am")

PARTS = (b",", b"\n", b'"', b"-", b"L1", b"Status")
positions = st.integers(0, len(GOOD))
spoilt = st.one_of(
    st.binary(max_size=300),
    st.builds(
        lambda at, extra: GOOD[:at] + extra + GOOD[at:], st.integers(0, len(GOOD)), st.binary(min_size=1, max_size=40)
    ),
    st.builds(lambda at: GOOD[:at], st.integers(0, len(GOOD))),
    st.builds(
        lambda a, b: GOOD.replace(a, b),
        st.sampled_from([b",", b"\n", b'"', b"-", b"L1", b"Status"]),
        st.binary(max_size=3),
    ),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bytes")
    (folder / "good.csv").write_bytes(GOOD)
    assert run(["import", str(folder / "good.csv"), *OPTIONS, *NOW, "--home", str(folder / "home")]) == 0
    return folder


def stored(home: Path) -> int:
    return int(DuckDBWarehouse(home).rows(from_text("SELECT COUNT(*) AS leads FROM leadwerk.leads"), {})[0]["leads"])


@given(content=spoilt)
@examples(25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_leads_are_stored_or_nothing_has_changed(folder: Path, content: bytes) -> None:
    (folder / "spoilt.csv").write_bytes(content)
    before = contents(folder / "home")
    code = run(["import", str(folder / "spoilt.csv"), *OPTIONS, *NOW, "--home", str(folder / "home")])
    assert code in (0, 2)
    if code:
        assert contents(folder / "home") == before
    else:
        assert stored(folder / "home") > 0
