"""Each `gcloud`, `bq` and `terraform` command line of the documentation is one that the program takes.

The programs themselves say so, without an account and without a network; where one is not installed its test skips.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from support.documented_commands import of_program
from terraform.refusals import bq_refusals, gcloud_refusals, terraform_refusals
from terraform.workspace import PROJECT

OUTPUTS = (PROJECT / "terraform" / "outputs.tf").read_text("utf-8")


def test_gcloud_takes_what_the_documentation_says(tmp_path: Path) -> None:
    documented = {shlex.join(command.tokens) for command in of_program("gcloud")}
    printed = re.findall(r"gcloud (?:beta run services update|logging read) [^\n]+", OUTPUTS)
    assert len(documented) > 12
    assert len(printed) == 2
    commands = sorted(documented) + [re.sub(r"\$\{[^}]+\}", "x", command) for command in printed]
    assert gcloud_refusals(commands, tmp_path) == {}


def test_what_gcloud_refuses_is_found(tmp_path: Path) -> None:
    wrong = "gcloud secrets versions add leadwerk-crm-token --data-fil=-"
    assert "--data-fil" in gcloud_refusals([wrong], tmp_path)[wrong]


def test_bq_takes_what_the_documentation_says() -> None:
    commands = [command for command in of_program("bq") if not command.in_text]
    assert len(commands) > 4
    assert {str(command): refused for command in commands if (refused := bq_refusals(command.tokens))} == {}


def test_what_bq_refuses_is_found() -> None:
    assert bq_refusals(("bq", "cp", "--restored", "a.b", "a.c")) == ["restored"]
    assert bq_refusals(("bq", "copy", "-f", "a.b", "a.c")) == ["f"]


def test_terraform_takes_what_the_documentation_says() -> None:
    commands = of_program("terraform")
    assert len(commands) > 12
    assert {str(command): refused for command in commands if (refused := terraform_refusals(command.tokens))} == {}


def test_what_terraform_refuses_is_found() -> None:
    assert terraform_refusals(("terraform", "aply")) == ["aply"]
    assert terraform_refusals(("terraform", "output", "-rew", "next_steps")) == ["rew"]
