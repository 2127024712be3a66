"""The cloud that functions see in tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from leadwerk.warehouse.bigquery import BigQueryWarehouse
from support.bigquery_emulator import emulated
from support.cloud_warehouse import TRANSLATING, bigquery_environment, cloud_warehouse
from support.selling import lead, score
from support.strict_storage import Bucket, strict_storage


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[dict[str, str], Bucket, BigQueryWarehouse]]:
    """What a function in the cloud sees: BigQuery (emulated) and Cloud Storage (held strictly), over HTTP."""
    home = tmp_path_factory.mktemp("emulator")
    with emulated(home, TRANSLATING) as bigquery, strict_storage() as (storage, bucket):
        buckets = {"LEADWERK_STORAGE_URL": storage, "LEADWERK_PICKS": "gs://picks/desk"}
        warehouse = cloud_warehouse(bigquery, "leadwerk")
        warehouse.append("leads", [lead(f"l{number}") for number in range(8)])
        warehouse.append("scores", [score(f"l{number}") for number in range(8)])
        yield bigquery_environment(bigquery, "leadwerk", "leadwerk_ga4") | buckets, bucket, warehouse
        warehouse._client.close()
