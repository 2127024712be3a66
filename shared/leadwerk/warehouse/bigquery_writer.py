"""Rows written into BigQuery's tables: streamed where they are few, loaded by a job where they are many."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from google.api_core.exceptions import Conflict, GoogleAPICallError
from google.cloud import bigquery

from leadwerk.errors import WarehouseError
from leadwerk.warehouse import bigquery_requests as calls, schema
from leadwerk.warehouse.bigquery_keys import content_hash, key_of, known_keys_query, only_key
from leadwerk.warehouse.json_rows import json_rows

# Up to here rows are streamed: visible at once, and without the quota of 1,500 load jobs a table and day.
STREAMED_ROWS = 500
ROWS_A_LOAD = 5_000


@dataclass(frozen=True)
class BigQueryWriter:
    """Writes rows, as JSON can carry them, into the tables of `dataset` (project.dataset).

    `answer` runs a SELECT with parameters and returns its rows.
    """

    client: bigquery.Client
    dataset: str
    answer: Callable[[str, list[Any]], Any]

    def append_new(self, target: schema.Table, rows: Sequence[schema.JsonRow]) -> int:
        """Write the rows whose key is not in the table; return how many were."""
        with calls.as_warehouse_error(target.name):
            # Rows may come again after a lost answer: keys already stored are left out, so appending twice is appending
            # once.
            stored_keys = self._known_keys(target, rows)
            new = [row for row in rows if key_of(target, row) not in stored_keys]
            if len(new) > STREAMED_ROWS:
                self.load(target, new)
            elif new:
                self.stream(target, new)
        return len(new)

    def _known_keys(self, target: schema.Table, rows: Sequence[schema.JsonRow]) -> set[tuple[Any, ...]]:
        """Keys among `rows` that the table holds; the partitions of other days are not read."""
        sql, parameters = known_keys_query(f"`{self.dataset}.{target.name}`", target, rows)
        return {key_of(target, json_rows(only_key(target), [dict(row)])[0]) for row in self.answer(sql, parameters)}

    def stream(self, target: schema.Table, rows: Sequence[schema.JsonRow]) -> None:
        """Insert rows so that they are visible at once.

        Raises:
            WarehouseError: BigQuery refuses a row.
        """
        # By these ids BigQuery drops rows that a repeated request brings again after a lost answer.
        ids = [hashlib.sha256(repr(key_of(target, row)).encode()).hexdigest() for row in rows]
        place = f"{self.dataset}.{target.name}"
        refused = self.client.insert_rows_json(place, rows, row_ids=ids, retry=calls.RETRY, timeout=calls.CALL_SECONDS)
        if refused:
            reasons = sorted({calls.refusal(error) for row in refused for error in row.get("errors", ())})
            raise WarehouseError(
                f"{target.name}: BigQuery refused {len(refused)} rows: {', '.join(reasons)}.",
                remedy="See its schema.json.",
            )

    def load(self, target: schema.Table, rows: list[schema.JsonRow]) -> None:
        """One load job; its id follows from the rows, so that a repeated request cannot load them twice.

        BigQuery takes an id once. A job that failed has loaded nothing, so the attempt after it takes the next id.
        """
        payload = b"\n".join(map(msgspec.json.encode, rows))
        # Named by content: a repeated call finds the job of before instead of loading the rows again.
        job_id = f"leadwerk-append-{target.name}-{content_hash(rows)}"
        attempt = 1
        while not self._is_loaded(target, payload, job_id if attempt == 1 else f"{job_id}-{attempt}"):
            attempt += 1

    def _is_loaded(self, target: schema.Table, payload: bytes, job_id: str) -> bool:
        """Load the rows by the job of this id; False if such a job had failed before."""
        config = bigquery.LoadJobConfig(
            source_format="NEWLINE_DELIMITED_JSON", write_disposition="WRITE_APPEND", create_disposition="CREATE_NEVER"
        )
        place = f"{self.dataset}.{target.name}"
        try:
            job: Any = self.client.load_table_from_file(
                io.BytesIO(payload), place, job_id=job_id, job_config=config, timeout=calls.CALL_SECONDS
            )
        except Conflict:
            return self._has_succeeded(job_id)
        calls.finish(job)
        return True

    def _has_succeeded(self, job_id: str) -> bool:
        earlier: Any = self.client.get_job(job_id, retry=calls.RETRY, timeout=calls.CALL_SECONDS)
        try:
            calls.finish(earlier)
        except GoogleAPICallError:
            if not earlier.error_result:
                raise
            return False
        return True
