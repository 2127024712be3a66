"""What an Owner makes once: the state's bucket, and an account with the roles that the operations guide lists."""

from __future__ import annotations

import json
import re

import pytest
import yaml

from terraform.checks import Resources, nothing_is_public, of_type
from terraform.workspace import PROJECT, Workspace

GUIDE = (PROJECT / "docs" / "operations.md").read_text("utf-8")
VARIABLES = ("-var=project_id=broker-leadwerk", '-var=deployers=["user:ada@example.ch"]')


@pytest.fixture(scope="module")
def bootstrap(initialised: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    copy = initialised.copy_to(tmp_path_factory.mktemp("bootstrap") / "copy")
    workspace = Workspace(copy.folder / "bootstrap", copy.environment, copy.mock)
    done = workspace.terraform("init", "-no-color", "-input=false")
    assert done.returncode == 0, done.stderr
    return workspace


@pytest.fixture(scope="module")
def resources(bootstrap: Workspace) -> Resources:
    if bootstrap.mock:
        pytest.skip("a plan with the real provider asks for an account")
    done = bootstrap.terraform("apply", "-no-color", "-input=false", "-auto-approve", *VARIABLES)
    assert done.returncode == 0, done.stderr
    state = json.loads(bootstrap.terraform("show", "-json").stdout)["values"]
    assert 'bucket = "broker-leadwerk-leadwerk-terraform"' in state["outputs"]["backend"]["value"]
    return state["root_module"]["resources"]


def test_it_is_valid(bootstrap: Workspace) -> None:
    assert "valid" in bootstrap.terraform("validate", "-no-color").stdout


def test_the_deployer_has_the_roles_that_the_guide_lists(resources: Resources) -> None:
    granted = {grant["values"]["role"] for grant in of_type(resources, "google_project_iam_member")}
    listed = re.findall(r"^\| `(roles/[\w.]+)` \| (.+) \|$", GUIDE, flags=re.M)
    assert {role for role, _ in listed} == granted
    written = (PROJECT / "terraform" / "bootstrap" / "main.tf").read_text("utf-8")
    assert re.findall(r'^    "(roles/[\w.]+)" += "(.+)"$', written, flags=re.M) == listed


def test_nobody_is_made_owner_and_nothing_public(resources: Resources) -> None:
    assert nothing_is_public(resources) == []
    assert "roles/owner" not in {resource["values"].get("role") for resource in resources}


def test_people_apply_as_the_deployer(resources: Resources) -> None:
    [grant] = of_type(resources, "google_service_account_iam_member")
    assert (grant["values"]["member"], grant["values"]["role"]) == (
        "user:ada@example.ch",
        "roles/iam.serviceAccountTokenCreator",
    )


def test_github_acts_as_the_deployer_for_one_repository(bootstrap: Workspace) -> None:
    if bootstrap.mock:
        pytest.skip("a plan with the real provider asks for an account")
    options = ("-no-color", "-input=false", "-state=other", "-out=plan.bin", "-var=github_repository=example/leadwerk")
    done = bootstrap.terraform("plan", *options, *VARIABLES)
    assert done.returncode == 0, done.stderr
    planned = json.loads(bootstrap.terraform("show", "-json", "plan.bin").stdout)["planned_values"]["root_module"]
    [provider] = of_type(planned["resources"], "google_iam_workload_identity_pool_provider")
    condition = provider["values"]["attribute_condition"]
    assert condition == 'assertion.sub == "repo:example/leadwerk:environment:production"'
    assert provider["values"]["oidc"][0]["issuer_uri"] == "https://token.actions.githubusercontent.com"
    roles = {grant["values"]["role"] for grant in of_type(planned["resources"], "google_service_account_iam_member")}
    assert roles == {"roles/iam.serviceAccountTokenCreator", "roles/iam.workloadIdentityUser"}


def test_the_workflow_acts_as_the_deployer_and_applies_on_tags_alone() -> None:
    workflow = (PROJECT / ".github" / "workflows" / "deploy.yml").read_text("utf-8")
    job = yaml.safe_load(workflow)["jobs"]["terraform"]
    assert job["environment"] == "production"
    assert job["permissions"] == {"contents": "read", "id-token": "write"}
    applying = [step for step in job["steps"] if "terraform apply" in step.get("run", "")]
    assert [step["if"] for step in applying] == ["github.event_name == 'push'"]
    assert yaml.safe_load(workflow)[True]["push"] == {"tags": ["v*"]}  # YAML reads `on` as true
    assert "secrets." not in workflow


def test_the_state_keeps_its_versions(resources: Resources) -> None:
    [bucket] = of_type(resources, "google_storage_bucket")
    assert bucket["values"]["versioning"][0]["enabled"]


def test_nobody_is_let_in_without_a_name(bootstrap: Workspace) -> None:
    refused = bootstrap.terraform("plan", "-no-color", "-input=false", VARIABLES[0], '-var=deployers=["allUsers"]')
    assert "deployers are members such as" in " ".join(refused.stderr.split())
