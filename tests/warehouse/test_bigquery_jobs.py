"""Jobs that fail or do not end: Google's client over HTTP against a server that plays them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from google.api_core.client_options import ClientOptions
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery as google

from leadwerk.errors import WarehouseBusy, WarehouseError
from leadwerk.warehouse import bigquery_requests, schema
from leadwerk.warehouse.bigquery import BigQueryWarehouse
from leadwerk.warehouse.json_rows import json_rows
from leadwerk.warehouse.statement import from_text
from support.job_server import BACKEND_ERROR, NEVER_ENDS, JobServer, job_server

pytestmark = pytest.mark.filterwarnings("ignore")  # Google's client warns about itself
TARGET = schema.table("identities")
LINK: dict[str, Any] = {
    "visitor_id": "V",
    "lead_id": "L",
    "linked_at": datetime(2026, 3, 29, 12, tzinfo=UTC),
    "source": "form",
}
INVALID = {"reason": "invalid", "message": "JSON table encountered too many errors"}
ONE = from_text("SELECT 1 AS n")


@pytest.fixture
def server() -> Iterator[JobServer]:
    with job_server() as running:
        yield running


@pytest.fixture
def warehouse(server: JobServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[BigQueryWarehouse]:
    monkeypatch.setattr(bigquery_requests, "RETRY", google.DEFAULT_RETRY.with_timeout(0.3).with_delay(0.01, 0.05))
    monkeypatch.setattr(
        bigquery_requests, "JOB_RETRY", bigquery_requests.JOB_RETRY.with_timeout(5).with_delay(0.01, 0.05)
    )
    client = google.Client(
        project="p",
        location="europe-west6",
        credentials=AnonymousCredentials(),
        client_options=ClientOptions(api_endpoint=server.url),
    )
    yield BigQueryWarehouse(client, dataset="p.leadwerk", ga4_dataset="p.ga4")
    client.close()


def load(warehouse: BigQueryWarehouse) -> None:
    with bigquery_requests.as_warehouse_error("identities"):
        warehouse._writer.load(TARGET, json_rows(TARGET, [LINK]))


@pytest.mark.parametrize("failure", [BACKEND_ERROR, INVALID], ids=["transient", "final"])
def test_a_load_that_failed_is_tried_again_under_another_id(
    warehouse: BigQueryWarehouse, server: JobServer, failure: dict[str, str]
) -> None:
    server.loads = [failure, failure]
    for _ in range(2):
        with pytest.raises(WarehouseError, match=failure["message"]):
            load(warehouse)
    load(warehouse)
    first, *rest = server.ids("load")
    assert rest == [f"{first}-2", f"{first}-3"]
    assert server.jobs[rest[-1]]["status"] == {"state": "DONE"}


def test_a_load_that_succeeded_is_not_repeated(warehouse: BigQueryWarehouse, server: JobServer) -> None:
    server.loads = [BACKEND_ERROR]
    with pytest.raises(WarehouseError):
        load(warehouse)
    for _ in range(3):
        load(warehouse)
    assert len(server.ids("load")) == 2


def test_a_query_that_failed_for_reasons_of_googles_runs_again(warehouse: BigQueryWarehouse, server: JobServer) -> None:
    server.queries = [BACKEND_ERROR]
    assert warehouse.frame(ONE, {})["n"].tolist() == [1]
    assert len(server.ids("query")) == 2


def test_a_script_that_failed_runs_again_only_with_its_stage(warehouse: BigQueryWarehouse, server: JobServer) -> None:
    server.queries = [BACKEND_ERROR]
    day = LINK["linked_at"].date()
    with pytest.raises(WarehouseError):
        warehouse.replace_days("touchpoints", day, day, from_text("SELECT 1 AS n"), {})
    assert len(server.ids("query")) == 1


def test_a_job_that_does_not_end_is_cancelled(
    warehouse: BigQueryWarehouse, server: JobServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bigquery_requests, "JOB_SECONDS", 0.5)
    server.queries, server.loads = [NEVER_ENDS], [NEVER_ENDS]
    with pytest.raises(WarehouseBusy):
        warehouse.rows(ONE, {})
    with pytest.raises(WarehouseBusy):
        load(warehouse)
    assert sorted(server.cancelled) == sorted(server.jobs)


def test_a_function_has_more_time_than_a_job() -> None:
    assert bigquery_requests.JOB_SECONDS < 1_500  # terraform/functions.tf, of the stages with long statements


@pytest.mark.parametrize("message", bigquery_requests.REMEDIES)
def test_a_message_of_googles_that_leaves_the_reader_alone_gets_its_remedy(
    warehouse: BigQueryWarehouse, server: JobServer, message: str
) -> None:
    server.queries = [{"reason": "invalid", "message": f"{message}. First view p:ga4.events_2x."}]
    with pytest.raises(WarehouseError) as failure:
        warehouse.rows(ONE, {})
    assert failure.value.remedy == str(bigquery_requests.REMEDIES[message])


def test_rows_that_bigquery_refuses_are_described_without_what_is_in_them(
    warehouse: BigQueryWarehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = {
        "reason": "invalid",
        "location": "linked_at",
        "message": "Could not parse 'anna@example.ch' as a timestamp",
    }
    monkeypatch.setattr(warehouse._client, "insert_rows_json", lambda *_, **__: [{"index": 0, "errors": [error]}])
    with pytest.raises(WarehouseError) as failure:
        warehouse._writer.stream(TARGET, json_rows(TARGET, [LINK]))
    assert "invalid in linked_at" in str(failure.value)
    assert "anna" not in str(failure.value)
