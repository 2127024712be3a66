"""What a deployment's bill is made of: bytes an event, in the export and in our tables, as BigQuery counts them.

`python -m benchmarks.cost` prints the table of docs/operations.md.

BigQuery bills the logical size of the columns that a query reads: 8 bytes for a number or a moment, 2 bytes and the
UTF-8 bytes for a string, 1 for a boolean, nothing for a null; nested values add up.
Source: BigQuery documentation, Estimate and control costs, Data size calculation.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from math import ceil
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.bill import LEAST_BYTES
from benchmarks.figure import Figure
from benchmarks.logical_bytes import mean_bytes
from benchmarks.table_scans import table_scans
from leadwerk import simulation
from leadwerk.pipeline import extract
from leadwerk.pipeline.leads.features import lead_states_statement
from leadwerk.pipeline.leads.read_lead_states import StoredLeadState
from leadwerk.pipeline.rescore import BATCH
from leadwerk.policy.load import load
from leadwerk.warehouse import schema
from leadwerk.warehouse.duckdb import DuckDBWarehouse

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SAMPLE = 20_000
SEEDS = (7, 8, 9)
READ = (
    "user_pseudo_id", "user_id", "event_timestamp", "event_name", "device", "geo", "traffic_source",
    "collected_traffic_source", "session_traffic_source_last_click", "event_params", "privacy_info",
    "batch_page_id", "batch_ordering_id", "batch_event_index",
)  # fmt: skip
"""Columns of the export that activity_events/rebuild.sql names; BigQuery counts a nested column whole at most."""


def run() -> Iterable[Figure]:
    """Bytes an event on a simulated web site; the spread is over SEEDS."""
    bytes_read: dict[str, list[float]] = {}
    for seed in SEEDS:
        for name, value in measured(seed).items():
            bytes_read.setdefault(name, []).append(value)
    for name, values in bytes_read.items():
        yield Figure.of(name, values, unit="" if "rows" in name else "B")


def measured(seed: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        simulation.simulate(home, days=60, leads=2_000, seed=seed)
        simulation.publish(home, NOW)
        report = extract.run(DuckDBWarehouse(home), load("mortgage"), now=NOW)
        export = schema.table(schema.EXPORT)
        read = [field for field in export.fields if field.name in READ]
        events = sample(home / "ga4.duckdb", "market.events", SAMPLE)
        ours = {name: sample(home / "warehouse.duckdb", f"leadwerk.{name}", SAMPLE) for name in TABLES}
        sizes = {f"bytes a row of {name}": mean(schema.table(name).fields, rows) for name, rows in ours.items()}
        days = count(home / "warehouse.duckdb", "leadwerk.activity_daily")
        return {
            "bytes an event of the export": mean(export.fields, events),
            "bytes an event of the export that extraction reads": mean(read, events),
            **sizes,
            "rows of activity_events an event of the export": report.events_kept / report.events_read,
            "rows of activity_daily an event of the export": days / report.events_read,
        }


TABLES = ("activity_events", "activity_daily")
DAYS_READ = {"activity_events": 3, "activity_daily": 92}  # that the constants of lead_states leave
OTHER_TABLES = 8
MONTH = 30.4
EXPORT_BYTES = 1_000.0  # an event: real exports carry more parameters than the simulated one
EVENTS_A_LEAD = 1_000
DOLLARS_A_TIB = 8.0  # assumed; your region's price list has the true one


def sample(file: Path, table: str, rows: int) -> list[dict[str, Any]]:
    with duckdb.connect(str(file), read_only=True) as connection:
        source = f"FROM {table} USING SAMPLE {rows} ROWS (reservoir, 1)"
        json_rows = connection.execute(f"SELECT to_json(t) FROM ({source}) AS t")  # noqa: S608
        return [json.loads(row) for [row] in json_rows.fetchall()]


def count(file: Path, table: str) -> int:
    with duckdb.connect(str(file), read_only=True) as connection:
        [row_count] = connection.execute(f"SELECT count(*) FROM {table}").fetchone() or (0,)  # noqa: S608
        return int(row_count)


def mean(fields: Sequence[schema.Field], rows: Sequence[Mapping[str, Any]]) -> float:
    return sum(mean_bytes(fields, rows).values())


@dataclass(frozen=True)
class Site:
    """What a site of `events` a day reads a month: bytes by purpose, and what queries cost on demand."""

    events: float
    widths: Mapping[str, float]  # bytes an event of the site that a look-up reads of a table, for each of its days
    kept: float  # rows of activity_events an event of the export
    written: float  # bytes of a row of activity_events

    @property
    def look_up(self) -> float:
        """Bytes of one look-up: days of activity that its constants leave, and 10 MB for each other table."""
        read = [max(LEAST_BYTES, DAYS_READ[table] * width * self.events) for table, width in self.widths.items()]
        return sum(read) + OTHER_TABLES * LEAST_BYTES

    @property
    def extraction(self) -> float:
        """Five days a night, one and a half in each of 14 hours: the export, and our own rows that are replaced."""
        days = 5 + 14 * 1.5
        return MONTH * self.events * (days * EXPORT_BYTES + (days + 7) * self.kept * self.written)

    @property
    def forms(self) -> float:
        """Each lead scored once on demand."""
        return MONTH * self.events / EVENTS_A_LEAD * self.look_up

    @property
    def rescoring(self) -> float:
        """Leads of thirty days, daily, 2,000 a look-up."""
        return MONTH * ceil(30 * self.events / EVENTS_A_LEAD / BATCH) * self.look_up

    @property
    def outbox(self) -> float:
        """The outbox every five minutes, whose four tables stay below 10 MB for long, and as many forms that check."""
        return MONTH * (288 * 4 * LEAST_BYTES + 53 * self.look_up)

    @property
    def dollars(self) -> float:
        """What is read above the first TiB of a month."""
        read = self.extraction + self.forms + self.rescoring + self.outbox
        return max(0.0, read / 2**40 - 1) * DOLLARS_A_TIB


def table() -> str:
    """The table of docs/operations.md, computed from what a look-up of the code reads on the simulated site."""
    sites = [_site(events) for events in (10_000, 100_000, 1_000_000)]
    rows = {
        "extraction": [site.extraction for site in sites],
        "rescoring": [site.rescoring for site in sites],
        "forms": [site.forms for site in sites],
        "outbox and synthetic check": [site.outbox for site in sites],
    }
    lines = ["| TiB a month | 10k events a day | 100k | 1M |", "|---|---|---|---|"]
    lines += [f"| {name} | {' | '.join(f'{value / 2**40:.2g}' for value in values)} |" for name, values in rows.items()]
    lines.append(f"| queries, USD | {' | '.join(f'{site.dollars:.0f}' for site in sites)} |")
    return "\n".join(lines)


@cache
def _measured_site() -> Site:
    """A site of one event a day, by the columns that lead_states reads."""
    policy = load("mortgage")
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        simulation.simulate(home, days=60, leads=2_000, seed=SEEDS[0])
        simulation.publish(home, NOW)
        warehouse = DuckDBWarehouse(home)
        report = extract.run(warehouse, policy, now=NOW)
        scans = table_scans(lead_states_statement(policy, StoredLeadState, with_forms=True))
        widths, rows = {}, {}
        for name in TABLES:
            columns = {column for scan in scans if scan.table == name for column in scan.columns}
            sampled = sample(home / "warehouse.duckdb", f"leadwerk.{name}", SAMPLE)
            means = mean_bytes(schema.table(name).fields, sampled)
            rows[name] = count(home / "warehouse.duckdb", f"leadwerk.{name}") / report.events_read
            widths[name] = rows[name] * sum(means[column] for column in columns)
            written = sum(means.values())
        return Site(1.0, widths, rows["activity_events"], written)


def _site(events: float) -> Site:
    return replace(_measured_site(), events=events)


if __name__ == "__main__":
    sys.stdout.write(table() + "\n")
