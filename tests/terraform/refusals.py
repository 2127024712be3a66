"""What `gcloud`, `bq` and `terraform` refuse of a command line, by what each says of itself: no account, no network.

Where a program is not installed the test that asks it is skipped.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

# gcloud's check gives up on a few commands that it takes, such as those with a # in an address.
GIVEN_UP = "Command could not be validated"


def program(name: str) -> str:
    executable = shutil.which(name)
    if executable is None:
        pytest.skip(f"{name} is not installed")
    return executable


def output_of(*tokens: str) -> str:
    done = subprocess.run(tokens, capture_output=True, text=True, timeout=120, check=False)
    return done.stdout + done.stderr


def gcloud_refusals(commands: list[str], folder: Path) -> dict[str, str]:
    """Of these command lines those that gcloud's own parser refuses, with its reason."""
    file = folder / "commands.json"
    file.write_text(json.dumps([{"command_string": command} for command in commands]))
    lint = [program("gcloud"), "meta", "lint-gcloud-commands", f"--commands-file={file}", "--quiet"]
    done = subprocess.run(lint, capture_output=True, text=True, timeout=300, check=False)
    answers = json.loads(done.stdout)
    assert len(answers) == len(commands), done.stderr
    refusals = {answer["command_string"]: answer["error_message"] for answer in answers if not answer["success"]}
    return {command: reason for command, reason in refusals.items() if not reason.startswith(GIVEN_UP)}


@cache
def bq_flags(command: str) -> frozenset[str]:
    """The flags of one command of bq, without hyphens; empty where there is no such command."""
    described = output_of(program("bq"), "help", command)
    return frozenset(re.findall(r"(?:^\s*|,)-{1,2}(?:\[no\])?(\w+)", described, re.M))


def bq_refusals(tokens: tuple[str, ...]) -> list[str]:
    flags = [re.sub(r"^-{1,2}|=.*$", "", token) for token in tokens if re.match(r"--?[a-z]", token)]
    command = next(token for token in tokens[1:] if not token.startswith("-"))
    return [flag for flag in flags if flag not in bq_flags(command) | bq_flags("--help")]


def terraform_refusals(tokens: tuple[str, ...]) -> list[str]:
    """The options that the command of Terraform does not describe, and the command itself if it does not exist."""
    arguments = [token for token in tokens[1:] if not token.startswith("-chdir=")]
    names = [token for token in arguments if not token.startswith("-")]
    if not names:
        return arguments
    depth = 2 if names[0] in ("state", "providers") else 1
    described = output_of(program("terraform"), *names[:depth], "-help")
    if f"terraform [global options] {' '.join(names[:depth])}" not in described:
        return names[:depth]
    options = [re.sub(r"^-+|=.*$", "", token) for token in arguments if token.startswith("-")]
    general = {"var", "var-file", "target"} if names[0] in ("plan", "apply", "destroy") else set()
    return [
        option for option in options if option not in general and not re.search(rf"^\s+-{option}\b", described, re.M)
    ]
