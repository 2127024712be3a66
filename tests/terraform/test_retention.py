"""Retention has one source: Terraform expires a table's rows when the package believes that they expire."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import msgspec
import pytest

from leadwerk.policy.model import Retention
from terraform.workspace import PROJECT

TABLES = (PROJECT / "terraform/tables.tf").read_text("utf-8")


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("{}", Retention()),
        ("retention: {activity: 1200}", Retention(activity=1200)),
    ],
    ids=["a policy without retention", "a policy that sets one of them"],
)
def test_terraform_and_the_package_agree_on_retention(tmp_path: Path, policy: str, expected: Retention) -> None:
    assert _terraform_retention(tmp_path, policy) == msgspec.structs.asdict(expected)


def _terraform_retention(folder: Path, policy: str) -> dict[str, int]:
    """The locals of tables.tf, evaluated by Terraform itself for this policy."""
    expressions = [
        re.search(rf"^  {name} += .*?(?=^  \w+ += |^}})", TABLES, re.M | re.S) for name in ("policy", "retention_days")
    ]
    assert all(expressions), "tables.tf computes the retention elsewhere now"
    module = folder / "terraform"
    module.mkdir()
    (folder / "shared").symlink_to(PROJECT / "shared")
    (module / "policy.yaml").write_text(policy, "utf-8")
    (module / "main.tf").write_text(
        'variable "policy_file" { default = "policy.yaml" }\n'
        f"locals {{\n{''.join(expression[0] for expression in expressions if expression)}}}\n"
        'output "retention" { value = local.retention_days }\n'
    )
    terraform = shutil.which("terraform")
    if terraform is None:
        pytest.skip("Terraform is not installed")
    for arguments in (["init"], ["apply", "-auto-approve"]):
        subprocess.run(
            [terraform, *arguments, "-input=false", "-no-color"], cwd=module, check=True, capture_output=True
        )
    output = subprocess.run([terraform, "output", "-json", "retention"], cwd=module, check=True, capture_output=True)
    retention: dict[str, int] = json.loads(output.stdout)
    return retention
