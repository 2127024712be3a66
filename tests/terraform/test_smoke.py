"""The smoke test of a real project, run as far as this machine can: all its steps, in their order, and what it says.

Terraform applies and destroys in the stand-in, the export is loaded and extracted, forms are scored and stored by the
functions themselves. What only Google has is not tried: its permissions and quotas, the build of the functions, its
latency, and its bill, which bq_over_duckdb.py invents.
"""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from leadwerk.serve import serving
from terraform.refusals import bq_refusals, gcloud_refusals
from terraform.workspace import Workspace
from tools import smoke
from tools.smoke import Measured, Smoke

pytestmark = pytest.mark.slow
FORMS = 3


@dataclass
class Machine:
    """Where the commands of the smoke test are written down, and the functions that it calls."""

    folder: Path
    workspace: Workspace
    urls: dict[str, str]
    posted: list[str] = field(default_factory=list)

    def commands(self, program: str) -> list[list[str]]:
        lines = (self.folder / "commands").read_text().splitlines()
        return [shlex.split(line) for line in lines if line.startswith(f"{program} ")]

    def post(self, url: str, body: dict[str, Any], token: str) -> Any:
        assert token.startswith("identity")
        name = url.removeprefix("https://leadwerk-").partition("-stub")[0].replace("-", "_")
        self.posted.append(name)
        request = urllib.request.Request(
            self.urls[name], json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=120) as answer:
            return json.load(answer)


@pytest.fixture(scope="module")
def machine(initialised: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    if initialised.mock:
        pytest.skip("with real providers it would apply to Google")
    folder = tmp_path_factory.mktemp("smoke")
    home = folder / "home"
    home.mkdir()
    programs = {
        "bq": [sys.executable, str(Path(__file__).with_name("bq_over_duckdb.py"))],
        "gcloud": ["echo", "identity"],
    }
    for name, program in programs.items():
        record = f'printf "%s\\n" "{name} $(printf "%q " "$@")" >> {folder}/commands'
        (folder / name).write_text(f'#!/bin/bash\n{record}\nexec {shlex.join(program)} "$@"\n')
        (folder / name).chmod(0o755)
    names = ["extract_features", "score", "retrain"]
    with (
        serving(home, names=names, crm=False, environment={"LEADWERK_POLICY": "mortgage"}) as servers,
        pytest.MonkeyPatch.context() as patch,
    ):
        for setting, value in initialised.environment.items():
            patch.setenv(setting, value)
        patch.setenv("HOME_OF_BQ", str(home))
        patch.setenv("PATH", f"{folder}:{initialised.environment['PATH']}")
        yield Machine(folder, initialised, {name: servers.url(name) for name in names})


@pytest.fixture(scope="module")
def test_run(machine: Machine) -> Smoke:
    return Smoke("leadwerk-smoke-1", "europe-west6", machine.folder / "files", FORMS, machine.post, wait=lambda _: None)


@pytest.fixture(scope="module")
def measured(test_run: Smoke) -> Measured:
    return smoke.run(test_run)


def test_forms_are_scored_and_stored_after_an_extraction(measured: Measured, machine: Machine) -> None:
    assert machine.posted == ["extract_features", *["score"] * FORMS, "retrain"]
    assert measured.events > 100
    assert measured.stored_scores == FORMS
    assert len(measured.seconds) == FORMS


def test_it_says_what_it_measured(measured: Measured) -> None:
    assert "queries of a form         1.0 (goal: 1)" in str(measured)
    assert "billed bytes of a form    10.0 MB" in str(measured)
    assert f"scores stored             {FORMS} of {FORMS} forms" in str(measured)


def test_nothing_is_left(measured: Measured, test_run: Smoke, machine: Machine) -> None:
    assert json.loads(test_run.terraform("show", "-json")).get("values") is None
    assert machine.commands("bq")[-1][-1] == "leadwerk-smoke-1:analytics_1"
    assert "rm" in machine.commands("bq")[-1]


def test_google_takes_its_commands(
    measured: Measured, machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", machine.workspace.environment["PATH"])  # the real programs, which are asked nothing
    assert gcloud_refusals([shlex.join(command) for command in machine.commands("gcloud")], tmp_path) == {}
    assert [refused for command in machine.commands("bq") for refused in bq_refusals(tuple(command))] == []


def test_a_step_that_fails_leaves_nothing_either(machine: Machine, test_run: Smoke) -> None:
    def refused(url: str, body: dict[str, Any], token: str) -> Any:
        raise OSError("503")

    failing = Smoke(test_run.project, test_run.region, machine.folder / "failing", 1, refused, wait=lambda _: None)
    (machine.folder / "home" / "ga4.duckdb").unlink()
    with pytest.raises(OSError, match="503"):
        smoke.run(failing)
    assert json.loads(failing.terraform("show", "-json")).get("values") is None


def test_a_state_of_ones_own_is_not_touched(measured: Measured, test_run: Smoke) -> None:
    assert test_run.terraform_folder.is_relative_to(test_run.folder)
    with pytest.raises(subprocess.CalledProcessError):
        test_run.terraform("state", "show", "google_storage_bucket.private")
