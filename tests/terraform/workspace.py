"""A copy of the project's Terraform in which init, validate, plan and apply really run, without a cloud.

With ../shared/terraform-offline beside the project a stand-in provider serves Google's schema; without it the real
providers are used where their registry is reachable (plans only: nothing is ever applied to Google).
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[2]
OFFLINE = PROJECT.parent / "shared" / "terraform-offline"
VARIABLES = "-var-file=examples/mortgage.tfvars"


@dataclass(frozen=True)
class Workspace:
    """One initialised copy; `applied` is the state's resources by address, after an apply into the stand-in."""

    folder: Path
    environment: dict[str, str]

    def terraform(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["terraform", *arguments],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=300,
        )

    def copy_to(self, destination: Path) -> Workspace:
        shutil.copytree(self.folder.parent, destination, symlinks=True)
        return Workspace(destination / "terraform", self.environment)

    def planned(self) -> list[dict[str, Any]]:
        """The planned resources, each with address, type and values; what only an apply knows is absent."""
        done = self.terraform("plan", "-no-color", "-input=false", "-refresh=false", "-out=plan.bin", VARIABLES)
        assert done.returncode == 0, done.stderr
        shown = json.loads(self.terraform("show", "-json", "plan.bin").stdout)
        return shown["planned_values"]["root_module"]["resources"]

    def applied(self, *options: str) -> list[dict[str, Any]]:
        """The resources after an apply into the stand-in, with every value known."""
        done = self.terraform("apply", "-no-color", "-input=false", "-auto-approve", VARIABLES, *options)
        assert done.returncode == 0, done.stderr
        return json.loads(self.terraform("show", "-json").stdout)["values"]["root_module"]["resources"]


def offline_environment(cache: Path) -> dict[str, str]:
    """Environment in which terraform finds the stand-in; built once in `cache`."""
    if not (cache / "cli.tfrc").exists():
        subprocess.run(["sh", str(OFFLINE / "setup.sh"), str(cache)], check=True, capture_output=True, timeout=300)
    return os.environ | {"TF_CLI_CONFIG_FILE": str(cache / "cli.tfrc"), "CHECKPOINT_DISABLE": "1"}


def make(folder: Path, environment: dict[str, str]) -> Workspace:
    """A fresh copy in `folder`, initialised."""
    ignore = shutil.ignore_patterns(".terraform*", ".bundles", "*.tfstate*", "__pycache__", "*.pyc")
    for name in ("terraform", "functions", "shared"):
        shutil.copytree(PROJECT / name, folder / name, ignore=ignore)
    workspace = Workspace(folder / "terraform", environment)
    done = workspace.terraform("init", "-no-color", "-input=false")
    assert done.returncode == 0, done.stderr
    return workspace
