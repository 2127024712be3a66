"""A warehouse on an emulated BigQuery, with the tables that Terraform would make."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from google.cloud import bigquery as google

from leadwerk import settings
from leadwerk.warehouse import schema
from leadwerk.warehouse.bigquery import BigQueryWarehouse

TRANSLATING = (str(Path(__file__).parents[1] / "terraform" / "emulator.py"),)
"""Program of an emulator that has our translation of GoogleSQL, for `emulated`."""


def bigquery_environment(url: str, dataset: str = "leadwerk", export: str = "ga4") -> dict[str, str]:
    """Variables under which the emulator at `url` is the warehouse."""
    return {
        "LEADWERK_ENGINE": "bigquery", "LEADWERK_PROJECT": "test", "LEADWERK_LOCATION": "US",
        "LEADWERK_DATASET": dataset, "LEADWERK_GA4_DATASET": export, "LEADWERK_BIGQUERY_URL": url,
    }  # fmt: skip


def cloud_warehouse(url: str, dataset: str, tables: Iterable[schema.Table] = schema.own_tables()) -> BigQueryWarehouse:
    """A warehouse on a new dataset with these tables; the dataset of its GA4 export is empty."""
    warehouse = BigQueryWarehouse.from_settings(settings.read(bigquery_environment(url, dataset, f"{dataset}_ga4")))
    for name in (dataset, f"{dataset}_ga4"):
        warehouse._client.create_dataset(name, timeout=20)
    for table in tables:
        create_table(warehouse, f"{dataset}.{table.name}", table)
    return warehouse


def create_table(warehouse: BigQueryWarehouse, name: str, like: schema.Table) -> None:
    """Make the table `name` (dataset and table) with the fields of `like`."""
    warehouse._client.create_table(google.Table(f"test.{name}", schema_fields(like.fields)), timeout=20)


def schema_fields(fields: Iterable[schema.Field]) -> list[google.SchemaField]:
    """The fields as Google's client states them."""
    return [google.SchemaField(f.name, f.type, f.mode, fields=schema_fields(f.fields)) for f in fields]
