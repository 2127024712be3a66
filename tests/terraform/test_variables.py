"""Every variable is typed, described and checked: a wrong value is refused before anything is made, with the remedy."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from leadwerk import settings
from leadwerk.policy.people import parse_people
from terraform.workspace import PROJECT

TERRAFORM = PROJECT / "terraform"
TEXT = (TERRAFORM / "variables.tf").read_text()
BLOCKS = dict(re.findall(r'^variable "(\w+)" (\{.*?^\})', TEXT, flags=re.S | re.M))
KEY = "projects/p/locations/europe-west6/keyRings/r/cryptoKeys/k"
ACCOUNT = "012345-6789AB-CDEF01"
GOOD: dict[str, Any] = {
    "project_id": "broker-leadwerk",
    "ga4_dataset_id": "analytics_1",
    "policy_file": "policy.yaml",
    "crm_url": "https://crm.example.ch",
}
WRONG: list[tuple[str, Any]] = [
    ("project_id", "Leadwerk"),
    ("project_id", "1234567890"),
    ("region", "EU"),
    ("region", "europe-west6-a"),
    ("data_location", "EU"),  # Zürich, the default region, lies outside
    ("data_location", "europe-west1"),
    ("dataset_id", "lead-werk"),
    ("ga4_dataset_id", "other-project.analytics_1"),
    ("ga4_project_id", "123456789"),
    ("ga4_copied_from", {"project_id": "p", "dataset_id": "p.analytics_1"}),
    ("policy_file", "nowhere.yaml"),
    ("time_zone", "CET"),
    ("time_zone", "+01:00"),
    ("crm_url", "http://crm.example.ch"),
    ("crm_per_second", 0),
    ("crm", "oracle"),
    ("crm_oauth", {"token_url": "http://crm.example.ch/token", "client_id": "leadwerk"}),
    ("enrichment", ["yellow pages"]),
    ("zefix_user", "broker"),  # without enrichment
    ("openai_url", "http://models.example.ch"),
    ("crm_database", "sales"),  # BOMA has none
    ("crm_webhook_url", "http://hooks.example.ch"),
    ("crm_webhook_url", "https://hooks.example.ch"),  # without crm_webhooks
    ("crm_webhook_callers", ["allUsers"]),
    ("crm_webhook_callers", ["serviceAccount:gateway@p.iam"]),  # without crm_webhooks
    ("touchpoint_publishers", ["allUsers"]),
    ("crm_paths", {"lead": "/leads", "cases": "/cases"}),
    ("crm_lead_url", "https://crm.example.ch/leads"),
    ("score_invokers", ["allUsers"]),
    ("score_invokers", ["allAuthenticatedUsers"]),
    ("desk_readers", ["sales@example.ch"]),
    ("desk_readers", ["group:sales@example.ch"]),  # without people_file
    ("desk_programs", ["user:ada@example.ch"]),
    ("people_file", "nowhere.yaml"),
    ("people_file", "policy.yaml"),  # no list of people
    ("policy_publishers", ["domain:example.ch"]),
    ("privacy_officers", ["allUsers"]),
    ("alert_emails", ["Ada <ada@example.ch>"]),
    ("alert_emails", ["mailto:ada@example.ch"]),
    ("monthly_budget", {"billing_account": "my account", "amount": 100}),
    ("monthly_budget", {"billing_account": ACCOUNT, "amount": 0}),
    ("monthly_budget", {"billing_account": ACCOUNT, "amount": 99.5}),
    ("kms_key_name", "my-key"),
    ("kms_key_name", KEY.replace("europe-west6", "global")),
    ("vpc_connector", "crm"),
    ("vpc_connector", "projects/p/locations/us-east1/connectors/crm"),
    ("query_gib", 0),
    ("calls_per_minute", -1),
    ("snapshot_days", 0),
    ("snapshot_days", 90),
    ("score_max_instances", 0),
    ("score_max_instances", 1001),
    ("score_min_instances", 11),
    ("score_min_instances", 7),  # more than the most
    ("score_min_instances", 0.5),
    ("labels", {"Team": "sales"}),
    ("labels", {"team": "Sales"}),
]
RIGHT: list[dict[str, Any]] = [
    {},
    {"region": "europe-west1", "data_location": "EU", "time_zone": "UTC"},
    {"snapshot_days": 14, "kms_key_name": KEY, "monthly_budget": {"billing_account": ACCOUNT, "amount": 100}},
    {
        "labels": {"team": "sales_1"},
        "alert_emails": ["a.b@example.ch"],
        "score_min_instances": 10,
        "score_max_instances": 10,
    },
    {"ga4_project_id": "analytics-project", "vpc_connector": "projects/p/locations/europe-west6/connectors/crm"},
    {"ga4_copied_from": {"project_id": "analytics-project", "dataset_id": "analytics_9"}},
    {"enrichment": ["zefix", "openai"], "zefix_user": "broker", "openai_url": "https://models.example.ch/v1"},
    {
        "time_zone": "America/Argentina/Buenos_Aires",
        "desk_readers": ["group:sales@example.ch"],
        "people_file": "people.yaml",
    },
    {
        "crm": "salesforce",
        "crm_oauth": {"token_url": "https://crm.example.ch/token", "client_id": "leadwerk"},
        "crm_lead_url": "https://crm.example.ch/{lead_id}",
    },
    {"crm": "odoo", "crm_database": "sales", "crm_webhooks": True},
    {
        "crm_webhooks": True,
        "crm_webhook_url": "https://hooks.example.ch/leadwerk",
        "crm_webhook_callers": ["serviceAccount:gateway@p.iam"],
        "touchpoint_publishers": ["group:telephone@example.ch"],
        "workflows": True,
        "enrichment": ["zefix", "openai"],
        "zefix_user": "registry@example.ch",
        "openai_url": "https://models.example.ch/v1",
    },
    {"crm_paths": {"lead": "/v2/leads/{id}", "cases": "/v2/cases"}, "desk_programs": ["serviceAccount:crm@p.iam"]},
]


@pytest.fixture(scope="module")
def variables_alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """variables.tf in a folder of its own: what it refuses, it refuses without any provider."""
    if shutil.which("terraform") is None:
        pytest.skip("terraform is not installed")
    folder = tmp_path_factory.mktemp("variables")
    shutil.copy(TERRAFORM / "variables.tf", folder)
    (folder / "policy.yaml").touch()
    shutil.copy(TERRAFORM / "examples" / "people.yaml", folder)
    return folder


def plan(folder: Path, values: dict[str, Any]) -> str:
    """What Terraform says against these values; nothing if it takes them."""
    (folder / "values.tfvars.json").write_text(json.dumps(GOOD | values))
    done = subprocess.run(
        ["terraform", "plan", "-no-color", "-input=false", "-var-file=values.tfvars.json"],
        cwd=folder,
        env=os.environ | {"CHECKPOINT_DISABLE": "1"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    return "" if done.returncode == 0 else done.stderr


@pytest.mark.parametrize(("name", "value"), WRONG, ids=str)
def test_a_wrong_value_is_refused_with_its_remedy(name: str, value: Any, variables_alone: Path) -> None:
    output = " ".join(plan(variables_alone, {name: value}).split())
    assert "Invalid value for variable" in output
    assert any(message in output for message in re.findall(r'error_message += "(.*)"', BLOCKS[name])), output


@pytest.mark.parametrize("values", RIGHT, ids=str)
def test_what_is_right_is_taken(values: dict[str, Any], variables_alone: Path) -> None:
    assert plan(variables_alone, values) == ""


def test_the_tables_must_lie_where_their_key_is(variables_alone: Path) -> None:
    assert "kms_key_name encrypts the tables" in plan(
        variables_alone,
        {
            "region": "europe-west1",
            "data_location": "EU",
            "kms_key_name": KEY.replace("europe-west6", "europe-west1"),
        },
    )


def test_a_copy_lies_in_our_own_project(variables_alone: Path) -> None:
    copied = {"project_id": "analytics-project", "dataset_id": "analytics_9"}
    assert "ga4_copied_from makes a copy in project_id" in plan(
        variables_alone, {"ga4_copied_from": copied, "ga4_project_id": "analytics-project"}
    )


def test_every_crm_of_the_package_can_be_deployed_and_no_other() -> None:
    [crms] = re.findall(r"contains\((\[.*?\]), var.crm\)", BLOCKS["crm"])
    assert tuple(json.loads(crms)) == settings.CRMS


def test_the_people_of_the_example_are_people() -> None:
    people = parse_people((TERRAFORM / "examples" / "people.yaml").read_text("utf-8"), "people.yaml")
    assert [person.name for person in people] == ["anna", "eva"]


@pytest.mark.parametrize("name", BLOCKS)
def test_a_variable_is_typed_described_and_checked(name: str) -> None:
    assert re.search(r"^  type\s+=", BLOCKS[name], flags=re.M)
    assert re.search(r"^  description\s+=", BLOCKS[name], flags=re.M)
    if not re.search(r"^  type\s+= bool", BLOCKS[name], flags=re.M):
        assert name in {wrong for wrong, _ in WRONG}
        assert "validation {" in BLOCKS[name]
