"""Every argument that the Terraform files write exists in Google's provider 7.x, none is deprecated, none is missing.

`terraform validate` holds the same for the provider that is installed, which offline is the schema of 6.50.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from terraform import bindings, written
from terraform.workspace import PROJECT
from terraform.written import Block

TERRAFORM = PROJECT / "terraform"
FOLDERS = [TERRAFORM, *sorted({path.parent for path in TERRAFORM.glob("*/*.tf")})]


@pytest.fixture(scope="module")
def _installed() -> None:
    if not bindings.FOLDER.exists():
        pytest.skip(f"pulumi-gcp {bindings.VERSION} is not there: `make test-cloud` fetches it")


installed = pytest.mark.usefixtures("_installed")


def test_the_bindings_are_those_that_make_fetches() -> None:
    makefile = (PROJECT / "Makefile").read_text("utf-8")
    assert f"BINDINGS := {bindings.FOLDER.parent.relative_to(PROJECT)}\n" in makefile


def resources() -> list[Block]:
    return [block for folder in FOLDERS for block in written.blocks(folder) if block.kind == "resource"]


def test_every_resource_is_read() -> None:
    text = "".join(path.read_text("utf-8") for folder in FOLDERS for path in folder.glob("*.tf"))
    of_google = [block.labels for block in resources() if block.labels[0].startswith("google_")]
    assert sorted(of_google) == sorted(re.findall(r'^resource "(google_\w+)" "(\w+)" \{$', text, re.M))


@installed
@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_provider_7_takes_every_argument(folder: Path) -> None:
    of_google = [
        block for block in written.blocks(folder) if block.kind == "resource" and block.labels[0].startswith("google_")
    ]
    assert [complaint for block in of_google for complaint in bindings.complaints(block)] == []


@installed
def test_what_a_version_took_away_is_found() -> None:
    bucket = ['resource "google_storage_bucket" "b" {', '  name = "b"', "  acl = []", "  versioning {", "  }", "}"]
    assert bindings.complaints(written.read(bucket)[0]) == [
        "google_storage_bucket.b.acl is no argument of provider 7.x",
        "google_storage_bucket.b lacks location, which provider 7.x requires",
        "google_storage_bucket.b.versioning lacks enabled, which provider 7.x requires",
    ]


@installed
def test_what_is_deprecated_is_found() -> None:
    table = [
        'resource "google_bigquery_table" "t" {',
        *('  dataset_id = "d"', '  table_id = "t"', "  time_partitioning {", '    type = "DAY"'),
        *("    require_partition_filter = true", "  }", "}"),
    ]
    assert bindings.complaints(written.read(table)[0]) == [
        "google_bigquery_table.t.time_partitioning.require_partition_filter is deprecated in provider 7.x"
    ]
