"""What the operations guide says of tear-down and rollback is what Terraform then plans."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from terraform.workspace import PROJECT, VARIABLES, Workspace

GUIDE = (PROJECT / "docs" / "operations.md").read_text()
[FORGOTTEN] = re.findall(r"^ +terraform state rm (.*)$", GUIDE, flags=re.M)
[TARGET] = re.findall(r"terraform apply (-target=google_\S+?)`", GUIDE)
KEPT = {
    "google_bigquery_dataset", "google_bigquery_table", "google_storage_bucket", "google_secret_manager_secret",
}  # fmt: skip


@pytest.fixture
def copy(deployed: Workspace, tmp_path: Path) -> Workspace:
    if deployed.mock:
        pytest.skip("a mock keeps no state that could be torn down")
    return deployed.copy_to(tmp_path / "copy")


def planned(copy: Workspace, *options: str) -> list[dict[str, Any]]:
    done = copy.terraform("plan", "-no-color", "-input=false", "-refresh=false", "-out=plan.bin", *VARIABLES, *options)
    assert done.returncode == 0, done.stderr
    changes = json.loads(copy.terraform("show", "-json", "plan.bin").stdout)["resource_changes"]
    return [change for change in changes if change["change"]["actions"] not in (["no-op"], ["read"])]


def test_the_tear_down_that_keeps_the_data_destroys_no_data(copy: Workspace) -> None:
    done = copy.terraform("state", "rm", *FORGOTTEN.split())
    assert done.returncode == 0, done.stderr
    destroyed = planned(copy, "-destroy")
    assert {tuple(change["change"]["actions"]) for change in destroyed} == {("delete",)}
    assert {change["type"] for change in destroyed} & KEPT == set()
    assert {"google_cloudfunctions2_function", "google_cloud_scheduler_job"} <= {
        resource["type"] for resource in destroyed
    }


def test_data_is_protected_until_it_is_said_that_they_may_go(copy: Workspace) -> None:
    [protected] = {
        resource["change"]["before"]["deletion_protection"]
        for resource in planned(copy, "-destroy")
        if resource["type"] == "google_bigquery_table"
    }
    assert protected is True
    released = planned(copy, "-var=deletion_protection=false")
    assert {tuple(change["change"]["actions"]) for change in released} == {("update",)}
    for change in released:
        after = change["change"]["after"]
        assert not after.get("deletion_protection")
        assert after.get("force_destroy", True)
        assert after.get("delete_contents_on_destroy", True)


def test_a_rollback_of_code_leaves_the_tables_as_they_are(copy: Workspace) -> None:
    schema = copy.tables / "scores" / "schema.json"
    older = json.loads(schema.read_text())
    older["fields"].pop()
    schema.write_text(json.dumps(older))
    bundled = copy.folder.parent / "functions" / "score" / "main.py"
    bundled.write_text(bundled.read_text() + "# of the version before\n")
    assert "google_bigquery_table" in {change["type"] for change in planned(copy)}
    rolled_back = {change["type"] for change in planned(copy, TARGET)}
    assert rolled_back == {"google_cloudfunctions2_function", "google_storage_bucket_object"}
