"""On BigQuery a query costs what it scans: statements bound each partitioned table by constants, or say why not."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from benchmarks.table_scans import TableScan, table_scans
from leadwerk.errors import LeadwerkError
from leadwerk.warehouse import schema
from leadwerk.warehouse.protocol import AnyStatement
from leadwerk.warehouse.statement import LABEL, from_text
from leadwerk.warehouse.table_statements import all_rows, partition_days, row_count, rows_of_ids, stored_ids

FILES = sorted(file for file in schema.FOLDER.glob("*/*.sql") if not file.name.endswith(".fragment.sql"))
PARTITIONED = {table.name for table in schema.own_tables() if table.partition}
# Values for the lines that a statement repeats, where a name of nothing would not do.
VALUES = {
    "amount": ("loan_amount",), "column": ("loan_amount",), "window": (7,), "place": (1,),
    "stage_changes/bulk_insert.number": ("points",), "activity_daily/rebuild.amount": ("loan_amount",),
    "stage_changes/bulk_insert.fact": ("cluster",), "activity_events/rebuild.amount": ("loan_amount",),
    "minimum_percent": (60,),
    # One of the three switches is on at a time.
    "of_open_leads": (), "scores/rescore_remote.of_open_leads": (1,), "scores/rescore_remote.of_ids": (),
    "of_sample": (), "lead_features/sampled.of_sample": (1,), "lead_features/sampled.of_ids": (),
    "occurrences/sampled.of_sample": (1,), "occurrences/sampled.of_ids": (),
    "ratio": ({"name": "n1", "numerator": "income", "denominator": "loan_amount", "factor": 1},),
}  # fmt: skip

# What may be read whole, and why that is right. A row here is a decision, read by a person.
ANY_AGE = "the latest row of a lead counts, however old; rows are few, some a lead in its life"
SMALL = "some rows a day: years of it stay below the 10 MB that BigQuery bills at least"
WHOLE_TABLES = {"outcomes": ANY_AGE, "verdicts": ANY_AGE, "thresholds": SMALL, "extract_runs": SMALL}
WHOLE: dict[tuple[str, str], str] = {
    ("lead_states/select", "stage_changes"): ANY_AGE,
    ("leads/desk_detail", "stage_changes"): ANY_AGE,
    ("leads/beyond_files", "touchpoints"): "asked once, by an import",
    ("stage_changes/bulk_insert", "stage_changes"): ANY_AGE,
    ("stage_changes/status_vs_stage", "stage_changes"): ANY_AGE,
}
BOUNDED = PARTITIONED - WHOLE_TABLES.keys()


def read(name: str) -> AnyStatement:
    text = _expanded(name)
    labels = set(LABEL.findall(text))
    chosen = {label: VALUES.get(f"{name}.{label}", VALUES.get(label, ("n1",))) for label in labels}
    return from_text(text, name, **chosen)


def _expanded(name: str) -> str:
    from leadwerk.warehouse import statement

    return statement._read(name)


def unbounded(name: str, scans: tuple[TableScan, ...]) -> list[tuple[str, str]]:
    return sorted({(name, scan.table) for scan in scans if scan.table in BOUNDED and not scan.is_pruned})


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_every_partitioned_table_has_a_constant_filter_or_a_reason(file: object) -> None:
    name = f"{file.parent.name}/{file.stem}"  # type: ignore[attr-defined]
    assert unbounded(name, table_scans(read(name))) == [pair for pair in sorted(WHOLE) if pair[0] == name]


def test_what_grows_with_events_is_never_read_whole_by_a_stage() -> None:
    assert {*schema.FILTERED, "scores", "deliveries", "picks"} <= BOUNDED - {table for _, table in WHOLE}


@pytest.mark.parametrize("name", sorted(schema.FILTERED))
def test_what_is_meant_to_read_all_days_says_so(name: str) -> None:
    """Terraform lets BigQuery refuse any other statement on these tables (require_partition_filter)."""
    table = schema.table(name)
    statements = [stored_ids(table, "visitor_id")[0], rows_of_ids(table, "visitor_id"), partition_days(table)]
    for statement in (*statements, row_count(table), all_rows(table)):
        [scan] = table_scans(statement)
        assert scan.is_pruned, statement.name


DAYS = {"first_day": date(2026, 1, 2), "last_day": date(2026, 1, 3), "as_of": datetime(2026, 1, 5, 9, tzinfo=UTC)}
FROM = "SELECT e.visitor_id FROM leadwerk.activity_events AS e"


@pytest.mark.parametrize(
    ("sql", "days"),
    [
        (f"{FROM} WHERE e.day BETWEEN @first_day AND @last_day", (date(2026, 1, 2), date(2026, 1, 3))),
        (f"{FROM} WHERE e.day >= DATE_SUB(@first_day, INTERVAL 1 DAY)", (date(2026, 1, 1), None)),
        (f"{FROM} WHERE e.day = DATE(@as_of)", (date(2026, 1, 5), date(2026, 1, 5))),
        (f"{FROM} WHERE e.seconds > 1 AND (e.day <= @last_day)", (None, date(2026, 1, 3))),
        # M3: a condition on another table's column leaves all days.
        (f"{FROM} JOIN leadwerk.leads AS l ON e.day = DATE(l.created_at)", (None, None)),
        (f"{FROM} JOIN leadwerk.leads AS l ON e.day = @last_day", (date(2026, 1, 3), date(2026, 1, 3))),
        (f"{FROM} LEFT JOIN leadwerk.leads AS l ON e.day = @last_day", (None, None)),
        (
            "SELECT l.lead_id FROM leadwerk.leads AS l LEFT JOIN leadwerk.activity_events AS e"
            " ON e.visitor_id = l.lead_id AND e.day = @last_day",
            (date(2026, 1, 3), date(2026, 1, 3)),
        ),
        (f"{FROM} WHERE e.day = @last_day OR e.seconds > 1", (None, None)),
        (f"{FROM} WHERE e.day > (SELECT MAX(day) FROM leadwerk.scores)", (None, None)),
    ],
)
def test_a_scan_reads_the_days_that_constants_leave(sql: str, days: tuple[date | None, date | None]) -> None:
    scans = [scan for scan in table_scans(from_text(sql)) if scan.table == "activity_events"]
    assert [scan.days(DAYS) for scan in scans] == [days]


def test_a_scan_reads_the_columns_that_are_used() -> None:
    sql = "WITH w AS (SELECT * FROM leadwerk.scores WHERE day >= @first_day) SELECT lead_id FROM w WHERE points > 1"
    [scan] = table_scans(from_text(sql))
    assert scan.columns == {"lead_id", "points", "day"}
    [whole] = table_scans(from_text("WITH w AS (SELECT * FROM leadwerk.scores) SELECT IF(TRUE, w, NULL) FROM w"))
    assert whole.columns == {field.name for field in schema.table("scores").fields}


def test_no_statement_was_left_out() -> None:
    assert len(FILES) > 60
    with pytest.raises(LeadwerkError):
        read("activity_events/nowhere")
