"""The deployment guide as a new user follows it: each command of its steps, in their order, in a fresh checkout.

Terraform applies into the stand-in; gcloud only says that it was called. What the steps say between the commands
(link the export, add readers) is not tried.
"""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

from terraform.workspace import PROJECT, Workspace

GUIDE = (PROJECT / "docs" / "operations.md").read_text("utf-8")
STEPS = GUIDE[GUIDE.index("1. **GA4.**") : GUIDE.index("**Why two applies?**")]
COMMAND = re.compile(
    r"`((?:cp|cd|make bundles|terraform apply|terraform output)\b[^`]*)`|^ {7}((?:gcloud|printf|openssl) .*)$", re.M
)

pytestmark = pytest.mark.slow


def steps() -> list[str]:
    return [in_text or in_block for in_text, in_block in COMMAND.findall(STEPS)]


@pytest.fixture(scope="module")
def checkout(initialised: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A checkout in which nothing was done yet, and a gcloud that writes down how it was called."""
    if initialised.mock:
        pytest.skip("with real providers it would apply to Google")
    root = tmp_path_factory.mktemp("guide") / "checkout"
    ignored = shutil.ignore_patterns(".terraform*", ".bundles", "*.tfstate*", "__pycache__", "terraform.tfvars")
    for name in ("terraform", "functions", "shared", "tools"):
        shutil.copytree(PROJECT / name, root / name, ignore=ignored)
    for name in ("Makefile", "pyproject.toml", "requirements-dev.txt"):
        shutil.copy(PROJECT / name, root)
    programs = root.parent / "programs"
    programs.mkdir()
    (programs / "gcloud").write_text(f'#!/bin/sh\ncat > /dev/null\necho "gcloud $*" >> {root}/done\n')
    (programs / "gcloud").chmod(0o755)
    environment = initialised.environment | {
        "PATH": f"{programs}:{initialised.environment['PATH']}",
        "TF_CLI_ARGS_apply": "-auto-approve -input=false",
        "CRM_TOKEN": "for tests only",
    }
    return Workspace(root / "terraform", environment)


def test_the_guide_leads_from_nothing_to_a_deployment(checkout: Workspace) -> None:
    root = checkout.folder.parent
    for command in steps():
        where = checkout.folder if command.startswith("terraform") else root
        done = subprocess.run(
            ["bash", "-o", "pipefail", "-c", command],
            cwd=where, env=checkout.environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=600, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        with (root / "done").open("a") as lines:
            lines.write(f"{command}\n")
    resources = checkout.terraform("state", "list").stdout
    for resource in ('google_cloudfunctions2_function.stage["score"]', 'google_bigquery_table.leadwerk["scores"]'):
        assert resource in resources
    commands = (root / "done").read_text()
    assert commands.index("gcloud secrets versions add leadwerk-person-key") < commands.index("terraform apply -var")
    assert commands.index("make bundles") < commands.index("terraform apply -var")
    paused = checkout.terraform("state", "show", 'google_cloud_scheduler_job.stage["deliver"]').stdout
    assert re.search(r"paused\s+= false", paused)  # the last apply starts them


def test_its_steps_are_those_that_are_tried() -> None:
    assert [command.split("#")[0].strip() for command in steps() if "terraform" in command or "make" in command] == [
        "cp terraform/examples/mortgage.tfvars terraform/terraform.tfvars",
        "cd terraform && terraform init && terraform apply -target=terraform_data.foundation",
        "make bundles",
        "terraform apply -var=schedules_paused=true",
        "terraform apply",
        "cp terraform/examples/people.yaml terraform/people.yaml",
    ]
