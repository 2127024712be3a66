"""Faults that somebody will one day make: each is planted in a copy, and the check that stands for it must speak."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from leadwerk.pipeline import extract
from leadwerk.policy.load import load
from terraform import agreement, checks
from terraform.checks import Resources
from terraform.workspace import PROJECT, VARIABLES, Workspace
from tools import bundles

TABLES = PROJECT / "shared" / "leadwerk" / "warehouse" / "tables"


@pytest.fixture
def copy(deployed: Workspace, tmp_path: Path) -> Workspace:
    return deployed.copy_to(tmp_path / "copy")


def plant(copy: Workspace, file: str, before: str, after: str) -> None:
    path = copy.folder / file
    text = path.read_text()
    assert before in text, f"{before!r} is not in {file}: the fault cannot be planted"
    path.write_text(text.replace(before, after, 1))


def test_a_misspelt_attribute_is_found_by_validate(copy: Workspace) -> None:
    plant(copy, "schedules.tf", "attempt_deadline =", "attempt_deadlin =")
    assert "attempt_deadlin" in copy.terraform("validate", "-no-color").stderr


def test_a_resource_before_its_service_is_found(copy: Workspace) -> None:
    for _ in range(3):
        plant(copy, "identities.tf", "depends_on = [google_project_service.required]", "")
    faults = checks.nothing_is_made_before_its_service_is_on(copy.terraform("graph").stdout)
    assert "google_service_account.builder does not wait for google_project_service.required" in faults


def test_a_function_that_does_not_wait_for_its_roles_is_found(copy: Workspace) -> None:
    plant(copy, "functions.tf", "    terraform_data.foundation,\n", "")
    plant(copy, "foundation.tf", "    google_project_iam_member.builder,\n", "")
    assert checks.functions_wait_for_what_they_are_built_on(copy.terraform("graph").stdout) == [
        "google_cloudfunctions2_function.stage does not wait for terraform_data.foundation",
        "terraform_data.foundation does not wait for google_project_iam_member.builder",
    ]


def test_a_secret_that_is_read_with_its_value_is_found() -> None:
    read = {"address": "data.x", "type": "google_secret_manager_secret_version", "mode": "data"}
    assert checks.terraform_holds_no_secret_value([{**read, "values": {"fetch_secret_data": False}}]) == []
    assert checks.terraform_holds_no_secret_value([{**read, "values": {"fetch_secret_data": None}}]) == [
        "data.x is read with its value"
    ]


def test_a_bundle_of_former_code_is_found(copy: Workspace) -> None:
    score = copy.bundles()["score"]
    main = copy.folder.parent / "functions" / "score" / "main.py"
    main.write_text(main.read_text() + "# changed since\n")
    # Terraform alone: the workspace would make the bundle first.
    refused = subprocess.run(
        ["terraform", "plan", "-no-color", "-input=false", "-refresh=false", *VARIABLES],
        cwd=copy.folder, env=copy.environment, capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    assert "There is no bundle of the present code of score. Run make bundles" in " ".join(refused.stderr.split())
    assert "present code of desk" not in " ".join(refused.stderr.split())
    copy.planned()
    assert not score.exists()


@pytest.mark.parametrize(
    ("before", "after", "complaint"),
    [
        ("(simulation|cli)", "(simulation|cli|texts)", "leadwerk/texts/de.json is only in one place"),
        ("(simulation|cli)", "(cli)", "leadwerk/simulation/__init__.py is only in one place"),
    ],
    ids=["a file that is not bundled", "a file that is bundled and not deployed"],
)
def test_a_bundle_that_is_not_the_code_is_found(
    before: str, after: str, complaint: str, monkeypatch: pytest.MonkeyPatch, copy: Workspace
) -> None:
    monkeypatch.setattr(bundles, "NOT_DEPLOYED", re.compile(bundles.NOT_DEPLOYED.pattern.replace(before, after)))
    project = copy.folder.parent
    bundle = copy.bundles()["score"]
    assert complaint in agreement.bundle_is_the_code(bundle, project / "functions" / "score", project / "shared")
    assert "There is no bundle of the present code" in " ".join(copy.attempted(*VARIABLES).stderr.split())


def test_a_wildcard_over_a_view_is_found() -> None:
    statement = extract.events_statement(load("mortgage")).text
    assert agreement.wildcards_take_exports_only(statement) == []
    assert agreement.wildcards_take_exports_only(statement.replace("events_2*", "events_*")) == [
        f"events_* takes in {name}" for name in agreement.NOT_EXPORTED
    ]
    assert "events_intraday_20260131 is not read" in agreement.wildcards_take_exports_only("FROM `ga4.events_2*`")


# Faults that do not hide each other, so that one plan holds them all: file, before, after, check, and what it must say.
Fault = tuple[str, str, str, Callable[[Resources], list[str]], str]
NARROWED = """
  condition {
    title       = "Copies of the bundles"
    description = "Google makes this bucket at the first build; no role can sit on it before."
    expression  = "resource.name.startsWith(\\"projects/_/buckets/gcf-v2-sources-\\")"
  }
"""
URI = "google_cloudfunctions2_function.stage[each.value.function].service_config[0].uri"
VERSION = """resource "google_secret_manager_secret_version" "first" {
  secret      = google_secret_manager_secret.value["crm_token"].id
  secret_data = "unset"
}

data "google_secret_manager_secret_version" "newest\""""
READ_AT_START = """    secret_environment_variables {
      key        = "LEADWERK_CRM_TOKEN"
      project_id = var.project_id
      secret     = "leadwerk-crm-token"
      version    = "latest"
    }

    dynamic "secret_volumes\""""
EXCLUDED = """region, and not in the global one."
  filter      = local.log_of_functions"""
CALLER, READERS = (
    ("serviceAccount:web-forms@broker-web.iam.gserviceaccount.com", "score"),
    {"group:advisers@example.ch"},
)
SECRETS = 'concat(["person_key"], keys(local.enrichment_secrets))'
RUN = "3. gcloud scheduler jobs run leadwerk-extract-nightly --location=europe-west6"
RETENTION = {"activity": 830, "scores": 1100, "deliveries": 400}
FAULTS: dict[str, Fault] = {
    "a missing role": (
        "functions.tf", '"leads", "identities", "deliveries", "cursors"', '"leads", "deliveries", "cursors"',
        checks.permissions_are_exactly_the_table,
        "missing: ('leadwerk-score', 'table identities', 'roles/bigquery.dataEditor')",
    ),
    "a role too many": (
        "identities.tf", '"roles/logging.logWriter"', '"roles/editor", "roles/logging.logWriter"',
        checks.permissions_are_exactly_the_table,
        "not in the table: ('leadwerk-builder', 'project', 'roles/editor')",
    ),
    "a role on the whole project": (
        "identities.tf", NARROWED, "",
        checks.permissions_are_exactly_the_table,
        "not in the table: ('leadwerk-builder', 'project', 'roles/storage.objectViewer')",
    ),
    "a stranger who may write": (
        "callers.tf", 'role     = "roles/run.invoker"', 'role     = "roles/run.admin"',
        lambda resources: checks.others_may_only_call(resources, set()),
        "'roles/run.admin')",
    ),
    "a connection that calls another function": (
        "connection.tf", 'stage["score"].name', 'stage["desk"].name',
        lambda resources: checks.others_may_only_call(resources, set()),
        "missing: ('serviceAccount:",
    ),
    "a secret that a function cannot read": (
        "functions.tf", SECRETS, SECRETS.replace('"person_key"', ""),
        checks.permissions_are_exactly_the_table,
        "missing: ('leadwerk-ingest-feedback', 'secret leadwerk-person-key', 'roles/secretmanager.secretAccessor')",
    ),
    "a public function": (
        "callers.tf", 'member   = each.key', 'member   = "allAuthenticatedUsers"',
        checks.nothing_is_public,
        "is open to allAuthenticatedUsers",
    ),
    "a public bucket": (
        "buckets.tf", '"enforced"', '"inherited"',
        checks.nothing_is_public,
        "does not prevent public access",
    ),
    "a bucket without versions": (
        "buckets.tf", "policy  = { versioned = true", "policy  = { versioned = false",
        checks.buckets_keep_what_was_overwritten,
        'google_storage_bucket.private["policy"] keeps no versions',
    ),
    "a bucket that is deleted with its data": (
        "buckets.tf", "400, deleted_with_contents = false", "400, deleted_with_contents = true",
        checks.buckets_keep_what_was_overwritten,
        'google_storage_bucket.private["models"] would be deleted with its contents',
    ),
    "a schedule without audience": (
        "schedules.tf", "      audience              = ", "      # ",
        checks.every_schedule_names_its_audience,
        "has no OIDC audience that is its target",
    ),
    "a schedule of another function": (
        "schedules.tf", 'function = "ingest_feedback"', 'function = "retrain"',
        agreement.schedules_call_what_is_there,
        "schedule ingest-nightly sends POST",
    ),
    "a schedule at another time": (
        "schedules.tf", '"*/5 * * * *"', '"5 * * * *"',
        agreement.schedules_call_what_is_there,
        "schedule deliver runs at 5 * * * *",
    ),
    "a body that its function refuses": (
        "schedules.tf", "intraday = true", "intra_day = true",
        agreement.schedules_call_what_is_there,
        "schedule extract-intraday: extract_features refuses its body: Object contains unknown field `intra_day`",
    ),
    "a region written down": (
        "secrets.tf", "location = var.region", 'location = "europe-west1"',
        lambda resources: checks.everything_is_in(resources, "europe-west6"),
        'google_secret_manager_secret.value["crm_token"] is in europe-west1',
    ),
    "a setting that nobody reads": (
        "crm.tf", "LEADWERK_CRM_URL ", "LEADWERK_CRMURL ",
        agreement.settings_are_understood,
        "score: nobody reads LEADWERK_CRMURL",
    ),
    "a setting that leads elsewhere": (
        "functions.tf", 'private["picks"].name}"', 'private["reports"].name}"',
        agreement.settings_are_understood,
        "desk: picks lies in broker-leadwerk-leadwerk-reports",
    ),
    "a secret under another's name": (
        "functions.tf", "google_secret_manager_secret.value[secret_volumes.value].secret_id",
        '"leadwerk-person-key"',
        agreement.settings_are_understood,
        "deliver_scores: LEADWERK_CRM_TOKEN_FILE is the secret leadwerk-person-key",
    ),
    "another Python": (
        "functions.tf", '"python311"', '"python39"',
        agreement.functions_run_the_tested_python,
        "score runs python39",
    ),
    "a secret in the state": (
        "secrets.tf", 'data "google_secret_manager_secret_version" "newest"', VERSION,
        checks.terraform_holds_no_secret_value,
        "google_secret_manager_secret_version.first is made by Terraform",
    ),
    "a secret read at the start": (
        "functions.tf", '    dynamic "secret_volumes"', READ_AT_START,
        checks.secrets_are_read_at_use,
        "score reads LEADWERK_CRM_TOKEN at the start of an instance and never again",
    ),
    "a secret that goes before the tables": (
        "secrets.tf", "deletion_protection = var.deletion_protection", "deletion_protection = false",
        checks.secrets_are_protected,
        'google_secret_manager_secret.value["person_key"] can be destroyed while the tables cannot',
    ),
    "lines that also lie in the global bucket": (
        "logs.tf", EXCLUDED, EXCLUDED.replace("local.log_of_functions", '"severity<ERROR"'),
        lambda resources: checks.logs_stay_in_the_region(resources, "europe-west6"),
        "lines of leadwerk-score also lie in the global bucket",
    ),
    "lines of requests that name leads": (
        "logs.tf", "filter      = local.requests_with_a_name", 'filter      = "severity<ERROR"',
        agreement.request_lines_name_nobody,
        "lines of requests to leadwerk-desk are stored with what their addresses name",
    ),
    "a schedule that gives up too early": (
        "schedules.tf", "${local.functions[each.value.function].timeout}s", "180s",
        checks.functions_end_before_their_schedule_gives_up,
        "leadwerk-deliver gives up after 180 s, its function runs for up to 300 s",
    ),
    "more instances than the quota": (
        "variables.tf", "default     = 6\n", "default     = 60\n",
        checks.functions_fit_the_quota,
        "all instances together take 73 CPUs, a new project has 20",
    ),
    "pages that believe every caller": (
        "pages.tf", 'LEADWERK_ACCESS       = "iap"', 'LEADWERK_ACCESS       = "private"',
        agreement.pages_are_behind_the_proxy,
        "pages take private for",
    ),
    "pages that take another service's visitors": (
        "pages.tf", "/services/${local.pages_name}", "/services/leadwerk-desk",
        agreement.pages_are_behind_the_proxy,
        "/services/leadwerk-desk",
    ),
    "people who get past the proxy": (
        "pages.tf", 'member   = "serviceAccount:service-', 'member   = "serviceAccount:any-',
        lambda resources: checks.others_may_only_call(resources, {CALLER}, READERS),
        "not asked for: ('serviceAccount:any-",
    ),
    "pages of the whole bucket": (
        "pages.tf", '"roles/storage.objectUser"', '"roles/storage.objectAdmin"',
        checks.permissions_are_exactly_the_table,
        "not in the table: ('leadwerk-pages', 'bucket models', 'roles/storage.objectAdmin')",
    ),
    "a push to another path": (
        "touchpoints.tf", '/pubsub"', '/"',
        agreement.pushes_reach_the_function_that_verifies_them,
        'google_pubsub_subscription.touchpoints["touchpoints"] pushes to https://',
    ),
    "a push that its function refuses": (
        "touchpoints.tf", "LEADWERK_PUSH_AUDIENCE = local", 'LEADWERK_PUSH_AUDIENCE = "https://elsewhere" # local',
        agreement.pushes_reach_the_function_that_verifies_them,
        "pushes with a token that ingest_feedback refuses",
    ),
    "messages that are stored anywhere": (
        "touchpoints.tf", "    allowed_persistence_regions = [var.region]",
        '    allowed_persistence_regions = ["us-east1"]',
        lambda resources: checks.messages_stay_in_the_region(resources, "europe-west6"),
        "messages of leadwerk-touchpoints are stored in ['us-east1']",
    ),
    "a stranger who may publish": (
        "touchpoints.tf", 'role   = "roles/pubsub.publisher"', 'role   = "roles/pubsub.admin"',
        lambda resources: checks.others_may_only_call(resources, set()),
        "'roles/pubsub.admin')",
    ),
    "workflows that cannot be recorded": (
        "functions.tf", '["workflow_actions", "cursors"]', '["workflow_actions"]',
        checks.permissions_are_exactly_the_table,
        "missing: ('leadwerk-deliver-scores', 'table cursors', 'roles/bigquery.dataEditor')",
    ),
    "an erasure that cannot reach a table": (
        "functions.tf", '"erasures"], local.tables_of_persons)', '"erasures"])',
        checks.permissions_are_exactly_the_table,
        "missing: ('leadwerk-privacy', 'table leads', 'roles/bigquery.dataEditor')",
    ),
    "a run of a paused job": (
        "schedules.tf", "paused           = var.schedules_paused", "paused           = true",
        lambda resources: checks.runs_of_paused_jobs(RUN, resources),
        "leadwerk-extract-nightly is paused and cannot be run",
    ),
}  # fmt: skip
HIDING: dict[str, Fault] = {
    "a service with anybody's name": (
        "functions.tf", '"leadwerk-${replace(name, "_", "-")}"', 'replace(name, "_", "-")',
        checks.names_say_whose_they_are,
        'google_cloudfunctions2_function.stage["score"] is called score',
    ),
    "requests that wait for a thread": (
        "functions.tf", "THREADS = tostring(local.concurrency)", "THREADS = tostring(local.concurrency - 1)",
        checks.threads_answer_what_cloud_run_sends,
        "score gets 8 requests at once and has 7 threads",
    ),
    "a schedule with another method": (
        "schedules.tf", '"GET" : "POST"', '"GET" : "GET"',
        agreement.schedules_call_what_is_there,
        "schedule deliver sends GET",
    ),
    "a schedule that calls a path": (
        "schedules.tf", 'try(each.value.path, "")',
        'try(each.value.path, "/run")',
        agreement.schedules_call_what_is_there,
        "/run",
    ),
    "columns in another order": (
        "tables.tf", "jsonencode(each.value.fields)", "jsonencode(reverse(each.value.fields))",
        lambda resources: agreement.tables_are_the_codes(resources, TABLES),
        "table scores has other columns than its schema.json",
    ),
    "another partition": (
        "tables.tf", "field         = time_partitioning.value", 'field         = "created"',
        lambda resources: agreement.tables_are_the_codes(resources, TABLES),
        "table scores is partitioned by created",
    ),
    "an unbounded scan": (
        "tables.tf", 'contains(["activity_daily", "activity_events"], each.key)', 'each.key == "activity_events"',
        lambda resources: agreement.tables_are_the_codes(resources, TABLES),
        "table activity_daily may be read whole",
    ),
    "no clustering": (
        "tables.tf", "length(each.value.cluster) > 0 ? each.value.cluster : null", "null",
        lambda resources: agreement.tables_are_the_codes(resources, TABLES),
        "table scores is clustered by None",
    ),
    "rows that expire at another time": (
        "tables.tf", "* 24 * 60 * 60 * 1000", "* 24 * 60 * 60",
        lambda resources: agreement.rows_expire_as_the_policy_says(resources, TABLES, RETENTION),
        "rows of scores expire after 95040000 ms",
    ),
    "a public schedule's door": (
        "schedules.tf", "member   = google_service_account.scheduler.member", 'member   = "allUsers"',
        checks.nothing_is_public,
        "is open to allUsers",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def planned(deployed: Workspace, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Resources]:
    """What a plan says of the faults, one plan for each group of those that do not hide each other."""
    plans: dict[str, Resources] = {}
    for group in (FAULTS, HIDING):
        copy = deployed.copy_to(tmp_path_factory.mktemp("faults") / "copy")
        for file, before, after, *_ in group.values():
            plant(copy, file, before, after)
        plans |= dict.fromkeys(group, copy.planned())
    return plans


@pytest.mark.parametrize("fault", FAULTS | HIDING)
def test_a_fault_is_found(fault: str, planned: dict[str, Resources], resources: Resources) -> None:
    *_, check, message = (FAULTS | HIDING)[fault]
    assert [complaint for complaint in check(resources) if message in complaint] == []
    faults = check(planned[fault])
    assert any(message in complaint for complaint in faults), faults
