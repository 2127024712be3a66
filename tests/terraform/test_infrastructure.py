"""The whole infrastructure, applied into a stand-in for Google."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from terraform import agreement, checks
from terraform.workspace import PROJECT, VARIABLES, Workspace

CALLERS = {  # of examples/mortgage.tfvars, and of the variables that the tests add
    ("serviceAccount:gateway@broker-web.iam.gserviceaccount.com", "ingest-feedback"),
    ("serviceAccount:web-forms@broker-web.iam.gserviceaccount.com", "score"),
    ("user:data-protection@example.ch", "privacy"),
}
READERS = {"group:advisers@example.ch"}
PUBLISHERS = {"serviceAccount:telephone@broker-web.iam.gserviceaccount.com"}


def test_the_files_are_formatted(deployed: Workspace) -> None:
    assert deployed.terraform("fmt", "-check", "-recursive", "-diff").stdout == ""


def test_the_configuration_is_valid(deployed: Workspace) -> None:
    assert "valid" in deployed.terraform("validate", "-no-color").stdout


def test_a_second_plan_changes_nothing(deployed: Workspace) -> None:
    if deployed.mock:
        pytest.skip("nothing was applied but in a mock, which keeps no state, and nothing may be applied to Google")
    again = deployed.terraform("plan", "-no-color", "-input=false", "-detailed-exitcode", *VARIABLES)
    assert again.returncode == 0, again.stdout


def test_terraforms_own_tests_pass(deployed: Workspace, tmp_path: Path) -> None:
    done = deployed.copy_to(tmp_path / "copy").terraform("test", "-no-color")
    assert done.returncode == 0, done.stdout


# The other example is what was applied.
@pytest.mark.parametrize("file", ["examples/b2b_swiss.tfvars", "environments/dev.tfvars", "environments/prod.tfvars"])
def test_every_file_of_variables_plans(file: str, deployed: Workspace) -> None:
    plan = deployed.attempted(f"-var-file={file}", *([] if deployed.mock else ["-state=other"]))
    assert plan.returncode == 0, plan.stderr


def test_permissions_are_exactly_the_table(resources: list[dict]) -> None:
    assert checks.permissions_are_exactly_the_table(resources) == []


def test_all_instances_together_keep_the_pace_of_the_crm(resources: list[dict]) -> None:
    calls_by_function = {}
    for function in checks.of_type(resources, "google_cloudfunctions2_function"):
        [config] = function["values"]["service_config"]
        if pace := config["environment_variables"].get("LEADWERK_CRM_PER_SECOND"):
            calls_by_function[function["index"]] = float(pace) * config["max_instance_count"]
    assert calls_by_function.keys() == {"deliver_scores", "ingest_feedback", "score"}
    assert sum(calls_by_function.values()) == pytest.approx(10, abs=0.01)


def test_others_may_only_call_what_the_example_says(resources: list[dict]) -> None:
    assert checks.others_may_only_call(resources, CALLERS, READERS, PUBLISHERS) == []


def test_every_table_is_written_by_somebody(resources: list[dict]) -> None:
    written = {place.removeprefix("table ") for _, place, role in checks.grants(resources) if role == checks.EDITS}
    tables = {table["values"]["table_id"] for table in checks.of_type(resources, "google_bigquery_table")}
    assert tables == written & tables


def test_nothing_is_public(resources: list[dict]) -> None:
    assert checks.nothing_is_public(resources) == []


def test_every_function_has_its_own_account(resources: list[dict]) -> None:
    assert len(checks.of_type(resources, "google_cloudfunctions2_function")) == 7
    assert checks.every_function_has_its_own_account(resources) == []


def test_every_schedule_names_its_audience(resources: list[dict]) -> None:
    assert checks.of_type(resources, "google_cloud_scheduler_job")
    assert checks.every_schedule_names_its_audience(resources) == []


def test_schedules_call_what_is_there(resources: list[dict]) -> None:
    assert agreement.schedules_call_what_is_there(resources) == []


def test_tables_are_the_codes(deployed: Workspace, resources: list[dict]) -> None:
    assert agreement.tables_are_the_codes(resources, deployed.tables) == []


def test_rows_expire_as_the_policy_says(deployed: Workspace, resources: list[dict]) -> None:
    policy = yaml.safe_load((deployed.tables.parents[1] / "policy/defaults/mortgage.yaml").read_text("utf-8"))
    assert agreement.rows_expire_as_the_policy_says(resources, deployed.tables, policy["retention"]) == []


def test_settings_are_understood(resources: list[dict]) -> None:
    assert agreement.settings_are_understood(resources) == []


def test_pushes_reach_the_function_that_verifies_them(resources: list[dict]) -> None:
    assert agreement.pushes_reach_the_function_that_verifies_them(resources) == []


def test_messages_stay_in_the_region(resources: list[dict]) -> None:
    assert checks.messages_stay_in_the_region(resources, "europe-west6") == []


def test_pages_are_behind_the_proxy(resources: list[dict]) -> None:
    assert agreement.pages_are_behind_the_proxy(resources) == []


def test_functions_run_the_tested_python(resources: list[dict]) -> None:
    assert agreement.functions_run_the_tested_python(resources) == []


def test_buckets_keep_what_was_overwritten(resources: list[dict]) -> None:
    assert checks.buckets_keep_what_was_overwritten(resources) == []


def test_everything_is_in_the_region(resources: list[dict]) -> None:
    assert checks.everything_is_in(resources, "europe-west6") == []


def test_nothing_is_made_before_its_service_is_on(deployed: Workspace) -> None:
    assert checks.nothing_is_made_before_its_service_is_on(deployed.terraform("graph").stdout) == []


def test_logs_stay_in_the_region(resources: list[dict]) -> None:
    assert checks.logs_stay_in_the_region(resources, "europe-west6") == []


def test_lines_of_requests_name_nobody(resources: list[dict]) -> None:
    assert agreement.request_lines_name_nobody(resources) == []


def test_names_say_whose_they_are(resources: list[dict]) -> None:
    assert checks.names_say_whose_they_are(resources) == []


def test_threads_answer_what_cloud_run_sends(resources: list[dict]) -> None:
    assert checks.threads_answer_what_cloud_run_sends(resources) == []


def test_functions_end_before_their_schedule_gives_up(resources: list[dict]) -> None:
    assert checks.functions_end_before_their_schedule_gives_up(resources) == []


def test_functions_wait_for_what_they_are_built_on(deployed: Workspace) -> None:
    assert checks.functions_wait_for_what_they_are_built_on(deployed.terraform("graph").stdout) == []


def test_functions_fit_the_quota_of_a_new_project(resources: list[dict]) -> None:
    assert checks.functions_fit_the_quota(resources) == []


def test_terraform_holds_no_secret_value(resources: list[dict]) -> None:
    assert checks.terraform_holds_no_secret_value(resources) == []


def test_secrets_are_read_at_use(resources: list[dict]) -> None:
    assert checks.secrets_are_read_at_use(resources) == []


def test_secrets_are_protected(resources: list[dict]) -> None:
    assert checks.secrets_are_protected(resources) == []


def test_no_provisioner_runs_anything_here() -> None:
    text = "".join(path.read_text() for path in Path(PROJECT / "terraform").glob("*.tf"))
    assert not re.search(r"null_resource|local-exec|remote-exec|provisioner", text)
