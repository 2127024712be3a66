"""Faults that somebody will one day make: each is planted in a copy, and the check that stands for it must speak."""

from __future__ import annotations

from pathlib import Path

import pytest

from terraform import checks
from terraform.workspace import Workspace


@pytest.fixture(scope="module")
def sound(initialised: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    lean = initialised.lean_copy_to(tmp_path_factory.mktemp("sound") / "copy")
    lean.applied()
    return lean


@pytest.fixture
def copy(sound: Workspace, tmp_path: Path) -> Workspace:
    """What was applied, with its state: a plan then knows all but what the fault changes."""
    return sound.copy_to(tmp_path / "copy")


def plant(copy: Workspace, file: str, before: str, after: str) -> None:
    path = copy.folder / file
    text = path.read_text()
    assert before in text, f"{before!r} is not in {file}: the fault cannot be planted"
    path.write_text(text.replace(before, after, 1))


def test_a_misspelt_attribute_is_found_by_validate(copy: Workspace) -> None:
    plant(copy, "schedules.tf", "attempt_deadline =", "attempt_deadlin =")
    assert "attempt_deadlin" in copy.terraform("validate", "-no-color").stderr


def test_a_missing_role_is_found_by_the_permission_table(copy: Workspace) -> None:
    plant(copy, "functions.tf", '"scores", "leads", "identities"', '"scores", "leads"')
    assert checks.permissions_are_exactly_the_table(copy.planned()) == [
        "missing: ('leadwerk-score', 'table identities', 'roles/bigquery.dataEditor')"
    ]


def test_a_role_too_many_is_found_by_the_permission_table(copy: Workspace) -> None:
    plant(copy, "identities.tf", '"roles/logging.logWriter"', '"roles/editor", "roles/logging.logWriter"')
    assert checks.permissions_are_exactly_the_table(copy.planned()) == [
        "not in the table: ('leadwerk-builder', 'project', 'roles/editor')"
    ]


def test_a_schedule_without_audience_is_found(copy: Workspace) -> None:
    plant(copy, "schedules.tf", "      audience              = ", "      # ")
    assert checks.every_schedule_names_its_audience(copy.planned())


def test_a_public_bucket_is_found(copy: Workspace) -> None:
    plant(copy, "buckets.tf", '"enforced"', '"inherited"')
    assert len(checks.nothing_is_public(copy.planned())) == 5


def test_a_public_function_is_found(copy: Workspace) -> None:
    plant(copy, "schedules.tf", "member   = google_service_account.scheduler.member", 'member   = "allUsers"')
    assert checks.nothing_is_public(copy.planned())


def test_a_column_that_differs_from_the_code_is_found(copy: Workspace) -> None:
    plant(
        copy,
        "tables.tf",
        "jsonencode(each.value.fields)",
        "jsonencode(reverse(each.value.fields))",
    )
    tables = copy.folder.parent / "shared" / "leadwerk" / "warehouse" / "tables"
    assert "table scores has other columns than its schema.json" in checks.tables_are_the_codes(copy.planned(), tables)


def test_a_secret_in_the_state_is_found(copy: Workspace) -> None:
    plant(copy, "secrets.tf", 'secret_data     = "unset"', 'secret_data     = "hunter2"')
    assert checks.no_secret_value_is_known(copy.planned())
