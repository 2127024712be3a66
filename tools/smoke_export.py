"""A small GA4 export for the smoke test: days of the simulated market, moved to days of the calendar."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb

from leadwerk import simulation
from leadwerk.warehouse import schema

LEADS = 150
WARM_UP_DAYS = 5
"""The market has visitors that come again only after some days."""


def write_export(folder: Path, days: Sequence[date]) -> tuple[Path, list[Path]]:
    """The export's schema and a file of events (JSON, one a line) for each of `days`, as `bq load` takes them."""
    folder.mkdir(parents=True)
    market = simulation.simulate(folder / "market", days=WARM_UP_DAYS + len(days), leads=LEADS, seed=7)
    first = market.start + timedelta(days=WARM_UP_DAYS)
    end = datetime.combine(first + timedelta(days=len(days)), datetime.min.time(), UTC)
    simulation.publish(folder / "market", end + timedelta(days=3))  # by then each day's table is written
    fields = json.loads((Path(schema.__file__).parent / "tables" / schema.EXPORT / "schema.json").read_text("utf-8"))
    schema_file = folder / "schema.json"
    schema_file.write_text(json.dumps(fields["fields"]), "utf-8")
    with duckdb.connect(str(folder / "market" / "ga4.duckdb"), read_only=True) as ga4:
        files = [_write_day(ga4, folder, first + timedelta(days=index), day) for index, day in enumerate(days)]
    return schema_file, files


def _write_day(ga4: duckdb.DuckDBPyConnection, folder: Path, simulated: date, day: date) -> Path:
    moved = int((day - simulated).total_seconds() * 1_000_000)
    statement = f"""
        SELECT to_json(e) FROM (
            SELECT * REPLACE ('{day:%Y%m%d}' AS event_date, event_timestamp + {moved} AS event_timestamp)
            FROM events_{simulated:%Y%m%d}
        ) AS e"""  # noqa: S608
    file = folder / f"events_{day:%Y%m%d}.json"
    file.write_text("\n".join(line for [line] in ga4.execute(statement).fetchall()), "utf-8")
    return file
