"""The whole infrastructure, applied into a stand-in for Google."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import pytest

from terraform import checks
from terraform.workspace import PROJECT, VARIABLES, Workspace

FUNCTIONS = sorted(path.parent.name for path in (PROJECT / "functions").glob("*/main.py"))
IN_EVERY_BUNDLE = {
    "main.py",
    "requirements.txt",
    "leadwerk/settings.py",
    "leadwerk/warehouse/tables/scores/schema.json",
}
TABLES = PROJECT / "shared" / "leadwerk" / "warehouse" / "tables"


def test_the_files_are_formatted(initialised: Workspace) -> None:
    assert initialised.terraform("fmt", "-check", "-recursive", "-diff").stdout == ""


def test_the_configuration_is_valid(initialised: Workspace) -> None:
    assert "valid" in initialised.terraform("validate", "-no-color").stdout


def test_a_second_plan_changes_nothing(initialised: Workspace, applied: list[dict]) -> None:
    if initialised.mock:
        pytest.skip("nothing was applied but in a mock, which keeps no state, and nothing may be applied to Google")
    again = initialised.terraform("plan", "-no-color", "-input=false", "-detailed-exitcode", VARIABLES)
    assert again.returncode == 0, again.stdout


def test_terraforms_own_tests_pass(initialised: Workspace, tmp_path: Path) -> None:
    done = initialised.lean_copy_to(tmp_path / "copy").terraform("test", "-no-color")
    assert done.returncode == 0, done.stdout


def test_both_examples_plan(initialised: Workspace) -> None:
    plan = initialised.attempted("-var-file=examples/b2b_swiss.tfvars", *([] if initialised.mock else ["-state=other"]))
    assert plan.returncode == 0, plan.stderr


def test_permissions_are_exactly_the_table(applied: list[dict]) -> None:
    assert checks.permissions_are_exactly_the_table(applied) == []


def test_nothing_is_public(applied: list[dict]) -> None:
    assert checks.nothing_is_public(applied) == []


def test_every_function_has_its_own_account(applied: list[dict]) -> None:
    assert len(checks.of_type(applied, "google_cloudfunctions2_function")) == 6
    assert checks.every_function_has_its_own_account(applied) == []


def test_every_schedule_names_its_audience(applied: list[dict]) -> None:
    assert len(checks.of_type(applied, "google_cloud_scheduler_job")) == 8
    assert checks.every_schedule_names_its_audience(applied) == []


def test_tables_are_the_codes(applied: list[dict]) -> None:
    assert checks.tables_are_the_codes(applied, TABLES) == []


def test_no_secret_value_is_known(applied: list[dict]) -> None:
    assert checks.no_secret_value_is_known(applied) == []


@pytest.mark.parametrize(
    "function", ["extract_features", "ingest_feedback", "retrain", "score", "deliver_scores", "desk"]
)
def test_a_bundle_holds_the_function_and_the_package_and_nothing_else(
    function: str, initialised: Workspace, applied: list[dict]
) -> None:
    bundle = zipfile.ZipFile(initialised.folder / ".bundles" / f"{function}.zip")
    names = set(bundle.namelist())
    assert {
        "main.py",
        "requirements.txt",
        "leadwerk/settings.py",
        "leadwerk/warehouse/tables/scores/schema.json",
    } <= names
    assert not {name for name in names if re.search(r"\.pyc$|^tests/|^leadwerk/(market|cli)/", name)}


def test_every_variable_is_typed_and_described() -> None:
    text = (PROJECT / "terraform" / "variables.tf").read_text()
    for block in re.findall(r'^variable ".*?^}', text, flags=re.S | re.M):
        assert re.search(r"^  type\s+=", block, flags=re.M), block
        assert re.search(r"^  description\s+=", block, flags=re.M), block


def test_no_provisioner_runs_anything_here() -> None:
    text = "".join(path.read_text() for path in Path(PROJECT / "terraform").glob("*.tf"))
    assert not re.search(r"null_resource|local-exec|remote-exec|terraform_data", text)


def test_a_wrong_variable_is_refused_with_its_remedy(initialised: Workspace) -> None:
    plan = initialised.attempted(VARIABLES, '-var=score_invokers=["allUsers"]')
    assert plan.returncode != 0
    assert "nothing of Leadwerk is public" in re.sub(r"\s+", " ", plan.stderr)
