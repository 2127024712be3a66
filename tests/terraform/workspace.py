"""A copy of the project's Terraform in which init, validate, plan and apply really run, without a cloud.

With ../shared/terraform-offline beside the project a stand-in provider serves Google's schema, and everything is
applied into it. Without it the real providers are used, from their registry or from a mirror that the machine's own
TF_CLI_CONFIG_FILE names; what they would apply is then applied by Terraform's mock of them (mocked.py).
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from terraform import mocked
from tools import bundles

PROJECT = Path(__file__).resolve().parents[2]
OFFLINE = PROJECT.parent / "shared" / "terraform-offline"
# The example with all that it leaves out, so that every permission stands in the table of checks.py.
VARIABLES = (
    "-var-file=examples/mortgage.tfvars",
    "-var=workflows=true",
    '-var=enrichment=["zefix", "gemini", "openai"]',
    "-var=zefix_user=registry@example.ch",
    "-var=crm_webhooks=true",
    '-var=crm_webhook_callers=["serviceAccount:gateway@broker-web.iam.gserviceaccount.com"]',
    '-var=touchpoint_publishers=["serviceAccount:telephone@broker-web.iam.gserviceaccount.com"]',
)
PLANNING = ("plan", "apply", "test")
REGISTRY = "https://registry.terraform.io/.well-known/terraform.json"
MOCKED = ["test", "-json", "-verbose", f"-filter={mocked.NAME}"]


@dataclass(frozen=True)
class Workspace:
    """One initialised copy; `mock` says that nothing is applied but in Terraform's mock of the real providers."""

    folder: Path
    environment: dict[str, str]
    mock: bool = False

    @property
    def tables(self) -> Path:
        """The tables' folder of this copy."""
        return self.folder.parent / "shared" / "leadwerk" / "warehouse" / "tables"

    def bundles(self) -> dict[str, Path]:
        """The bundle of each function, made where the code of this copy has none yet."""
        return bundles.build(self.folder.parent)

    def terraform(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """What Terraform answers; the bundles are those of the copy's present code, as after `make bundles`."""
        if arguments[0] in PLANNING and (self.folder / "bundles.tf").exists():
            self.bundles()
        return subprocess.run(
            ["terraform", *arguments],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=600,
        )

    def copy_to(self, destination: Path) -> Workspace:
        shutil.copytree(self.folder.parent, destination, symlinks=True)
        return Workspace(destination / "terraform", self.environment, self.mock)

    def attempted(self, *options: str) -> subprocess.CompletedProcess[str]:
        """A plan, or an apply in the mock; its diagnostics stand in stderr."""
        if not self.mock:
            return self.terraform("plan", "-no-color", "-input=false", "-out=plan.bin", *options)
        test = self.folder / mocked.NAME
        test.write_text(mocked.test_file(self.folder))
        try:
            done = self.terraform(*MOCKED, *options)
        finally:
            test.unlink()
        done.stderr += mocked.complaints(done.stdout)
        return done

    def planned(self, *options: str) -> list[dict[str, Any]]:
        """The planned resources, each with address, type and values; what only an apply knows is absent."""
        done = self.attempted(*VARIABLES, *options, *([] if self.mock else ["-refresh=false"]))
        assert done.returncode == 0, done.stderr
        if self.mock:
            return mocked.resources(done.stdout)
        plan = json.loads(self.terraform("show", "-json", "plan.bin").stdout)
        return plan["planned_values"]["root_module"]["resources"]

    def applied(self, *options: str) -> list[dict[str, Any]]:
        """The resources after an apply into the stand-in or in the mock, with every value known."""
        if self.mock:
            return self.planned()
        done = self.terraform("apply", "-no-color", "-input=false", "-auto-approve", *VARIABLES, *options)
        assert done.returncode == 0, done.stderr
        return self.applied_resources()

    def applied_resources(self) -> list[dict[str, Any]]:
        """The resources that were applied; the mock keeps none, and applies again."""
        if self.mock:
            return self.planned()
        return json.loads(self.terraform("show", "-json").stdout)["values"]["root_module"]["resources"]


def real_environment() -> dict[str, str] | None:
    """Environment in which terraform finds the real providers, fetched once a machine; None if they are nowhere."""
    if "TF_CLI_CONFIG_FILE" not in os.environ and not _answers(REGISTRY):
        return None
    cache = Path(tempfile.gettempdir()) / "leadwerk-terraform-providers"
    cache.mkdir(exist_ok=True)
    return {"TF_PLUGIN_CACHE_DIR": str(cache), "CHECKPOINT_DISABLE": "1"} | os.environ


def _answers(url: str) -> bool:
    try:
        urllib.request.urlopen(url, timeout=10).close()
    except OSError:
        return False
    return True


def offline_environment(cache: Path) -> dict[str, str]:
    """Environment in which terraform finds the stand-in; built once in `cache`."""
    if not (cache / "cli.tfrc").exists():
        subprocess.run(["sh", str(OFFLINE / "setup.sh"), str(cache)], check=True, capture_output=True, timeout=300)
    return os.environ | {"TF_CLI_CONFIG_FILE": str(cache / "cli.tfrc"), "CHECKPOINT_DISABLE": "1"}


def make(folder: Path, environment: dict[str, str], *, mock: bool = False) -> Workspace:
    """A fresh copy in `folder`, initialised."""
    ignore = shutil.ignore_patterns(".terraform*", ".bundles", "*.tfstate*", "__pycache__", "*.pyc")
    for name in ("terraform", "functions", "shared"):
        shutil.copytree(PROJECT / name, folder / name, ignore=ignore)
    workspace = Workspace(folder / "terraform", environment, mock)
    done = workspace.terraform("init", "-no-color", "-input=false")
    assert done.returncode == 0, done.stderr
    return workspace
