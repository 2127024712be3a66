"""Refusal of a command line that Typer cannot read: its errors as ours, with a text in each language."""

from __future__ import annotations

import re
from typing import Any, Final

from typer import BadParameter
from typer.exceptions import TyperException

from leadwerk.errors import LeadwerkError
from leadwerk.texts.message import Message

PATTERNS: Final = (
    (re.compile(r"Missing argument '(?P<name>.*)'\."), "cli.usage.missing_argument"),
    (re.compile(r"Missing option '(?P<name>.*)'\."), "cli.usage.missing_option"),
    (re.compile(r"Missing command\."), "cli.usage.missing_command"),
    (re.compile(r"No such command '(?P<name>.*?)'\. Did you mean (?P<similar>.*)\?"), "cli.usage.no_command.similar"),
    (re.compile(r"No such command '(?P<name>.*)'\."), "cli.usage.no_command"),
    (re.compile(r"No such option: (?P<name>\S+) \(Possible options: (?P<similar>.*)\)"), "cli.usage.no_option.similar"),
    (re.compile(r"No such option: (?P<name>.*)"), "cli.usage.no_option"),
    (re.compile(r"Option '(?P<name>.*)' requires an argument\."), "cli.usage.no_value"),
    (re.compile(r"Option '(?P<name>.*)' does not take a value\."), "cli.usage.takes_no_value"),
    (re.compile(r"Got unexpected extra argument\(s\) \((?P<arguments>.*)\)"), "cli.usage.extra"),
)
"""What Typer writes → the text that states the same."""
KINDS: Final = {
    "int_parsing": "cli.usage.wrong_value.whole",
    "int_from_float": "cli.usage.wrong_value.whole",
    "float_parsing": "cli.usage.wrong_value.number",
}
CHOICES: Final = re.compile(r"is not one of (?P<choices>.*)\.$")


def is_help(error: TyperException) -> bool:
    """Whether it only ends a command line without arguments, whose help was printed."""
    return type(error).__name__ == "NoArgsIsHelpError"


def usage_refusal(error: TyperException) -> LeadwerkError:
    """The error as a LeadwerkError; what Typer writes in words that are not ours stays as it is."""
    command = getattr(getattr(error, "ctx", None), "command_path", "leadwerk")
    remedy = Message("cli.usage.remedy", command=command)
    if isinstance(error, BadParameter) and (refusal := _wrong_value(error, remedy)) is not None:
        return refusal
    text = error.format_message()
    for pattern, key in PATTERNS:
        if match := pattern.fullmatch(text):
            return LeadwerkError(Message(key, **match.groupdict()), remedy=remedy)
    return LeadwerkError(text, remedy=remedy)


def _wrong_value(error: BadParameter, remedy: Message) -> LeadwerkError | None:
    """The refusal of a value that is not of its option's type; Pydantic, which refused it, is the cause."""
    details: Any = getattr(error.__cause__, "errors", list)()
    if not details or error.param is None:
        return None
    name, kind = error.param.get_error_hint().strip("'"), details[0]["type"]
    message = Message("cli.usage.wrong_value", name=name, value=str(details[0]["input"])[:60])
    if kind in KINDS:
        remedy = Message(KINDS[kind])
    elif stated := CHOICES.search(details[0]["msg"]):
        remedy = Message("cli.usage.wrong_value.choice", choices=stated["choices"])
    return LeadwerkError(message, remedy=remedy)
