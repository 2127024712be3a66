"""Rows are written alike, whether their values are of the usual types or looked at closely."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from enum import StrEnum

import msgspec
import pytest
from hypothesis import given, strategies as st

from leadwerk.errors import WarehouseError
from leadwerk.warehouse.json_rows import is_scalar, json_rows
from leadwerk.warehouse.schema import SCALARS, Field, Table


class Colour(StrEnum):
    RED = "red"


class LateDay(datetime):
    """A moment of another type than usual."""


ZURICH = timezone(timedelta(hours=1))
FIRST, LAST = datetime(1, 1, 3), datetime(9999, 12, 29)  # noqa: DTZ001  Hypothesis adds the zone
VALUES = st.one_of(
    st.datetimes(FIRST, LAST, timezones=st.sampled_from([None, UTC, ZURICH])),
    st.none(),
    st.booleans(),
    st.integers(-(2**64), 2**64),
    st.floats(),
    st.text(max_size=3),
    st.just(Colour.RED),
    st.dates(),
    st.just(LateDay(2026, 1, 2, tzinfo=ZURICH)),
)
KINDS = sorted(SCALARS)


@given(st.sampled_from(KINDS), st.sampled_from(["NULLABLE", "REQUIRED"]), VALUES)
def test_a_value_is_written_if_it_is_of_the_columns_type(kind: str, mode: str, value: object) -> None:
    table = Table("One x.", (Field("x", kind, mode),), name="t")
    fits = mode == "NULLABLE" if value is None else is_scalar(value, kind)
    if not fits:
        with pytest.raises(WarehouseError, match=r"t\[0\]\.x"):
            json_rows(table, [{"x": value}])
        return
    (row,) = json_rows(table, [{"x": value}])
    if isinstance(value, datetime):
        assert row["x"].endswith("+00:00")
        assert datetime.fromisoformat(row["x"]) == value
    elif isinstance(value, date):
        assert row["x"] == value.isoformat()
    else:
        assert row["x"] == value
    msgspec.json.encode(row)


TABLE = Table(
    "One x.",
    (
        Field("tags", "RECORD", "REPEATED", fields=(Field("name", "STRING", "REQUIRED"), Field("at", "TIMESTAMP"))),
        Field("place", "RECORD", fields=(Field("x", "FLOAT64"),)),
    ),
    name="t",
)
MOMENT = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.mark.parametrize("name", ["a", Colour.RED])
def test_records_are_written_whole(name: str) -> None:
    row = {"tags": [{"name": name, "at": MOMENT.astimezone(ZURICH)}, {"name": "b"}], "place": {"x": 1.5}}
    tags = [{"name": str(name), "at": MOMENT.isoformat()}, {"name": "b", "at": None}]
    assert json_rows(TABLE, [row, {}]) == [{"tags": tags, "place": {"x": 1.5}}, {"tags": [], "place": None}]


@pytest.mark.parametrize(
    ("row", "where"),
    [
        ({"tags": [{"name": "a"}, {"name": None}]}, r"t\[1\]\.tags\.name is required"),
        ({"tags": [{"name": "a", "colour": 1}]}, r"t\[1\]\.tags: there is no column 'colour'"),
        ({"tags": ["a"]}, r"t\[1\]\.tags: 'a' is no RECORD"),
        ({"place": {"x": float("nan")}}, r"t\[1\]\.place\.x: nan is no FLOAT64"),
        ({"stray": None}, r"t\[1\]: there is no column 'stray'"),
    ],
)
def test_what_is_wrong_is_named(row: dict[str, object], where: str) -> None:
    with pytest.raises(WarehouseError, match=where):
        json_rows(TABLE, [{}, row])
