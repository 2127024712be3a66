"""Where real providers are used, Terraform's mock applies what the stand-in applies elsewhere: the same checks hold."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path

import pytest

from terraform import agreement, checks, mocked, workspace
from terraform.workspace import PROJECT, Workspace


@pytest.fixture
def mock(initialised: Workspace, tmp_path: Path) -> Workspace:
    return dataclasses.replace(initialised.copy_to(tmp_path / "copy"), mock=True)


def test_what_the_mock_applies_passes_the_checks_and_leaves_no_test_behind(mock: Workspace) -> None:
    resources = mock.applied()
    assert checks.permissions_are_exactly_the_table(resources) == []
    assert checks.nothing_is_public(resources) == []
    assert checks.every_function_has_its_own_account(resources) == []
    assert checks.every_schedule_names_its_audience(resources) == []
    assert agreement.tables_are_the_codes(resources, mock.tables) == []
    assert agreement.schedules_call_what_is_there(resources) == []
    assert agreement.settings_are_understood(resources) == []
    assert agreement.functions_run_the_tested_python(resources) == []
    assert checks.buckets_keep_what_was_overwritten(resources) == []
    assert checks.everything_is_in(resources, "europe-west6") == []
    assert checks.terraform_holds_no_secret_value(resources) == []
    assert checks.secrets_are_read_at_use(resources) == []
    assert checks.functions_fit_the_quota(resources) == []
    assert not (mock.folder / mocked.NAME).exists()


def test_what_terraform_complains_of_is_said() -> None:
    complaint = {"severity": "error", "summary": "Invalid value", "detail": "nothing of Leadwerk is public"}
    messages = [{"type": "version"}, {"type": "diagnostic", "diagnostic": complaint}]
    assert (
        mocked.complaints("\n".join(map(json.dumps, messages))) == "error: Invalid value: nothing of Leadwerk is public"
    )


def test_every_account_answers_to_its_own_name() -> None:
    members = re.findall(r'member = "serviceAccount:([\w-]+)@', mocked.test_file(PROJECT / "terraform"))
    assert sorted(members) == sorted(checks.PERMISSIONS)


def test_resources_are_read_out_of_what_terraform_says() -> None:
    state = {"root_module": {"resources": [{"address": "a.b"}]}}
    messages = [{"type": "version"}, {"type": "test_state", "test_state": state}, {"type": "test_summary"}]
    assert mocked.resources("\n".join(map(json.dumps, messages))) == [{"address": "a.b"}]


def test_without_stand_in_mirror_and_registry_nothing_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TF_CLI_CONFIG_FILE", raising=False)
    monkeypatch.setattr(workspace, "REGISTRY", "http://127.0.0.1:9/")
    assert workspace.real_environment() is None


def test_a_mirror_of_the_machines_owner_is_used_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TF_CLI_CONFIG_FILE", "/somewhere/cli.tfrc")
    environment = workspace.real_environment()
    assert environment is not None
    assert environment["TF_CLI_CONFIG_FILE"] == "/somewhere/cli.tfrc"
    assert Path(environment["TF_PLUGIN_CACHE_DIR"]).is_dir()
