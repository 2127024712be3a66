"""A stage's report at the terminal: its figures with their names, in the reader's language."""

from __future__ import annotations

from typing import Any

from leadwerk.cli.console import builtins, figure, out, table
from leadwerk.cli.invocation import Invocation
from leadwerk.cli.speech import Speech


def show(call: Invocation, report: Any, title: str) -> None:
    """A report as JSON, or as a table of its figures and texts (lists are counted); `title` is a key of `cli.…`."""
    if call.prints_json(report):
        return
    speech = Speech.of_reader(call)
    rows = [
        (speech.say(f"field.{name}"), figure(value, speech.language))
        for name, value in builtins(report, speech.language).items()
    ]
    out.print(table(speech.say(title), ("", ""), rows))
