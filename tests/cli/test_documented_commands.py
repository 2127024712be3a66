"""Each `leadwerk` command line of the documentation is one that the command line takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import typer

from leadwerk.cli.application import app
from support.documented_commands import of_program

ROOT = typer.main.get_command(app)
COMMANDS = of_program("leadwerk")
[UsageError] = typer.BadParameter.__bases__  # Typer brings a click of its own and exports no more of it


def refusal(tokens: Sequence[str], *, in_text: bool = False) -> str | None:
    """Why `leadwerk` refuses the tokens after its name; None where it takes them. No file is looked for."""
    command: Any = ROOT  # a command of Typer's own click, whose classes it does not export
    remaining = list(tokens)
    context = typer.Context(command, info_name="leadwerk")
    try:
        options, remaining, _ = command.make_parser(context).parse_args(remaining)
        while members := getattr(command, "commands", {}):
            if not remaining:
                return None if in_text or command.invoke_without_command or _asks(tokens) else "a command is missing"
            if remaining[0] not in members:
                return f"there is no command {remaining[0]}"
            command = members[remaining[0]]
            context = typer.Context(command, parent=context)
            options, remaining, _ = command.make_parser(context).parse_args(remaining[1:])
    except UsageError as error:
        return error.format_message()
    missing = [str(field.name) for field in command.params if field.required and options.get(str(field.name)) is None]
    if missing and not in_text and not _asks(tokens):
        return f"missing: {', '.join(missing)}"
    return f"too many words: {' '.join(remaining)}" if remaining else None


def _asks(tokens: Sequence[str]) -> bool:
    return bool({"--help", "-h", "--version"} & set(tokens))


def test_the_command_line_takes_what_the_documentation_says() -> None:
    refusals = {str(command): refusal(command.tokens[1:], in_text=command.in_text) for command in COMMANDS}
    assert {command: reason for command, reason in refusals.items() if reason} == {}


def test_there_are_command_lines_to_try() -> None:
    pages = {command.page for command in COMMANDS}
    assert {"README.md", "docs/operations.md", "docs/policy.md", "docs/points.md"} <= pages


@pytest.mark.parametrize(
    ("tokens", "reason"),
    [
        (["retrian"], "there is no command retrian"),
        (["policy"], "a command is missing"),
        (["policy", "publish", "draft.yaml", "--who", "Ada"], "No such option: --who"),
        (["models", "rollback", "--by", "Ada", "yesterday"], "too many words: yesterday"),
        (["overrides", "set", "4712", "--by", "Eva"], "missing: "),
    ],
)
def test_a_command_line_that_would_be_refused_is_found(tokens: list[str], reason: str) -> None:
    assert reason in str(refusal(tokens))
