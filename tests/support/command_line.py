"""The command line as a user meets it: what a command prints, as text or as JSON."""

from __future__ import annotations

import json
from typing import Any

import pytest

from leadwerk.cli.application import run


def result(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    """The JSON that a command prints; it must succeed."""
    assert run([*arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def console_output(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    """All that a command prints, on one line, without the frames around it."""
    assert run([*arguments]) == code
    captured = capsys.readouterr()
    return " ".join((captured.out + captured.err).replace("│", " ").split())
