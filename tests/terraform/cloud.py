"""The deployment's datasets, tables, buckets and objects as Terraform applied them, in emulators on this machine."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

import duckdb
from google.api_core.client_options import ClientOptions
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery, storage  # type: ignore[attr-defined]

from leadwerk.warehouse import schema
from support.cloud_warehouse import schema_fields
from terraform.agreement import mounted_secrets
from terraform.checks import Resources, of_type

TIMEOUT = 60
PERSON_KEY = "for tests only"


@dataclass(frozen=True)
class Cloud:
    """What the functions of a deployment find: `resources` are Terraform's, the URLs those of the emulators.

    `secrets` is the folder under which the functions' secrets are mounted.
    """

    resources: Resources
    bigquery_url: str
    storage_url: str
    secrets: Path

    def settings(self, function: str, crm_url: str, crm_token: str) -> dict[str, str]:
        """The function's environment as Terraform set it, secrets included, led to emulators and the local CRM."""
        [service] = [
            service_resource["values"]["service_config"][0]
            for service_resource in of_type(self.resources, "google_cloudfunctions2_function")
            if service_resource["index"] == function
        ]
        variables = service["environment_variables"] | self._mounted(service, crm_token)
        local = {"BIGQUERY_URL": self.bigquery_url, "STORAGE_URL": self.storage_url, "CRM_URL": crm_url}
        return variables | {f"LEADWERK_{name}": url for name, url in local.items()}

    def _mounted(self, service: dict[str, Any], crm_token: str) -> dict[str, str]:
        """The settings that name files of secrets, led to files under `secrets` that are written here."""
        values = {
            "leadwerk-crm-token": crm_token,
            "leadwerk-person-key": PERSON_KEY,
            "leadwerk-channels": "{}",
            "leadwerk-crm-webhook-secret": "for tests only",
            "leadwerk-zefix-password": "for tests only",
            "leadwerk-gemini-key": "for tests only",
            "leadwerk-openai-key": "for tests only",
        }
        moved = {}
        for path, secret in mounted_secrets(service).items():
            file = self.secrets / path.lstrip("/")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(values[secret])
            moved |= {key: str(file) for key, value in service["environment_variables"].items() if value == path}
        return moved

    @property
    def environment(self) -> Mapping[str, str]:
        """The environment that all functions share."""
        return of_type(self.resources, "google_cloudfunctions2_function")[0]["values"]["service_config"][0][
            "environment_variables"
        ]

    @property
    def client(self) -> bigquery.Client:
        return bigquery.Client(
            project=self.environment["LEADWERK_PROJECT"],
            credentials=AnonymousCredentials(),
            client_options=ClientOptions(api_endpoint=self.bigquery_url),
            location=self.environment["LEADWERK_LOCATION"],
        )

    @property
    def storage(self) -> storage.Client:
        return storage.Client(
            project="emulator",
            credentials=AnonymousCredentials(),
            client_options=ClientOptions(api_endpoint=self.storage_url),
        )

    def build(self) -> None:
        """Everything that Terraform applied and that an emulator can hold."""
        self._build_datasets()
        for bucket in of_type(self.resources, "google_storage_bucket"):
            self.storage.create_bucket(bucket["values"]["name"])
        for bucket_object in of_type(self.resources, "google_storage_bucket_object"):
            if "content" in bucket_object["values"] and bucket_object["values"]["content"]:
                place = self.storage.bucket(bucket_object["values"]["bucket"]).blob(bucket_object["values"]["name"])
                place.upload_from_string(bucket_object["values"]["content"], timeout=TIMEOUT)

    def _build_datasets(self) -> None:
        client = self.client
        for name in (self.environment["LEADWERK_DATASET"], self.environment["LEADWERK_GA4_DATASET"]):
            client.create_dataset(name, timeout=TIMEOUT)
        for table in of_type(self.resources, "google_bigquery_table"):
            values = table["values"]
            place = f"{client.project}.{values['dataset_id']}.{values['table_id']}"
            export_table = bigquery.Table(
                place, [bigquery.SchemaField.from_api_repr(f) for f in json.loads(values["schema"])]
            )
            for partition in values["time_partitioning"]:
                export_table.time_partitioning = bigquery.TimePartitioning(type_="DAY", field=partition["field"])
            client.create_table(export_table, timeout=TIMEOUT)

    def export(self, home: Path, days: Iterable[date]) -> int:
        """Put the simulated GA4 export of these days into its dataset; how many events that are."""
        fields = schema_fields(schema.table(schema.EXPORT).fields)
        dataset, client, events = self.environment["LEADWERK_GA4_DATASET"], self.client, 0
        with duckdb.connect(str(home / "ga4.duckdb"), read_only=True) as ga4:
            for day in days:
                exported = ga4.execute(f"SELECT to_json(e) FROM events_{day:%Y%m%d} AS e").fetchall()
                rows = [row.encode() for [row] in exported]
                config = bigquery.LoadJobConfig(schema=fields, source_format="NEWLINE_DELIMITED_JSON")
                place = f"{dataset}.events_{day:%Y%m%d}"  # project.dataset.table
                client.create_table(bigquery.Table(place, fields), timeout=TIMEOUT)
                lines = BytesIO(b"\n".join(rows))
                client.load_table_from_file(lines, place, job_config=config, timeout=TIMEOUT).result(timeout=TIMEOUT)
                events += len(rows)
        return events

    def publish(self, policy: str) -> None:
        """Put a policy in force, in place of the one that Terraform applied."""
        bucket, _, name = self.environment["LEADWERK_POLICY"].removeprefix("gs://").partition("/")
        self.storage.bucket(bucket).blob(name).upload_from_string(policy, timeout=TIMEOUT)

    def query(self, sql: str) -> list[dict[str, Any]]:
        return [dict(row) for row in self.client.query(sql, timeout=TIMEOUT).result(timeout=TIMEOUT)]
