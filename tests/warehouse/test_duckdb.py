"""The embedded engine keeps the promises of the port."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext, suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, strategies as st

from leadwerk.errors import WarehouseBusy, WarehouseError
from leadwerk.warehouse import duckdb_prepared, schema
from leadwerk.warehouse.create_tables import create_tables
from leadwerk.warehouse.duckdb import DuckDBWarehouse
from leadwerk.warehouse.duckdb_file import IDLE_SECONDS
from leadwerk.warehouse.statement import from_text
from support.examples import examples
from support.generated_rows import rows_of

TODAY = date(2026, 3, 29)
NOON = datetime(2026, 3, 29, 12, tzinfo=UTC)
ALL_TOUCHPOINTS = from_text(
    "SELECT event_id, lead_id, day, occurred_at, recorded_at, kind FROM leadwerk.touchpoints ORDER BY event_id"
)
TOUCHPOINTS_FROM_OUTCOMES = from_text(
    """
    -- @first_day DATE
    -- @last_day DATE
    SELECT event_id, lead_id, day, occurred_at, recorded_at, status AS kind
    FROM leadwerk.outcomes WHERE day BETWEEN @first_day AND @last_day
    """
)


@pytest.fixture
def warehouse(tmp_path: Path) -> DuckDBWarehouse:
    return DuckDBWarehouse(tmp_path)


def touchpoint(event_id: str, day: date = TODAY, kind: str = "call") -> dict[str, object]:
    moment = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    return {
        "event_id": event_id, "lead_id": "L1", "day": day, "occurred_at": moment, "recorded_at": moment, "kind": kind,
    }  # fmt: skip


def test_what_was_appended_is_read_back(warehouse: DuckDBWarehouse) -> None:
    assert warehouse.append("touchpoints", [touchpoint("a")]) == 1
    assert warehouse.rows(ALL_TOUCHPOINTS, {}) == [touchpoint("a")]


def test_an_import_gives_threads_back(warehouse: DuckDBWarehouse) -> None:
    rows = pa.table({"event_id": ["import.1"], "lead_id": ["L1"], "recorded_at": [NOON], "created_at": [NOON]})
    rows = rows.append_column("web_consent", pa.array([False]))
    # A second connection of this process shares the settings of the first.
    with warehouse.unit_of_work(), duckdb.connect(str(warehouse.home / "warehouse.duckdb")) as connection:
        connection.execute("SET threads = 3")
        assert warehouse.replace_imported(pa.array(["L1"]), {"leads": [rows]}, lambda: None) == {"leads": 1}
        assert connection.execute("SELECT current_setting('threads')").fetchone() == (3,)


def test_the_same_key_twice_is_one_row(warehouse: DuckDBWarehouse) -> None:
    assert warehouse.append("touchpoints", [touchpoint("a"), touchpoint("a", kind="chat")]) == 1
    assert warehouse.append("touchpoints", [touchpoint("a"), touchpoint("b")]) == 1
    assert [row["kind"] for row in warehouse.rows(ALL_TOUCHPOINTS, {})] == ["call", "call"]


def test_nested_rows_survive(warehouse: DuckDBWarehouse) -> None:
    lead = {
        "event_id": "e", "lead_id": "L", "recorded_at": NOON, "created_at": NOON, "web_consent": True,
        "attributes": [{"name": "plan", "text": "Zürich's \"best\""}, {"name": "age", "number": 4.5}],
    }  # fmt: skip
    warehouse.append("leads", [lead])
    [row] = warehouse.rows(from_text("SELECT attributes, income FROM leadwerk.leads"), {})
    assert row == {
        "attributes": [
            {"name": "plan", "text": 'Zürich\'s "best"', "number": None},
            {"name": "age", "text": None, "number": 4.5},
        ],
        "income": None,
    }


@pytest.mark.parametrize(
    "spoiled",
    [
        {"nonsense": 1},
        {"kind": None},
        {"kind": 3},
        {"occurred_at": datetime(2026, 1, 1)},  # noqa: DTZ001
        {"day": NOON},
    ],
)
def test_a_wrong_row_is_refused_before_anything_is_written(
    warehouse: DuckDBWarehouse, spoiled: dict[str, object]
) -> None:
    with pytest.raises(WarehouseError, match=r"touchpoints\[1\]"):
        warehouse.append("touchpoints", [touchpoint("a"), {**touchpoint("b"), **spoiled}])
    assert warehouse.rows(ALL_TOUCHPOINTS, {}) == []


def test_replacing_days_leaves_the_others(warehouse: DuckDBWarehouse) -> None:
    first, second, third = date(2026, 3, 1), date(2026, 3, 2), date(2026, 3, 3)
    outcomes = [{**touchpoint(f"o{day}", day), "status": "new", "outcome": "open"} for day in (first, second, third)]
    for outcome in outcomes:
        del outcome["kind"]
    warehouse.append("outcomes", outcomes)
    warehouse.append("touchpoints", [touchpoint("old1", first), touchpoint("old2", second), touchpoint("old3", third)])
    assert warehouse.replace_days("touchpoints", second, third, TOUCHPOINTS_FROM_OUTCOMES, {}) == 2
    assert [row["event_id"] for row in warehouse.rows(ALL_TOUCHPOINTS, {})] == ["o2026-03-02", "o2026-03-03", "old1"]
    assert warehouse.replace_days("touchpoints", second, third, TOUCHPOINTS_FROM_OUTCOMES, {}) == 2


def test_a_failing_statement_leaves_the_days_as_they_were(warehouse: DuckDBWarehouse) -> None:
    warehouse.append("touchpoints", [touchpoint("a")])
    broken = from_text("SELECT DATE '2026-03-29' AS day, CAST('x' AS INT64) AS event_id")
    with pytest.raises(WarehouseError):
        warehouse.replace_days("touchpoints", TODAY, TODAY, broken, {})
    assert len(warehouse.rows(ALL_TOUCHPOINTS, {})) == 1


def test_a_frame_keeps_whole_sums_whole_and_times_aware(warehouse: DuckDBWarehouse) -> None:
    warehouse.append("touchpoints", [touchpoint("a")])
    frame = warehouse.frame(from_text("SELECT SUM(1) AS n, MAX(occurred_at) AS latest FROM leadwerk.touchpoints"), {})
    assert str(frame["n"].dtype) == "int64"
    assert frame["latest"][0] == NOON


@pytest.mark.parametrize("text", ["a\0b", "\0", "'\0'; DROP TABLE leadwerk.leads --", "$first_day \u202e💥"])
def test_any_text_is_a_parameter(warehouse: DuckDBWarehouse, text: str) -> None:
    statement_with_parameters = from_text(
        "-- @one STRING\n-- @many ARRAY<STRING>\nSELECT @one AS one, x AS other FROM UNNEST(@many) AS x"
    )
    assert warehouse.rows(statement_with_parameters, {"one": text, "many": [text]}) == [{"one": text, "other": text}]


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DuckDBWarehouse]:
    warehouse = DuckDBWarehouse(tmp_path_factory.mktemp("opened"))
    with warehouse.unit_of_work():
        yield warehouse


@pytest.mark.parametrize("target", schema.own_tables(), ids=lambda target: target.name)
@examples(10)
@given(data=st.data())
def test_rows_of_any_table_are_read_back_unchanged(
    target: schema.Table, opened: DuckDBWarehouse, data: st.DataObject
) -> None:
    def key(row: dict[str, Any]) -> tuple[Any, ...]:
        return tuple(row[name] for name in target.key)

    rows = data.draw(st.lists(rows_of(target.fields), min_size=1, max_size=4, unique_by=key))
    with opened._connection(writing=True) as connection:
        connection.execute(f"DELETE FROM leadwerk.{target.name}")
    assert opened.append(target.name, rows[1:]) == len(rows) - 1
    assert opened.append(target.name, rows) == 1
    stored = opened.rows(from_text(f"SELECT * FROM leadwerk.{target.name}"), {})
    if schema.is_stamped(target):
        rows = [row | {schema.STORED_AT: None} for row in rows]
        stored = [row | {schema.STORED_AT: None} for row in stored if row[schema.STORED_AT]]
    assert {key(row): row for row in stored} == {key(row): row for row in rows}
    assert len(stored) == len(rows)


@pytest.mark.slow
def test_a_row_longer_than_any_object_that_duckdb_takes_by_itself_is_stored(warehouse: DuckDBWarehouse) -> None:
    long = touchpoint("a", kind="é" * (1 << 23) + "!")
    assert warehouse.append("touchpoints", [touchpoint("b"), long]) == 2
    assert warehouse.rows(ALL_TOUCHPOINTS, {}) == [long, touchpoint("b")]


def test_where_no_file_can_be_written_nothing_is_and_the_remedy_is_named(
    warehouse: DuckDBWarehouse,
) -> None:
    (warehouse.home / "appending").write_text("a file where the folder should be")
    with pytest.raises(WarehouseError, match="touchpoints: rows cannot be written") as refused:
        warehouse.append("touchpoints", [touchpoint("a")])
    assert "LEADWERK_HOME" in str(refused.value.remedy)
    assert warehouse.rows(ALL_TOUCHPOINTS, {}) == []


def test_no_rows_are_left_in_files(warehouse: DuckDBWarehouse) -> None:
    warehouse.append("touchpoints", [touchpoint("a")])
    assert list((warehouse.home / "appending").iterdir()) == []


@pytest.mark.parametrize("kind", ["a\0b", "\0", "'\0'"])
def test_any_text_is_a_value(warehouse: DuckDBWarehouse, kind: str) -> None:
    warehouse.append("touchpoints", [touchpoint("a", kind=kind)])
    assert warehouse.rows(ALL_TOUCHPOINTS, {}) == [touchpoint("a", kind=kind)]


def test_a_unit_of_work_sees_its_own_writes(warehouse: DuckDBWarehouse) -> None:
    with warehouse.unit_of_work():
        warehouse.append("touchpoints", [touchpoint("a")])
        with warehouse.unit_of_work():
            assert len(warehouse.rows(ALL_TOUCHPOINTS, {})) == 1
    assert len(warehouse.rows(ALL_TOUCHPOINTS, {})) == 1


def test_without_an_export_there_are_no_export_tables(warehouse: DuckDBWarehouse) -> None:
    assert warehouse.export_tables() == []


def test_a_file_that_has_all_columns_is_only_looked_at() -> None:
    with duckdb.connect() as connection:
        create_tables(connection)
        create_tables(connection)
        connection.execute("BEGIN TRANSACTION READ ONLY")
        create_tables(connection)
        connection.execute("COMMIT")


def test_a_file_whose_tables_cannot_all_be_made_has_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fields = (schema.Field("a", "STRING"), schema.Field("a", "STRING"))
    odd = schema.Table(name="zebras", description="", fields=fields)
    monkeypatch.setattr(schema, "own_tables", lambda: (schema.table("leads"), odd))
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as connection, pytest.raises(duckdb.Error):
        create_tables(connection)
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as connection:
        assert connection.execute("SELECT table_name FROM duckdb_tables()").fetchall() == []


@pytest.mark.slow
def test_a_file_of_an_older_version_gains_the_columns_that_came_since(tmp_path: Path) -> None:
    old = DuckDBWarehouse(tmp_path)
    old.append("touchpoints", [touchpoint("a")])
    with old._connection(writing=True) as connection:
        connection.execute("ALTER TABLE leadwerk.leads DROP COLUMN account_id")
        connection.execute("ALTER TABLE leadwerk.leads DROP COLUMN attributes")
        connection.execute("DROP TABLE leadwerk.picks")
    lead = {"event_id": "e", "lead_id": "1", "recorded_at": NOON, "created_at": NOON, "web_consent": True}
    stored_lead = {"account_id": "muster-ag.ch", "attributes": [{"name": "branch", "text": "IT", "number": None}]}
    young = DuckDBWarehouse(tmp_path)
    assert young.append("leads", [lead | stored_lead]) == 1
    [lead_row] = young.rows(from_text("SELECT account_id, attributes FROM leadwerk.leads"), {})
    assert lead_row == stored_lead
    assert young.rows(ALL_TOUCHPOINTS, {}) == [touchpoint("a")]
    assert young.rows(from_text("SELECT * FROM leadwerk.picks"), {}) == []


@pytest.mark.parametrize("ends_it", [KeyboardInterrupt, SystemExit, WarehouseError("full")])
def test_whatever_ends_a_replacement_its_days_stay_as_they_were(
    warehouse: DuckDBWarehouse, monkeypatch: pytest.MonkeyPatch, ends_it: type[BaseException] | BaseException
) -> None:
    warehouse.append("touchpoints", [touchpoint("e1")])

    def stopped(result: object) -> int:
        raise ends_it

    monkeypatch.setattr("leadwerk.warehouse.duckdb.changed_rows", stopped)
    with warehouse.unit_of_work():
        with pytest.raises(BaseException):  # noqa: B017  whatever it is
            warehouse.replace_days("touchpoints", TODAY, TODAY, TOUCHPOINTS_FROM_OUTCOMES, {})
        assert [row["event_id"] for row in warehouse.rows(ALL_TOUCHPOINTS, {})] == ["e1"]


BLOCK_BYTES = 262_144  # of DuckDB's files


@pytest.fixture(scope="module")
def full_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a warehouse with some blocks of rows."""
    warehouse = DuckDBWarehouse(tmp_path_factory.mktemp("full"))
    warehouse.append("touchpoints", [touchpoint(f"e{number}", kind=f"call {number}") for number in range(30_000)])
    return warehouse.home / "warehouse.duckdb"


@pytest.fixture
def full(tmp_path: Path, full_file: Path) -> DuckDBWarehouse:
    shutil.copy(full_file, tmp_path)
    return DuckDBWarehouse(tmp_path, wait_seconds=5.0)


@pytest.mark.parametrize("seed", range(6))
def test_a_damaged_file_is_called_damaged_at_once(full: DuckDBWarehouse, seed: int) -> None:
    file, random = full.home / "warehouse.duckdb", Random(seed)
    damaged = bytearray(file.read_bytes())
    for _ in range(300):
        damaged[random.randrange(len(damaged))] ^= 0xFF
    file.write_bytes(damaged)
    started = time.monotonic()
    with pytest.raises(WarehouseError) as caught:
        full.rows(ALL_TOUCHPOINTS, {})
    assert not isinstance(caught.value, WarehouseBusy)
    assert caught.value.remedy.startswith("Restore it from a backup")
    assert time.monotonic() - started < 4


def test_a_block_that_only_a_query_reads_is_called_damaged_too(full: DuckDBWarehouse) -> None:
    file = full.home / "warehouse.duckdb"
    content = file.read_bytes()
    for block in range(BLOCK_BYTES // 2, len(content), BLOCK_BYTES):
        file.write_bytes(content[:block] + bytes([content[block] ^ 0xFF]) + content[block + 1 :])
        with suppress(WarehouseError):
            full.rows(from_text("SELECT COUNT(*) AS n FROM leadwerk.leads"), {})
            break
    else:
        pytest.fail("no damage that opening the file does not see")
    with pytest.raises(WarehouseError, match=r"Corrupt database file.*Restore it from a backup"):
        full.rows(ALL_TOUCHPOINTS, {})
    with pytest.raises(WarehouseError, match=r"Corrupt database file.*Restore it from a backup"):
        full.frame(ALL_TOUCHPOINTS, {})


def test_two_warehouses_on_one_folder_wait_for_each_other(tmp_path: Path) -> None:
    writer, reader = DuckDBWarehouse(tmp_path), DuckDBWarehouse(tmp_path)
    writer.append("touchpoints", [touchpoint("a")])
    reader.rows(ALL_TOUCHPOINTS, {})
    inside, done = threading.Event(), threading.Event()

    def write() -> None:
        with writer.unit_of_work():
            inside.set()
            done.wait(0.5)
            writer.append("touchpoints", [touchpoint("b")])

    thread = threading.Thread(target=write)
    thread.start()
    assert inside.wait(5)
    assert len(reader.rows(ALL_TOUCHPOINTS, {})) == 2
    thread.join()


OUTSIDE = {
    "reads a file": "SELECT * FROM read_text('{file}')",
    "writes a file": "COPY (SELECT 1) TO '{file}.csv'",
    "opens a file": "ATTACH '{file}.duckdb' AS other",
    "exports all": "EXPORT DATABASE '{file}.folder'",
    "loads code": "LOAD '{file}.duckdb_extension'",
    "frees itself": "SET enable_external_access = true",
    "frees a file": "SET allowed_paths = ['{file}']",
}


@pytest.mark.parametrize("sql", OUTSIDE.values(), ids=OUTSIDE)
@pytest.mark.parametrize("writing", [True, False])
def test_no_statement_reaches_a_file_outside(tmp_path: Path, sql: str, writing: bool) -> None:
    file = tmp_path / "secret"
    file.write_text("secret")
    warehouse = DuckDBWarehouse(tmp_path / "home")
    warehouse.rows(ALL_TOUCHPOINTS, {})
    with warehouse._connection(writing=writing) as connection, pytest.raises(duckdb.Error):
        connection.execute(sql.format(file=file)).fetchall()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home", "secret"]


def test_a_view_in_a_file_from_elsewhere_reaches_nothing(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as connection:
        connection.execute("CREATE SCHEMA leadwerk")
        connection.execute(f"CREATE VIEW leadwerk.secrets AS SELECT content FROM read_text('{tmp_path}/secret')")
    with pytest.raises(WarehouseError, match="disabled"):
        DuckDBWarehouse(tmp_path).rows(from_text("SELECT * FROM leadwerk.secrets"), {})


@pytest.mark.parametrize("writing", [True, False])
def test_the_export_is_reached_in_a_folder_of_any_name(tmp_path: Path, writing: bool) -> None:
    home = tmp_path / 'Anna\'s home; "x"'
    home.mkdir()
    export = duckdb.connect(str(home / "ga4.duckdb"))
    export.execute("CREATE TABLE events_20260101 (a INTEGER)")
    export.close()
    warehouse = DuckDBWarehouse(home)
    warehouse.append("touchpoints", [touchpoint("a")])
    with warehouse.unit_of_work() if writing else nullcontext():
        assert warehouse.export_tables() == ["events_20260101"]


def _translation_folder(warehouse: DuckDBWarehouse) -> Path:
    [file] = (warehouse.home / "translations").glob("*.sql")
    return file


SPOILT = {
    "empty": lambda text: "",
    "half": lambda text: text[: len(text) // 2],
    "only the first line": lambda text: text.partition("\n")[0],
    "another statement": lambda text: text.replace("touchpoints", "leads"),
    "one more statement": lambda text: text + "; DROP TABLE leadwerk.touchpoints",
    "without the first line": lambda text: text.partition("\n")[2],
    "of an older version": lambda text: "SELECT 7 AS seven",
}


@pytest.mark.parametrize("spoil", SPOILT.values(), ids=SPOILT)
def test_a_kept_translation_that_was_changed_is_made_anew(
    warehouse: DuckDBWarehouse, spoil: Callable[[str], str]
) -> None:
    warehouse.append("touchpoints", [touchpoint("a")])
    warehouse.rows(ALL_TOUCHPOINTS, {})
    good = _translation_folder(warehouse).read_text()
    _translation_folder(warehouse).write_text(spoil(good))
    assert DuckDBWarehouse(warehouse.home).rows(ALL_TOUCHPOINTS, {}) == [touchpoint("a")]
    assert _translation_folder(warehouse).read_text() == good


def test_a_kept_translation_that_is_no_text_is_made_anew(warehouse: DuckDBWarehouse) -> None:
    warehouse.rows(ALL_TOUCHPOINTS, {})
    _translation_folder(warehouse).write_bytes(b"\xff\xfe\0")
    assert warehouse.rows(ALL_TOUCHPOINTS, {}) == []


def test_where_translations_cannot_be_kept_statements_run_all_the_same(warehouse: DuckDBWarehouse) -> None:
    (warehouse.home / "translations").write_text("a file where the folder should be")
    assert warehouse.rows(ALL_TOUCHPOINTS, {}) == []


def test_a_statement_is_translated_once_for_all_warehouses_and_kept_by_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    statement = from_text("SELECT COUNT(*) AS translated_once FROM leadwerk.leads")
    first, other = DuckDBWarehouse(tmp_path / "one"), DuckDBWarehouse(tmp_path / "other")
    assert first.rows(statement, {}) == [{"translated_once": 0}]

    def twice(_: object) -> str:
        raise AssertionError("translated twice")

    monkeypatch.setattr("leadwerk.warehouse.dialect.translate", twice)
    assert other.rows(statement, {}) == [{"translated_once": 0}]
    [translation], [also_kept] = ((home / "translations").glob("*.sql") for home in (first.home, other.home))
    assert (translation.name, translation.read_text()) == (also_kept.name, also_kept.read_text())


def test_the_moment_of_writing_is_the_clocks_whatever_the_row_says(warehouse: DuckDBWarehouse) -> None:
    before = datetime.now(UTC)
    link = {"visitor_id": "V", "lead_id": "L", "linked_at": NOON, "source": "form", "stored_at": NOON}
    assert warehouse.append("identities", [link]) == 1
    [row] = warehouse.rows(from_text("SELECT linked_at, stored_at FROM leadwerk.identities"), {})
    assert (row["linked_at"], before <= row["stored_at"] <= datetime.now(UTC)) == (NOON, True)


LEADS_AS_OF = from_text(
    "-- @lead_ids ARRAY<STRING>\n-- @as_of TIMESTAMP\n-- @most INT64\n"
    "SELECT lead_id FROM leadwerk.identities WHERE lead_id IN UNNEST(@lead_ids) AND linked_at <= @as_of"
    " ORDER BY lead_id LIMIT 9"
)


@pytest.mark.slow
def test_a_file_that_stays_open_answers_each_question_as_one_that_is_opened_for_it(tmp_path: Path) -> None:
    plain, serving = DuckDBWarehouse(tmp_path), DuckDBWarehouse(tmp_path)
    serving.stay_open(for_few_rows=True)
    links = [{"visitor_id": f"v{n}", "lead_id": f"l{n}", "linked_at": NOON, "source": "form"} for n in range(4)]
    plain.append("identities", links)
    questions = [
        {"lead_ids": leads, "as_of": NOON + timedelta(hours=hours), "most": 9}
        for hours in (0, -1, 1)
        for leads in (["l1"], ["l2", "l3"], [], ["l0", "nobody's"], ["l1"])
    ]
    expected = [plain.rows(LEADS_AS_OF, question) for question in questions]
    assert [serving.rows(LEADS_AS_OF, question) for question in questions] == expected
    serving._file.let_go()
    assert [serving.rows(LEADS_AS_OF, question) for question in questions] == expected


def test_what_a_unit_of_work_writes_after_it_deleted_is_kept(warehouse: DuckDBWarehouse, tmp_path: Path) -> None:
    warehouse.append("touchpoints", [touchpoint("deleted-touchpoint"), touchpoint("kept")])
    with warehouse.unit_of_work():
        warehouse.delete("touchpoints", "event_id", ["deleted-touchpoint"], moment="recorded_at", until=NOON)
        warehouse.overwrite_deleted()
        warehouse.append("touchpoints", [touchpoint("later")])
    assert [row["event_id"] for row in warehouse.rows(ALL_TOUCHPOINTS, {})] == ["kept", "later"]
    assert b"deleted-touchpoint" not in (tmp_path / "warehouse.duckdb").read_bytes()


LINK_OF_LEAD = from_text(
    "-- @lead_id STRING\n-- @as_of TIMESTAMP\n"
    "SELECT visitor_id FROM leadwerk.identities WHERE lead_id = @lead_id AND linked_at <= @as_of"
)


def test_a_file_that_stays_open_keeps_no_statement_for_each_lead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(duckdb_prepared, "SEEN", 20)
    monkeypatch.setattr(duckdb_prepared, "USES", 5)
    serving = DuckDBWarehouse(tmp_path)
    serving.stay_open(for_few_rows=True)
    serving.append("identities", [{"visitor_id": "v1", "lead_id": "l1", "linked_at": NOON, "source": "form"}])
    link = [{"visitor_id": "v1"}]
    for lead in range(60):
        once = {"lead_id": f"l{lead}", "as_of": NOON + timedelta(hours=1)}
        assert [serving.rows(LINK_OF_LEAD, once) for _ in range(3)] == [link if lead == 1 else []] * 3
    for _ in range(30):
        assert serving.rows(LINK_OF_LEAD, {"lead_id": "l1", "as_of": NOON}) == link
    prepared = serving._prepared
    assert prepared is not None and len(prepared._uses) <= 20
    with serving._connection(writing=False) as connection:
        [(tables,)] = connection.execute("SELECT COUNT(*) FROM duckdb_tables() WHERE temporary").fetchall()
        [(statements,)] = connection.execute("SELECT COUNT(*) FROM duckdb_prepared_statements()").fetchall()
    assert (tables, statements) == (len(prepared._names), len(prepared._names))


HOLDS_ASKED = {
    "beyond the largest": "SELECT hot FROM leadwerk.threshold_holds WHERE set_at <= @as_of AND hot > 60",
    "below the smallest": "SELECT hot FROM leadwerk.threshold_holds WHERE set_at <= @as_of AND hot < 30",
    "up to the largest": "SELECT hot FROM leadwerk.threshold_holds WHERE set_at <= @as_of AND hot <= 50",
    "without a value": "SELECT hot FROM leadwerk.threshold_holds WHERE set_at <= @as_of AND hot IS NULL",
    "with a value": "SELECT hot FROM leadwerk.threshold_holds WHERE set_at <= @as_of AND hot IS NOT NULL",
    "of each pool": "SELECT hot, COUNT(*) AS n FROM leadwerk.threshold_holds WHERE set_at <= @as_of GROUP BY hot",
    "the latest": "SELECT seller_pool, hot FROM leadwerk.threshold_holds WHERE set_at <= @as_of"
    " QUALIFY ROW_NUMBER() OVER (PARTITION BY seller_pool ORDER BY set_at DESC) = 1",
}


@pytest.mark.slow
def test_rows_beyond_those_a_statement_was_planned_for_are_found(tmp_path: Path) -> None:
    """DuckDB's planner drops filters that the rows of its day fulfil: a kept plan must not rest on them."""
    serving = DuckDBWarehouse(tmp_path)
    serving.stay_open(for_few_rows=True)

    def held(number: int, hot: int | None) -> dict[str, Any]:
        at = NOON + timedelta(minutes=number)
        words = {"author": "Eva", "reason": "fair"}
        return {"set_at": at, "basis": "points", "seller_pool": f"p{number % 3}", "hot": hot, "until": None, **words}

    questions = {name: from_text(f"-- @as_of TIMESTAMP\n{query}") for name, query in HOLDS_ASKED.items()}
    evening = {"as_of": NOON + timedelta(hours=6)}

    def answers(warehouse: DuckDBWarehouse) -> dict[str, list[str]]:
        return {name: sorted(map(str, warehouse.rows(query, evening))) for name, query in questions.items()}

    for first in ([], [held(1, 40), held(2, 50)], [held(3, 90), held(4, None), held(5, -7), held(6, 2_000_000)]):
        serving.append("threshold_holds", first)
        kept = [answers(serving) for _ in range(3)]
        serving._file.let_go()
        assert kept == [answers(DuckDBWarehouse(tmp_path))] * 3
        answers(serving), answers(serving)


def test_who_keeps_the_file_open_lets_go_as_soon_as_another_waits(tmp_path: Path) -> None:
    serving, other = DuckDBWarehouse(tmp_path), DuckDBWarehouse(tmp_path, wait_seconds=10)
    serving.stay_open(for_few_rows=True)
    for turn in range(3):
        links = [{"visitor_id": f"v{turn}", "lead_id": "l", "linked_at": NOON, "source": "form"}]
        assert serving.append("identities", links) == 1
        started = time.monotonic()
        assert len(other.rows(from_text("SELECT visitor_id FROM leadwerk.identities"), {})) == turn + 1
        assert time.monotonic() - started < IDLE_SECONDS
    assert not any((tmp_path / "waiting").iterdir())


def _is_watched(warehouse: DuckDBWarehouse) -> bool:
    """Whether the thread still runs that closes the file; it ends after the connection is closed."""
    return any(thread.name == warehouse._file._watch_name for thread in threading.enumerate())


def test_a_file_that_nobody_uses_is_closed_though_nobody_notes_that_he_waits(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("leadwerk.warehouse.duckdb_file.IDLE_SECONDS", 0.05)
    serving = DuckDBWarehouse(tmp_path)
    serving.stay_open(for_few_rows=True)
    serving.rows(from_text("SELECT 1 AS n"), {})
    until = time.monotonic() + 5
    while (serving._file._idle is not None or _is_watched(serving)) and time.monotonic() < until:
        time.sleep(0.01)
    with duckdb.connect(str(tmp_path / "warehouse.duckdb"), read_only=True) as connection:
        assert connection.execute("SELECT COUNT(*) FROM leadwerk.scores").fetchone() == (0,)


ENDS_WITH_A_FILE_OPEN = """
import atexit, sys
from pathlib import Path

atexit.register(lambda: print(warehouse._file._idle))  # registered first, so run last
from leadwerk.warehouse.duckdb import DuckDBWarehouse
from leadwerk.warehouse.statement import from_text

warehouse = DuckDBWarehouse(Path(sys.argv[1]))
warehouse.stay_open(for_few_rows=True)
warehouse.rows(from_text("SELECT 1 AS n"), {})
print(type(warehouse._file._idle).__name__)
"""


def test_a_process_that_ends_closes_the_file_before_its_watching_thread_dies(tmp_path: Path) -> None:
    ended = subprocess.run([sys.executable, "-c", ENDS_WITH_A_FILE_OPEN, str(tmp_path)], capture_output=True, text=True)
    assert (ended.stdout.split(), ended.stderr) == (["DuckDBPyConnection", "None"], "")
