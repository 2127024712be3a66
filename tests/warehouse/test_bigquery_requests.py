"""A statement is one HTTP request of the service: Google's client against a server that counts them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
from google.api_core.client_options import ClientOptions
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery as google

from leadwerk.errors import WarehouseBusy, WarehouseError
from leadwerk.warehouse import bigquery_requests
from leadwerk.warehouse.bigquery import BigQueryWarehouse
from leadwerk.warehouse.statement import from_text
from support.job_server import BACKEND_ERROR, NO_COLUMNS, SILENT, TAKES_LONGER, JobServer, job_server

pytestmark = pytest.mark.filterwarnings("ignore")  # Google's client warns about itself
ONE = from_text("SELECT 1 AS n")
ASKED = "POST /bigquery/v2/projects/p/queries"


@pytest.fixture
def server() -> Iterator[JobServer]:
    with job_server() as running:
        yield running


@pytest.fixture
def client(server: JobServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[google.Client]:
    monkeypatch.setattr(bigquery_requests, "RETRY", google.DEFAULT_RETRY.with_timeout(2).with_delay(0.01, 0.05))
    client = google.Client(
        project="p",
        location="europe-west6",
        credentials=AnonymousCredentials(),
        client_options=ClientOptions(api_endpoint=server.url),
    )
    yield client
    client.close()


@pytest.fixture
def warehouse(client: google.Client) -> BigQueryWarehouse:
    return BigQueryWarehouse(client, dataset="p.leadwerk", ga4_dataset="p.ga4")


def test_a_statement_is_one_request_that_needs_no_job(warehouse: BigQueryWarehouse, server: JobServer) -> None:
    assert warehouse.rows(ONE, {}) == [{"n": 1}]
    assert server.requests == [ASKED]
    [body] = server.bodies
    assert (body["jobCreationMode"], body["location"]) == ("JOB_CREATION_OPTIONAL", "europe-west6")
    assert 0 < body["timeoutMs"] <= bigquery_requests.CALL_SECONDS * 1000


def test_a_query_says_how_much_it_may_read_and_a_refusal_what_to_do(client: google.Client, server: JobServer) -> None:
    bounded = BigQueryWarehouse(client, dataset="p.leadwerk", ga4_dataset="p.ga4", most_bytes=7 * 2**30)
    bounded.rows(ONE, {})
    assert [body["maximumBytesBilled"] for body in server.bodies] == [str(7 * 2**30)]
    message = "Query exceeded limit for bytes billed: 7516192768. 9007199254 or higher required."
    server.queries.append({"reason": "bytesBilledLimitExceeded", "message": message})
    with pytest.raises(WarehouseError, match="9007199254") as refused:
        bounded.rows(ONE, {})
    assert "LEADWERK_QUERY_GIB" in refused.value.remedy


def test_an_emulator_is_asked_for_a_job(client: google.Client, server: JobServer) -> None:
    emulated = BigQueryWarehouse(client, dataset="p.leadwerk", ga4_dataset="p.ga4", emulated=True)
    assert emulated.rows(ONE, {}) == [{"n": 1}]
    assert ASKED not in server.requests
    assert server.requests[0] == "POST /bigquery/v2/projects/p/jobs"


def test_an_append_asks_for_its_keys_in_one_request_and_streams_in_another(
    warehouse: BigQueryWarehouse, server: JobServer
) -> None:
    server.answer = {"schema": {"fields": [{"name": "source", "type": "STRING"}]}, "rows": [], "totalRows": "0"}
    moved = {"source": "crm", "cursor": "7", "moved_at": datetime(2026, 1, 2, tzinfo=UTC)}
    assert warehouse.append("cursors", [moved]) == 1
    assert server.requests == [ASKED, "POST /bigquery/v2/projects/p/datasets/leadwerk/tables/cursors/insertAll"]


def test_new_rows_of_a_request_are_streamed_without_a_look_up(warehouse: BigQueryWarehouse, server: JobServer) -> None:
    moved = {"source": "crm", "cursor": "7", "moved_at": datetime(2026, 1, 2, tzinfo=UTC)}
    link = {"visitor_id": "v", "lead_id": "1", "linked_at": datetime(2026, 1, 2, tzinfo=UTC), "source": "form"}
    warehouse.append_new({"cursors": [moved], "identities": [link, link], "leads": []})
    place = "POST /bigquery/v2/projects/p/datasets/leadwerk/tables"
    assert sorted(server.requests) == [f"{place}/cursors/insertAll", f"{place}/identities/insertAll"]


def test_values_of_every_type_come_with_the_answer(warehouse: BigQueryWarehouse, server: JobServer) -> None:
    noon = datetime(2026, 3, 29, 12, 0, 0, 5, tzinfo=UTC)
    fields: list[dict[str, Any]] = [
        {"name": "text", "type": "STRING"},
        {"name": "ratio", "type": "FLOAT64"},
        {"name": "yes", "type": "BOOL"},
        {"name": "day", "type": "DATE"},
        {"name": "at", "type": "TIMESTAMP"},
        {"name": "none", "type": "INT64"},
        {"name": "list", "type": "RECORD", "mode": "REPEATED", "fields": [{"name": "at", "type": "TIMESTAMP"}]},
    ]
    micros = str(round(noon.timestamp() * 1e6))
    values = ["Zürich", "0.25", "true", "2026-03-29", micros, None, [{"v": {"f": [{"v": micros}]}}]]
    rows = [{"f": [{"v": value} for value in values]}]
    server.answer = {"schema": {"fields": fields}, "rows": rows, "totalRows": "1"}
    [row] = warehouse.rows(ONE, {})
    assert row == {
        "text": "Zürich", "ratio": 0.25, "yes": True, "day": date(2026, 3, 29), "at": noon, "none": None,
        "list": [{"at": noon}],
    }  # fmt: skip


def test_a_statement_that_takes_longer_than_a_request_is_waited_for(
    warehouse: BigQueryWarehouse, server: JobServer
) -> None:
    server.queries = [TAKES_LONGER]
    assert warehouse.rows(ONE, {}) == [{"n": 1}]
    assert server.requests[0] == ASKED
    assert len(server.ids("query")) == 1


def test_a_request_that_failed_for_reasons_of_googles_is_repeated_as_the_same(
    warehouse: BigQueryWarehouse, server: JobServer
) -> None:
    server.queries = [BACKEND_ERROR]
    assert warehouse.rows(ONE, {}) == [{"n": 1}]
    first, second = server.bodies
    assert first["requestId"] == second["requestId"]


def test_a_statement_that_the_service_refuses_is_an_error(warehouse: BigQueryWarehouse, server: JobServer) -> None:
    server.queries = [{"reason": "invalid", "message": "Unrecognized name: zebra"}]
    with pytest.raises(WarehouseError, match="Unrecognized name: zebra"):
        warehouse.rows(ONE, {})


def test_an_answer_that_hides_an_error_is_not_taken_for_no_rows(
    warehouse: BigQueryWarehouse, server: JobServer
) -> None:
    server.queries = [NO_COLUMNS]
    with pytest.raises(WarehouseError, match="without columns"):
        warehouse.rows(ONE, {})


@pytest.mark.slow
def test_a_server_that_does_not_answer_is_busy_and_soon(
    warehouse: BigQueryWarehouse, server: JobServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bigquery_requests, "CALL_SECONDS", 0.1)
    server.queries = [SILENT] * 100
    started = time.monotonic()
    with pytest.raises(WarehouseBusy):
        warehouse.rows(ONE, {})
    assert time.monotonic() - started < 10
