"""The reference in terraform/README.md is what the files say, and a committed lock file is HashiCorp's."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from terraform.workspace import PROJECT
from tools import terraform_reference

LOCK = PROJECT / "terraform" / ".terraform.lock.hcl"
PLATFORMS = 2  # of those who apply and of the CI, at least
STAND_IN = """
provider "registry.terraform.io/hashicorp/google" {
  version = "6.50.0"
  hashes  = ["h1:abc="]
}
"""
REGISTRY = """
provider "registry.terraform.io/hashicorp/google" {
  version = "7.1.0"
  hashes  = ["h1:abc=", "h1:def=", "zh:0123"]
}
"""


def test_the_reference_is_what_the_files_say() -> None:
    text = terraform_reference.README.read_text("utf-8")
    assert text == terraform_reference.updated(text), "run `make generate`"


def test_a_changed_description_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for file in terraform_reference.FOLDER.glob("*.tf"):
        text = file.read_text("utf-8").replace("Base URL of the CRM", "Address of the CRM")
        (tmp_path / file.name).write_text(text, "utf-8")
    monkeypatch.setattr(terraform_reference, "FOLDER", tmp_path)
    text = terraform_reference.README.read_text("utf-8")
    assert "| `crm_url` | `string` | required | Address of the CRM's API. |" in terraform_reference.updated(text)


def test_every_file_says_what_it_holds() -> None:
    rows = re.findall(r"^\| `(\w+\.tf)` \| (.*) \|$", terraform_reference.README.read_text("utf-8"), flags=re.M)
    assert [file for file, holds in rows if not holds] == []
    assert len(rows) == len([*terraform_reference.FOLDER.glob("*.tf")])


def of_anywhere_else(lock: str) -> list[str]:
    """Providers of a lock file without the hashes that only the registry gives (zh), or for one machine alone."""
    blocks = re.findall(r'^provider "([^"]+)" \{(.*?)^\}', lock, flags=re.M | re.S)
    return [name for name, block in blocks if "zh:" not in block or block.count("h1:") < PLATFORMS]


def test_a_lock_file_of_the_stand_in_is_told_from_the_registrys() -> None:
    assert of_anywhere_else(STAND_IN) == ["registry.terraform.io/hashicorp/google"]
    assert of_anywhere_else(REGISTRY) == []


def test_a_committed_lock_file_is_the_registrys() -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "--error-unmatch", LOCK], cwd=PROJECT, capture_output=True, check=False
    )
    if tracked.returncode == 0:
        assert of_anywhere_else(LOCK.read_text("utf-8")) == []
