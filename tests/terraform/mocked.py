"""An apply of Google's resources with Terraform's own mock in Google's place: the provider's schema and validation are
real, its answers invented. It needs no account, and nothing of it can reach Google.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

NAME = "tests/mocked_apply.tftest.hcl"

# What an invented answer must look like, because other resources are checked against it.
DEFAULTS = """
mock_provider "google" {
  mock_resource "google_cloudfunctions2_function" {
    defaults = { service_config = { uri = "https://function.example.run.app" } }
  }
  mock_data "google_bigquery_dataset" {
    defaults = { location = "europe-west6", default_table_expiration_ms = 0 }
  }
}
"""
ACCOUNT = """
override_resource {{
  target = google_service_account.{address}
  values = {{
    id     = "projects/mocked/serviceAccounts/{name}@mocked.iam.gserviceaccount.com"
    name   = "projects/mocked/serviceAccounts/{name}@mocked.iam.gserviceaccount.com"
    email  = "{name}@mocked.iam.gserviceaccount.com"
    member = "serviceAccount:{name}@mocked.iam.gserviceaccount.com"
  }}
}}
"""
FUNCTION = """
override_resource {{
  target = google_cloudfunctions2_function.stage["{name}"]
  values = {{ service_config = {{ uri = "https://{name}.example.run.app" }} }}
}}
"""
INDEXES = {"pages": "desk", "pushes": "touchpoints"}


def test_file(terraform: Path) -> str:
    """A test that applies everything and asserts nothing; every account of ours answers to its own name."""
    functions = sorted(path.parent.name for path in terraform.parent.glob("functions/*/main.py"))
    accounts = re.findall(
        r'^resource "google_service_account" "(\w+)" \{\n'
        r'(?:  for_each = local.(pages|pushes)\n\n)?  account_id += "([\w-]+)"',
        text(terraform),
        re.M,
    )
    single = [(address + (f'["{INDEXES[each]}"]' if each else ""), name) for address, each, name in accounts]
    accounts = [*single, *((f'function["{name}"]', f"leadwerk-{name.replace('_', '-')}") for name in functions)]
    overridden = "".join(ACCOUNT.format(address=address, name=name) for address, name in accounts)
    overridden += "".join(FUNCTION.format(name=name) for name in functions)
    return f'{DEFAULTS}{overridden}\nrun "applied" {{\n  command = apply\n}}\n'


def text(terraform: Path) -> str:
    return "".join(path.read_text() for path in sorted(terraform.glob("*.tf")))


def resources(output: str) -> list[dict[str, Any]]:
    """The resources, with every value known, of what `terraform test -json -verbose` said."""
    messages = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
    [state] = [message["test_state"] for message in messages if message["type"] == "test_state"]
    return state["root_module"]["resources"]


def complaints(output: str) -> str:
    """All diagnostics, as text."""
    messages = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
    diagnostics = [message["diagnostic"] for message in messages if message["type"] == "diagnostic"]
    return "\n".join(
        f"{diagnostic['severity']}: {diagnostic['summary']}: {diagnostic.get('detail', '')}"
        for diagnostic in diagnostics
    )
