"""What Terraform deploys agrees with the code in it: each check takes resources and returns its complaints."""

from __future__ import annotations

import base64
import importlib.util
import json
import re
import sys
import zipfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from leadwerk import settings
from leadwerk.serve import source_of
from leadwerk.warehouse import schema
from leadwerk.web import Request, desk, events
from leadwerk.web.pages import desk_site
from terraform.checks import Resources, of_type

DAY_MS = 24 * 60 * 60 * 1000
EXPORT = "ga4_events"  # described for the tests; Google makes it
NOT_DEPLOYED = re.compile(r"__pycache__|\.pyc$|^leadwerk/(simulation|cli)/")

# What runs when: schedule → cron, function and body. A second look, as the permissions have one.
SCHEDULES: dict[str, tuple[str, str, dict[str, Any] | None]] = {
    "extract-nightly": ("30 5 * * *", "extract_features", {}),
    "extract-intraday": ("5 7-20 * * *", "extract_features", {"intraday": True}),
    "ingest-nightly": ("0 2-4 * * *", "ingest_feedback", {}),
    "enrichment": ("10 5 * * *", "ingest_feedback", {"enrich": True}),
    "deliver": ("*/5 * * * *", "deliver_scores", {}),
    "workflows": ("4-59/5 * * * *", "deliver_scores", {"workflows": True}),
    "threshold-daily": ("15 6 * * *", "desk", {"threshold": True}),
    "rescore-daily": ("30 6 * * *", "score", {"rescore": True}),
    "rescore-left": ("0 7-11 * * *", "score", {"rescore": "left"}),
    "drift-daily": ("45 4 * * *", "retrain", {"monitor": True}),
    "retrain-weekly": ("0 3 * * 0", "retrain", {}),
    "erase-again": ("40 */2 * * *", "privacy", {}),
    "synthetic-check": (
        "*/15 7-20 * * *",
        "score",
        {"lead_id": "leadwerk-synthetic", "form": {"web_consent": False}, "dry_run": True},
    ),
    "health-check": ("*/5 * * * *", "score", None),
    "report-daily": ("0 7 * * *", "desk", {}),
}


def tables_are_the_codes(resources: Resources, tables: Path) -> list[str]:
    """Every schema.json is a table with exactly its columns, partition and clustering, and every table has one."""
    deployed = {table["values"]["table_id"]: table["values"] for table in of_type(resources, "google_bigquery_table")}
    written = {
        path.parent.name: json.loads(path.read_text())
        for path in tables.glob("*/schema.json")
        if path.parent.name != EXPORT
    }
    complaints = [f"table {name} is only in one place" for name in sorted(deployed.keys() ^ written.keys())]
    for name in sorted(deployed.keys() & written.keys()):
        if json.loads(deployed[name]["schema"]) != written[name]["fields"]:
            complaints.append(f"table {name} has other columns than its schema.json")
        partition = (deployed[name].get("time_partitioning") or [{}])[0].get("field")
        if partition != written[name]["partition"]:
            complaints.append(f"table {name} is partitioned by {partition}")
        if bool(deployed[name].get("require_partition_filter")) != (name in schema.FILTERED):
            complaints.append(f"table {name} may be read {'by days only' if name not in schema.FILTERED else 'whole'}")
        if (deployed[name]["clustering"] or []) != written[name]["cluster"]:
            complaints.append(f"table {name} is clustered by {deployed[name]['clustering']}")
    return complaints


def rows_expire_as_the_policy_says(resources: Resources, tables: Path, retention: dict[str, int]) -> list[str]:
    """`retention` is the policy's: days by kind of data; a table without a kind keeps its rows."""
    complaints = []
    for table in of_type(resources, "google_bigquery_table"):
        name = table["values"]["table_id"]
        kind = json.loads((tables / name / "schema.json").read_text())["retention"]
        expected = None if kind is None else retention[kind] * DAY_MS
        expirations = [partitioning["expiration_ms"] for partitioning in table["values"]["time_partitioning"]]
        if expirations and expirations != [expected]:
            complaints.append(f"rows of {name} expire after {expirations[0]} ms, not {expected}")
    return complaints


def schedules_call_what_is_there(resources: Resources) -> list[str]:
    """Each schedule sends to its function a body that the function takes, by POST on no path, or asks its health."""
    urls = {
        function["index"]: function["values"]["service_config"][0]["uri"]
        for function in of_type(resources, "google_cloudfunctions2_function")
    }
    jobs = {
        job["values"]["name"].removeprefix("leadwerk-"): job["values"]
        for job in of_type(resources, "google_cloud_scheduler_job")
    }
    complaints = [f"schedule {name} is only in one place" for name in sorted(jobs.keys() ^ SCHEDULES.keys())]
    for name in sorted(jobs.keys() & SCHEDULES.keys()):
        cron, function, body = SCHEDULES[name]
        [target] = jobs[name]["http_target"]
        request = ("GET", f"{urls[function]}/health") if body is None else ("POST", urls[function])
        if jobs[name]["schedule"] != cron:
            complaints.append(f"schedule {name} runs at {jobs[name]['schedule']}")
        if (target["http_method"], target.get("uri")) != request:
            complaints.append(f"schedule {name} sends {target['http_method']} to {target.get('uri')}")
        if body is None:
            complaints += [f"schedule {name} sends a body to a health check"] if target.get("body") else []
            continue
        sent = base64.b64decode(target["body"])
        if json.loads(sent) != body:
            complaints.append(f"schedule {name} sends {sent.decode()}")
        complaints += [f"schedule {name}: {function} refuses its body: {reason}" for reason in refused(function, sent)]
    return complaints


def refused(function: str, body: bytes) -> list[str]:
    """Why the function would not take this body, if so."""
    try:
        msgspec.json.decode(body, type=getattr(deployed_module(function), "Body", Request))
    except msgspec.MsgspecError as error:
        return [str(error)]
    return []


@cache
def deployed_module(function: str) -> Any:
    spec = importlib.util.spec_from_file_location(f"deployed_{function}", source_of(function))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # msgspec looks the annotations up there
    spec.loader.exec_module(module)
    return module


def settings_are_understood(resources: Resources) -> list[str]:
    """The code reads every variable that is set, and finds in it what was deployed: buckets, dataset, secrets."""
    rows = re.findall(r"^\| (LEADWERK_\w+) +\| (.*)", settings.__doc__ or "", re.M)
    documented = {name for name, _ in rows} | {f"{name}_FILE" for name, meaning in rows if "_FILE" in meaning}
    buckets = {bucket["values"]["name"] for bucket in of_type(resources, "google_storage_bucket")}
    [dataset] = of_type(resources, "google_bigquery_dataset")
    complaints = []
    for name, variables, mounted in _environments(resources):
        complaints += [f"{name}: nobody reads {key}" for key in sorted(variables.keys() - documented - {"THREADS"})]
        files = {key: value for key, value in variables.items() if key.endswith("_FILE")}
        complaints += _mounted_otherwise(name, files, mounted)
        read = settings.read({key: value for key, value in variables.items() if key not in files})
        if (read.engine, read.dataset, read.location) != (
            "bigquery",
            dataset["values"]["dataset_id"],
            dataset["values"]["location"],
        ):
            complaints.append(
                f"{name}: engine, dataset and location are {read.engine}, {read.dataset}, {read.location}"
            )
        bucket_of = {kind: getattr(read, kind).removeprefix("gs://").partition("/")[0] for kind in KINDS}
        complaints += [
            f"{name}: {kind} lies in {place}"
            for kind, place in bucket_of.items()
            if place not in buckets or not place.endswith(f"-{KINDS[kind]}")
        ]
    return complaints


def _environments(resources: Resources) -> Iterator[tuple[str, dict[str, str], dict[str, str]]]:
    """Name, variables and mounted secrets of each function, and of the pages, which mount none."""
    for function in of_type(resources, "google_cloudfunctions2_function"):
        [service] = function["values"]["service_config"]
        yield function["index"], service["environment_variables"], mounted_secrets(service)
    for service in of_type(resources, "google_cloud_run_v2_service"):
        yield "pages", pages_variables(service), {}


def pages_variables(service: dict[str, Any]) -> dict[str, str]:
    """The environment of a Cloud Run service."""
    return {
        variable["name"]: variable["value"] for variable in service["values"]["template"][0]["containers"][0]["env"]
    }


def pages_are_behind_the_proxy(resources: Resources) -> list[str]:
    """The pages verify the proxy's assertion, their people lie where they look, and their code is desk's."""
    complaints = []
    objects = {
        f"gs://{stored['values']['bucket']}/{stored['values']['name']}"
        for stored in of_type(resources, "google_storage_bucket_object")
    }
    for service in of_type(resources, "google_cloud_run_v2_service"):
        read, values = settings.read(pages_variables(service)), service["values"]
        audience = re.fullmatch(r"/projects/.+/locations/(.+)/services/(.+)", read.iap_audience)
        if read.access != "iap" or not audience or audience.groups() != (values["location"], values["name"]):
            complaints.append(f"pages take {read.access} for {read.iap_audience}")
        if read.people not in objects:
            complaints.append(f"the pages' people are at {read.people}, where nothing is")
        [build] = values["build_config"]
        if build["function_target"] != "desk" or build["source_location"] not in objects:
            complaints.append(f"pages are built of {build['source_location']}")
    return complaints


def pushes_reach_the_function_that_verifies_them(resources: Resources) -> list[str]:
    """Pub/Sub pushes to the path that takes messages, with the token that the function there expects."""
    [function] = [r for r in of_type(resources, "google_cloudfunctions2_function") if r["index"] == "ingest_feedback"]
    [service] = function["values"]["service_config"]
    variables = service["environment_variables"]
    audience, account = variables.get("LEADWERK_PUSH_AUDIENCE"), variables.get("LEADWERK_PUSH_ACCOUNT")
    complaints = []
    for subscription in of_type(resources, "google_pubsub_subscription"):
        for push in subscription["values"]["push_config"]:
            [token] = push["oidc_token"]
            if push["push_endpoint"] != f"{token['audience']}{events.PUSH_PATH}":
                complaints.append(f"{subscription['address']} pushes to {push['push_endpoint']}")
            if not re.match(rf"https://{function['values']['name']}-", token["audience"]):
                complaints.append(f"{subscription['address']} pushes to another function")
            if (token["audience"], token["service_account_email"]) != (audience, account):
                complaints.append(f"{subscription['address']} pushes with a token that ingest_feedback refuses")
    return complaints


def request_lines_name_nobody(resources: Resources) -> list[str]:
    """Cloud Run's lines of requests are not stored of a service whose addresses name a lead, or hold a secret."""
    [sink] = of_type(resources, "google_logging_project_sink")
    excluded = " ".join(
        exclusion["filter"] for exclusion in sink["values"]["exclusions"] if REQUEST_LINES in exclusion["filter"]
    )
    named = {"leadwerk-desk": any("{" in route.path for route in desk.api.routes)}
    named["leadwerk-pages"] = any("{" in page.path for page in desk_site.site.pages)
    named["leadwerk-ingest-feedback"] = events.is_event_path(f"{events.CRM_PATH}/secret")
    return [
        f"lines of requests to {name} are stored with what their addresses name"
        for name, names in named.items()
        if names and f'"{name}"' not in excluded
    ]


REQUEST_LINES = 'log_id("run.googleapis.com/requests")'


def wildcards_take_exports_only(statement: str) -> list[str]:
    """BigQuery refuses a wildcard over a view, whatever the suffixes, and takes the schema of the newest table."""
    prefixes = re.findall(r"`ga4\.(\w+)\*`", statement)
    return [f"{name} is not read" for name in EXPORTED if not name.startswith(tuple(prefixes))] + [
        f"{prefix}* takes in {name}" for prefix in prefixes for name in NOT_EXPORTED if name.startswith(prefix)
    ]


EXPORTED = ("events_20260131", "events_fresh_20260131", "events_intraday_20260131")
NOT_EXPORTED = ("events_flat", "events_backup", "events_intraday_flat", "events_fresh_flat", "events_v2", "events_1")


def mounted_secrets(service: dict[str, Any]) -> dict[str, str]:
    """The files that a function sees: path → secret."""
    return {
        f"{volume['mount_path']}/{version['path']}": volume["secret"]
        for volume in service["secret_volumes"]
        for version in volume["versions"]
        if version["version"] == "latest"
    }


def _mounted_otherwise(name: str, files: dict[str, str], mounted: dict[str, str]) -> list[str]:
    """LEADWERK_CRM_TOKEN_FILE must name the file of the secret leadwerk-crm-token, and every file must be named."""
    return [
        f"{name}: {key} is the secret {mounted.get(file)}"
        for key, file in files.items()
        if mounted.get(file) != key.removesuffix("_FILE").lower().replace("_", "-")
    ] + [f"{name}: nobody reads {file}" for file in sorted(mounted.keys() - files.values())]


KINDS = {"policy": "policy", "registry": "models", "reports": "reports", "picks": "picks"}


def functions_run_the_tested_python(resources: Resources) -> list[str]:
    tested = f"python{sys.version_info.major}{sys.version_info.minor}"
    return [
        f"{function['index']} runs {runtime}, tested is {tested}"
        for function in of_type(resources, "google_cloudfunctions2_function")
        if (runtime := function["values"]["build_config"][0]["runtime"]) != tested
    ]


def bundle_is_the_code(bundle: Path, function: Path, shared: Path) -> list[str]:
    """A zip holds the function's folder and the package, byte by byte, and nothing else; no simulation, no CLI."""
    package = {path.relative_to(shared).as_posix(): path for path in (shared / "leadwerk").rglob("*") if path.is_file()}
    function_files = {path.relative_to(function).as_posix(): path for path in function.rglob("*") if path.is_file()}
    deployed_files = {name: path for name, path in (package | function_files).items() if not NOT_DEPLOYED.search(name)}
    with zipfile.ZipFile(bundle) as archive:
        names = set(archive.namelist())
        return [f"{name} is only in one place" for name in sorted(names ^ deployed_files.keys())] + [
            f"{name} differs"
            for name in sorted(names & deployed_files.keys())
            if archive.read(name) != deployed_files[name].read_bytes()
        ]
