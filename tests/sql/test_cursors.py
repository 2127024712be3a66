"""cursors/latest: the same row on Google's reference evaluator and on DuckDB."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, strategies as st

from leadwerk.warehouse.statement import statement
from sql.reference import analyse, assert_engines_agree
from support.examples import examples

NEWEST = statement("cursors/latest")
START = datetime(2026, 3, 29, 0, 59, 59, 999_999, tzinfo=UTC)


def test_the_statement_passes_googles_analyser() -> None:
    assert analyse(NEWEST) == {"cursor": "STRING", "moved_at": "TIMESTAMP"}


@examples(20)
@given(
    st.lists(
        st.builds(
            lambda source, cursor, step: {
                "source": source, "cursor": cursor, "moved_at": START + timedelta(microseconds=step),
            },
            st.sampled_from(["boma.cases", "hubspot.deals"]),
            st.sampled_from(["", "7", "Zoë", "a'b\\c"]),
            st.integers(0, 3),
        ),
        max_size=6,
    )
)  # fmt: skip
def test_both_engines_find_the_last_move(rows: list[dict[str, Any]]) -> None:
    latest = assert_engines_agree(NEWEST, {"source": "boma.cases"}, {"cursors": rows})
    moves = [row for row in rows if row["source"] == "boma.cases"]
    assert len(latest) == bool(moves)
    assert all(latest[0]["moved_at"] >= row["moved_at"] for row in moves)
