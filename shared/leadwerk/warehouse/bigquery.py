"""The warehouse on BigQuery, by Google's client; every call has a time limit, since the client's own is ten minutes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Self

from google.api_core.client_options import ClientOptions
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

from leadwerk.errors import WarehouseError
from leadwerk.settings import Settings
from leadwerk.warehouse import bigquery_requests as calls, schema
from leadwerk.warehouse.batches import batches
from leadwerk.warehouse.bigquery_parameters import parameter
from leadwerk.warehouse.bigquery_writer import ROWS_A_LOAD, STREAMED_ROWS, BigQueryWriter
from leadwerk.warehouse.json_rows import json_rows
from leadwerk.warehouse.protocol import AnyStatement, Parameters, R, Statement, WrittenRow
from leadwerk.warehouse.statement import DECLARATION, bound, inlined

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


OWN_TABLE = re.compile(r"`?\bleadwerk\.(\w+)`?")
EXPORT_TABLE = re.compile(r"`ga4\.(events_\w+\*)`")


class BigQueryWarehouse:
    """The port `Warehouse` on the datasets `dataset` (ours) and `ga4_dataset` (the export), each project.dataset.

    The service answers a statement in one HTTP request, where a job takes five. `emulated`: rows come from jobs all the
    same, since the emulator answers that request without an error where the statement fails. A query that would read
    more than `most_bytes` is refused by Google, at no cost.
    """

    def __init__(
        self,
        client: bigquery.Client,
        *,
        dataset: str,
        ga4_dataset: str,
        emulated: bool = False,
        most_bytes: int | None = None,
    ) -> None:
        self._client = client
        # Short queries answer within one request: a look-up takes a third of the time that a job takes.
        self._client.default_job_creation_mode = "JOB_CREATION_OPTIONAL"
        self._dataset = dataset
        self._ga4_dataset = ga4_dataset
        self._emulated = emulated
        self._most_bytes = most_bytes
        self._writer = BigQueryWriter(client, dataset, self._answer)

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """The warehouse of a deployment; with LEADWERK_BIGQUERY_URL an emulator's, without credentials."""
        url = settings.bigquery_url
        client = bigquery.Client(
            project=settings.project,
            location=settings.location,
            # An emulator takes no credentials, and would otherwise be sent those of the machine.
            credentials=AnonymousCredentials() if url else None,  # type: ignore[no-untyped-call]
            client_options=ClientOptions(api_endpoint=url) if url else None,
        )
        # The GA4 export may lie in another project; then the setting names that project too.
        ga4 = settings.ga4_dataset if "." in settings.ga4_dataset else f"{settings.project}.{settings.ga4_dataset}"
        return cls(
            client,
            dataset=f"{settings.project}.{settings.dataset}",
            ga4_dataset=ga4,
            emulated=bool(settings.bigquery_url),
            most_bytes=int(settings.query_gib * 2**30),
        )

    def rows(self, statement: Statement[R], parameters: Parameters) -> list[R]:
        """Run a statement; few rows."""
        with calls.as_warehouse_error(statement.name):
            return statement.read([dict(row) for row in self._answer(*self._query(statement, parameters))])

    def frame(self, statement: AnyStatement, parameters: Parameters) -> pd.DataFrame:
        """Run a statement; many rows, by way of Arrow."""
        with calls.as_warehouse_error(statement.name):
            result = calls.JOB_RETRY(self._run)(*self._query(statement, parameters))
            # No emulator has the Storage API, which is how BigQuery sends large results fast.
            table = result.to_arrow(create_bqstorage_client=not self._emulated, timeout=calls.JOB_SECONDS)
        frame: pd.DataFrame = table.to_pandas(date_as_object=False)
        return frame

    def append(self, table: str, rows: Sequence[WrittenRow], *, is_moved: bool = False) -> int:
        """Append the rows whose key is not there yet; return how many were."""
        target = schema.table(table)
        written = json_rows(target, rows)
        unique = schema.unique(target, written if is_moved else schema.stamped(target, written, datetime.now(UTC)))
        return sum(self._writer.append_new(target, batch) for batch in batches(unique, ROWS_A_LOAD))

    def append_new(self, tables: Mapping[str, Sequence[WrittenRow]]) -> None:
        """Stream rows into several tables at once, without a look-up of their keys."""
        filled = [(schema.table(name), rows) for name, rows in tables.items() if rows]
        with ThreadPoolExecutor(max_workers=max(len(filled), 1)) as writers:
            for written in [writers.submit(self._stream_new, *table) for table in filled]:
                written.result()

    def _stream_new(self, target: schema.Table, rows: Sequence[WrittenRow]) -> None:
        checked = schema.unique(target, schema.stamped(target, json_rows(target, rows), datetime.now(UTC)))
        with calls.as_warehouse_error(target.name):
            for batch in batches(checked, STREAMED_ROWS):
                self._writer.stream(target, batch)

    def replace_imported(
        self, lead_ids: pa.StringArray, tables: Mapping[str, Iterable[pa.Table]], commit: Callable[[], object]
    ) -> dict[str, int]:
        """Replace what earlier imports stored of these leads. The new rows come first, so that a run which ends early
        leaves no lead without one; the next run ends what it began.
        """
        # BigQuery has no transaction over load jobs: rows are read before anything is written, so a broken file changes
        # nothing.
        rows = {name: [row for chunk in chunks for row in chunk.to_pylist()] for name, chunks in tables.items()}
        commit()
        counts = {name: self.append(name, table_rows) for name, table_rows in rows.items()}
        for name, table_rows in rows.items():
            target = schema.table(name)
            # Appended first and deleted afterwards: a crash in between leaves rows twice, never none.
            keys = {(row["lead_id"], str(row[target.key[0]])) for row in table_rows}
            for leads in batches(lead_ids.to_pylist(), ROWS_A_LOAD):
                self._delete_superseded(target, leads, sorted(key for lead, key in keys if lead in set(leads)))
        return counts

    def _delete_superseded(self, target: schema.Table, leads: Sequence[str], keys: Sequence[str]) -> None:
        place = f"`{self._dataset}.{target.name}`"
        superseded = f"{schema.IMPORTED[target.name]} AND lead_id IN UNNEST(@leads)"
        parameters = [parameter("leads", "ARRAY<STRING>", leads), parameter("keys", "ARRAY<STRING>", keys)]
        with calls.as_warehouse_error(target.name):
            self._run(f"DELETE FROM {place} WHERE {superseded} AND {target.key[0]} NOT IN UNNEST(@keys)", parameters)

    def replace_days(self, table: str, first: date, last: date, statement: AnyStatement, parameters: Parameters) -> int:
        """Replace the days in one transaction: the statement is read once, and all days change at one moment.

        A job with WRITE_TRUNCATE into each table$YYYYMMDD would read the statement's sources once a day, and refuses
        a query's nullable columns where the table requires them.
        """
        target = schema.table(table)
        # A script takes no parameters inside a transaction on every API, so values are written into the text.
        text = self._located(inlined(statement, {**parameters, "first_day": first, "last_day": last}))
        place = f"`{self._dataset}.{table}`"
        columns = ", ".join(f"`{field.name}`" for field in target.fields)
        between = f"`{target.partition}` BETWEEN DATE '{first}' AND DATE '{last}'"
        script = f"""
            BEGIN TRANSACTION;
            DELETE FROM {place} WHERE {between};
            INSERT INTO {place} ({columns}) SELECT {columns} FROM (
            {text}
            ) WHERE {between};
            COMMIT TRANSACTION;
            SELECT COUNT(*) AS replaced FROM {place} WHERE {between};"""
        with calls.as_warehouse_error(statement.name):
            return int(next(iter(self._run(script, [])))["replaced"])

    def delete(self, table: str, column: str, values: Sequence[str], *, moment: str, until: datetime) -> int:
        """Delete rows of these ids; BigQuery keeps them for its time travel and fail-safe, up to 14 days."""
        among = f"`{column}` IN UNNEST(@ids) AND `{moment}` <= @until AND {schema.every_day(schema.table(table))}"
        rows = f"FROM `{self._dataset}.{table}` WHERE {among}"
        count = 0
        for batch in batches(list(values), ROWS_A_LOAD):
            parameters = [parameter("ids", "ARRAY<STRING>", batch), parameter("until", "TIMESTAMP", until)]
            with calls.as_warehouse_error(table):
                # A DELETE scans and rewrites partitions even where nothing matches; a count is cheap.
                [[present]] = (row.values() for row in self._answer(f"SELECT COUNT(*) AS present {rows}", parameters))
                if present:
                    self._run(f"DELETE {rows}", parameters)
                    count += int(present)
        return count

    def expire(self, table: str, first_day: date) -> int:
        """Nothing to do: Terraform sets when partitions expire."""
        return 0

    def overwrite_deleted(self) -> None:
        """Nothing that could be done: BigQuery forgets deleted rows by itself, after 14 days."""

    def export_tables(self) -> list[str]:
        """Names of the export's tables, sorted."""
        with calls.as_warehouse_error(self._ga4_dataset):
            # By the API and not by INFORMATION_SCHEMA: it costs nothing and needs no query rights on the export.
            listed = self._client.list_tables(self._ga4_dataset, retry=calls.RETRY, timeout=calls.CALL_SECONDS)
            return sorted(item.table_id for item in listed if item.table_id.startswith("events_"))

    def export_lifetime(self) -> timedelta | None:
        """For how long the export's dataset keeps a table: 60 days in a project that was once a sandbox."""
        with calls.as_warehouse_error(self._ga4_dataset):
            dataset = self._client.get_dataset(self._ga4_dataset, retry=calls.RETRY, timeout=calls.CALL_SECONDS)
        expiry = dataset.default_table_expiration_ms
        return timedelta(milliseconds=expiry) if expiry else None

    def unit_of_work(self) -> AbstractContextManager[None]:
        """Nothing to keep: a connection costs nothing."""
        return nullcontext()

    def bounded_memory(self) -> AbstractContextManager[None]:
        """Nothing to bound: statements run elsewhere."""
        return nullcontext()

    def stay_open(self, *, for_few_rows: bool) -> None:
        """Nothing to keep."""

    def kept_open(self) -> AbstractContextManager[bool]:
        """Nothing to keep."""
        return nullcontext(True)

    def _query(self, statement: AnyStatement, parameters: Parameters) -> tuple[str, list[Any]]:
        values = bound(statement, parameters)
        typed = [parameter(name, kind, values[name]) for name, kind in statement.parameters.items()]
        return self._located(statement.text), typed

    def _answer(self, sql: str, parameters: list[Any]) -> Any:
        """Rows of a SELECT; another attempt follows one that failed for reasons of Google's own."""
        return calls.JOB_RETRY(self._run if self._emulated else self._run_in_one_request)(sql, parameters)

    def _run_in_one_request(self, sql: str, parameters: list[Any]) -> Any:
        """Run without a job, as far as BigQuery ends in time and the rows fit into its answer."""
        rows = self._client.query_and_wait(
            sql,
            job_config=self._config(parameters),
            api_timeout=calls.CALL_SECONDS,
            wait_timeout=calls.JOB_SECONDS,
            retry=calls.RETRY,
            # Its own retry would run a failed script again; JOB_RETRY decides which errors are worth that.
            job_retry=None,  # type: ignore[arg-type]
        )
        if not rows.schema:
            raise WarehouseError("BigQuery answered without columns.", remedy="Is it an emulator? Set its URL.")
        return rows

    def _run(self, sql: str, parameters: list[Any]) -> Any:
        # Google's own job_retry would also repeat the first request, for ten minutes whatever RETRY says.
        config = self._config(parameters)
        job = self._client.query(sql, job_config=config, retry=calls.RETRY, job_retry=None, timeout=calls.CALL_SECONDS)
        return calls.finish(job, job_retry=None)

    def _config(self, parameters: list[Any]) -> bigquery.QueryJobConfig:
        # A forgotten filter must end in an error and not in a bill.
        return bigquery.QueryJobConfig(query_parameters=parameters, maximum_bytes_billed=self._most_bytes)

    def _located(self, sql: str) -> str:
        own_tables = OWN_TABLE.sub(rf"`{self._dataset}.\1`", DECLARATION.sub("", sql))
        return EXPORT_TABLE.sub(rf"`{self._ga4_dataset}.\1`", own_tables)
