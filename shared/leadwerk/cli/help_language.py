"""Help in the reader's language: what `--help` shows, translated from the English beside each command.

The English text is the key (as gettext has it), paragraph by paragraph: a changed help text has no translation until
help_texts/*.json has one, and a test says so. The files are read for a reader of another language only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import msgspec

from leadwerk.catalogue.languages import Language

OPTION = "--output-language"
EXAMPLES = re.compile(r"(Examples?:) (?=`)")
CODE = re.compile(r"`[^`]*`")
Phrases = Mapping[str, str]
"""English → the reader's language."""


class Command(Protocol):
    """A command as Typer builds it; a group has `commands` besides."""

    @property
    def params(self) -> Sequence[Any]:
        """Its options and arguments."""


def stated_language(arguments: Sequence[str]) -> str | None:
    """What `--output-language` says on a command line that click has not read yet; None where it is not given.

    >>> stated_language(["--output-language", "de", "retrain", "--help"]), stated_language(["--output-language=it"])
    ('de', 'it')
    """
    for argument, following in zip(arguments, [*arguments[1:], ""], strict=True):
        if argument == OPTION:
            return following
        if argument.startswith(f"{OPTION}="):
            return argument.partition("=")[2]
    return None


@cache
def phrases(language: Language) -> Phrases:
    """All translations of help texts; none for English."""
    if language == "en":
        return {}
    data = (Path(__file__).parent / "help_texts" / f"{language}.json").read_bytes()
    return msgspec.json.decode(data, type=dict[str, str])


def translate_help(command: Command, language: Language) -> None:
    """Put the help of a command, its options and its sub-commands into a language; what has no translation stays."""
    for part, attribute in help_attributes(command):
        text = getattr(part, attribute, None)
        # Typer has a placeholder where nothing was stated.
        if isinstance(text, str) and text:
            setattr(part, attribute, translated(text, phrases(language)))


def help_attributes(command: Command) -> Iterator[tuple[Any, str]]:
    """Where help stands in a command and all below it: the object, and the name of its attribute."""
    yield from ((command, name) for name in ("help", "epilog", "rich_help_panel"))
    for parameter in command.params:
        yield from ((parameter, name) for name in ("help", "rich_help_panel"))
    for subcommand in getattr(command, "commands", {}).values():
        yield from help_attributes(subcommand)


def translated(text: str, of_language: Phrases) -> str:
    """A help text, paragraph by paragraph and in lists entry by entry.

    >>> translated("Reason.\\n\\nExample: `leadwerk drift`", {"Reason.": "Grund.", "Example:": "Beispiel:"})
    'Grund.\\n\\nBeispiel: `leadwerk drift`'
    """
    return "\n\n".join(
        "\n".join(f"{mark}{_phrase(part, of_language)}" for mark, part in _parts(paragraph))
        for paragraph in _paragraphs(text)
    )


def units(text: str) -> Iterator[str]:
    """The English phrases of a help text that need a translation."""
    for paragraph in _paragraphs(text):
        for _, part in _parts(paragraph):
            example = _pure_example(part)
            yield example[1] if example else part


def _paragraphs(text: str) -> list[str]:
    return [paragraph for paragraph in re.split(r"\n\s*\n", text.strip()) if paragraph]


def _parts(paragraph: str) -> list[tuple[str, str]]:
    """The entries of a list with their marks, or the paragraph itself, each on one line."""
    if not paragraph.startswith("- "):
        return [("", " ".join(paragraph.split()))]
    return [("- ", " ".join(entry.split())) for entry in re.split(r"^- ", paragraph, flags=re.MULTILINE)[1:]]


def _phrase(english: str, of_language: Phrases) -> str:
    example = _pure_example(english)
    if example:
        label = example[1]
        return f"{of_language.get(label, label)} {english[example.end() :]}"
    return of_language.get(english, english)


def _pure_example(part: str) -> re.Match[str] | None:
    """An example without a word besides its commands: only its label differs between languages."""
    label = EXAMPLES.match(part)
    is_pure = label is not None and not re.search(r"[A-Za-z]", CODE.sub("", part[label.end() :]))
    return label if is_pure else None
