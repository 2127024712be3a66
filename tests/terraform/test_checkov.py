"""checkov finds nothing in the infrastructure, and every check that is skipped says why."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from terraform.workspace import PROJECT

CHECKOV = PROJECT / ".venv-checkov" / "bin" / "checkov"  # made by `make test-cloud`
REASON_WORDS = 5


def checkov() -> str:
    executable = str(CHECKOV) if CHECKOV.exists() else shutil.which("checkov")
    if executable is None:
        pytest.skip("checkov is not installed: `make test-cloud` installs it in an environment of its own")
    return executable


def test_checkov_is_clean(tmp_path: Path) -> None:
    folder = tmp_path / "terraform"  # a copy, so that no provider's folder of somebody's own init is read
    shutil.copytree(
        PROJECT / "terraform", folder, ignore=shutil.ignore_patterns(".terraform*", ".bundles", "*.tfstate*")
    )
    command = [checkov(), "--directory", str(folder), "--framework", "terraform", "--output", "json", "--compact"]
    # It would ask its vendor for guidelines, and wait.
    environment = os.environ | {"BC_SKIP_MAPPING": "TRUE", "LOG_LEVEL": "ERROR"}
    done = subprocess.run(
        [*command, "--skip-download"], capture_output=True, text=True, timeout=200, env=environment, check=False
    )
    report = json.loads(done.stdout[done.stdout.index("{") :])
    failed = [
        (failed_check["check_id"], failed_check["resource"]) for failed_check in report["results"]["failed_checks"]
    ]
    assert failed == []
    assert report["summary"]["passed"] > 50


def test_a_skipped_check_says_why() -> None:
    skips = [
        line.strip()
        for file in (PROJECT / "terraform").glob("*.tf")
        for line in file.read_text().splitlines()
        if "checkov:skip" in line
    ]
    assert skips
    for skip in skips:
        reason = re.fullmatch(r"#checkov:skip=CKV\d?_\w+:(.+)", skip)
        assert reason, skip
        assert len(reason[1].split()) > REASON_WORDS
