"""Frame of the help: what Typer writes around our texts (panel titles, usage line, its own option), translated.

Typer has these words as constants of its module and as attributes of the commands it builds.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from typer import rich_utils

from leadwerk.catalogue.languages import Language
from leadwerk.cli.help_language import Phrases, phrases

USAGE: Final = "Usage:"
HELP_OPTION: Final = "Show this message and exit."
CONSTANTS: Final = {
    "ARGUMENTS_PANEL_TITLE": "Arguments",
    "OPTIONS_PANEL_TITLE": "Options",
    "COMMANDS_PANEL_TITLE": "Commands",
    "DEFAULT_STRING": "[default: {}]",
    "REQUIRED_LONG_STRING": "[required]",
}
"""Name in `typer.rich_utils` → what stands there in English."""
METAVARS: Final = {"options_metavar": "[OPTIONS]", "subcommand_metavar": "COMMAND [ARGS]..."}


def translate_frame(command: Any, language: Language) -> None:
    """Put the frame around a command's help, and around that of all below it, into a language."""
    known_phrases = phrases(language)
    # Set for English, too: another language may have been asked for before, in the same process.
    for name, english in CONSTANTS.items():
        setattr(rich_utils, name, known_phrases.get(english, english))
    for part in _commands(command):
        _translate_metavars(part, known_phrases)
        _translate_usage(part, known_phrases.get(USAGE, USAGE))
        _translate_help_option(part, known_phrases.get(HELP_OPTION, HELP_OPTION))


def _commands(command: Any) -> Iterator[Any]:
    yield command
    for subcommand in getattr(command, "commands", {}).values():
        yield from _commands(subcommand)


def _translate_metavars(command: Any, known_phrases: Phrases) -> None:
    for name, english in METAVARS.items():
        if getattr(command, name, None) == english:
            setattr(command, name, known_phrases.get(english, english))


def _translate_usage(command: Any, usage: str) -> None:
    def format_usage(context: Any, formatter: Any) -> None:
        formatter.write_usage(context.command_path, " ".join(command.collect_usage_pieces(context)), f"{usage} ")

    command.format_usage = format_usage


def _translate_help_option(command: Any, text: str) -> None:
    built = command.get_help_option

    def get_help_option(context: Any) -> Any:
        option = built(context)
        if option is not None:
            option.help = text
        return option

    command.get_help_option = get_help_option
