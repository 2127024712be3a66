"""A million leads pointed: read from DuckDB by column, pointed with the shipped policy for companies, ledger and all.

Each run is a process of its own, so that its peak memory is its own: the interpreter and DuckDB included.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from benchmarks.figure import Figure

LEADS, FEWER = 1_000_000, 100_000
RUNS = 5
CHUNK = 100_000
"""Leads pointed in one pass; bounds the memory, whatever number there is."""

# Three of four leads are known by their behaviour, with eight signals each over the policy's window.
GENERATE = """
CREATE MACRO any_of(i, salt, n) AS CAST(hash(i, salt) % n AS BIGINT);
CREATE TABLE leads AS
SELECT
  i AS lead, any_of(i, 1, 400) / 2.0 AS lead_age_days,
  ['CEO', 'Leiterin Verkauf', 'Responsabile IT', 'stagiaire', 'Nr. ' || any_of(i, 2, 500), NULL][1 + any_of(i, 3, 6)]
    AS job_title,
  ['Software', 'Pharma', 'Gastgewerbe', 'Maschinenbau', 'Detailhandel', NULL][1 + any_of(i, 4, 6)] AS industry,
  IF(any_of(i, 5, 3) = 0, NULL, any_of(i, 6, 400)) AS employees,
  IF(any_of(i, 7, 2) = 0, NULL, any_of(i, 8, 40000000)) AS revenue,
  ['CH', 'CH', 'CH', 'DE', 'AT', 'US'][1 + any_of(i, 9, 6)] AS country,
  ['CH-ZH', 'CH-GE', 'CH-JU', NULL][1 + any_of(i, 10, 4)] AS region,
  ['de', 'fr', 'it', 'en'][1 + any_of(i, 11, 4)] AS language,
  ['business', 'freemail', 'education'][1 + any_of(i, 12, 3)] AS email_domain_kind,
  ['decides', 'influences', NULL][1 + any_of(i, 13, 3)] AS attribute_decision_authority,
  IF(any_of(i, 14, 2) = 0, NULL, 1 + any_of(i, 15, 5)) AS attribute_digital_maturity,
  IF(any_of(i, 16, 2) = 0, NULL, any_of(i, 17, 300000)) AS attribute_it_budget
FROM range({leads}) AS r (i);
CREATE TABLE occurrences AS
SELECT
  i AS lead, any_of(i, 20 + k, {signals}) - 1 AS signal, age_days,
  DATE '2026-06-30' - CAST(age_days AS INTEGER) AS day, 1 + any_of(i, 40 + k, 3) AS events
FROM (SELECT i, k, any_of(i, 60 + k, 90) AS age_days FROM range({leads}) AS r (i), range(8) AS s (k))
WHERE i % 4 > 0
ORDER BY lead, day;
"""


def run() -> Iterable[Figure]:
    """A tenth of the leads and all of them, in turn."""
    with TemporaryDirectory() as folder:
        few, many = Path(folder, "few.duckdb"), Path(folder, "many.duckdb")
        _generate(few, FEWER)
        _generate(many, LEADS)
        pairs = [(_apart(few), _apart(many)) for _ in range(RUNS)]
    yield Figure.of("1e6 leads read and pointed, with ledger", [all_[0] for _, all_ in pairs], unit="s")
    yield Figure.of("peak memory of it", [all_[1] for _, all_ in pairs], unit="MB")
    ratios = [all_[0] / few_[0] * FEWER / LEADS for few_, all_ in pairs]
    yield Figure.of("a lead among 1e6, by a lead among 1e5", ratios, unit="×", target="≤ 1.2")


def _generate(file: Path, leads: int) -> None:
    import duckdb

    from leadwerk.policy import load

    with duckdb.connect(str(file)) as connection:
        connection.execute(GENERATE.format(leads=leads, signals=len(load("b2b_swiss").signals) + 1))


def _apart(file: Path) -> tuple[float, float]:
    """`pointed` in a process of its own."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(point_leads, file).result()


def point_leads(file: Path) -> tuple[float, float]:
    """Seconds to read and point all leads of the file, and the process's peak memory in megabytes."""
    import duckdb

    from leadwerk.points.engine import compute_points
    from leadwerk.policy import load

    policy = load("b2b_swiss")
    with duckdb.connect(str(file), read_only=True) as connection:
        compute_points(policy, next(_chunks(connection)))  # warms up
        started = time.perf_counter()
        for facts in _chunks(connection):
            compute_points(policy, facts)
        seconds = time.perf_counter() - started
    return seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _chunks(connection: Any) -> Iterator[Any]:
    from leadwerk.points.conditions import LeadFacts, Occurrences

    leads = connection.execute("SELECT COUNT(*) FROM leads").fetchone()[0]
    for first in range(0, leads, CHUNK):
        span = [first, first + CHUNK]
        columns = connection.execute(
            "SELECT * FROM leads WHERE lead >= ? AND lead < ? ORDER BY lead", span
        ).fetchnumpy()
        rows = connection.execute(
            "SELECT * FROM occurrences WHERE lead >= ? AND lead < ? ORDER BY lead, day", span
        ).fetchnumpy()
        size = len(columns.pop("lead"))
        integers = {name: rows[name].astype(np.int64) for name in ("lead", "signal", "events", "age_days")}
        integers["lead"] -= first
        day = np.asarray(rows["day"]).astype("datetime64[D]")
        yield LeadFacts(size, columns, Occurrences(day=day, **integers))
