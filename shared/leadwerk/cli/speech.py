"""Speech: the sentences and headings of the commands, in the language of the output."""

from __future__ import annotations

from collections.abc import Sized
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from leadwerk.texts.catalogue import text

if TYPE_CHECKING:
    from leadwerk.catalogue.languages import Language
    from leadwerk.cli.invocation import Invocation


@dataclass(frozen=True)
class Speech:
    """Texts of the keys `cli.…` in one language."""

    language: Language

    @classmethod
    def of(cls, call: Invocation) -> Speech:
        """The texts of `--output-language`, else of the policy's first language, as in lists and reasons."""
        return cls(call.language or call.deployment.policy.languages[0])

    @classmethod
    def of_reader(cls, call: Invocation) -> Speech:
        """The texts of `--output-language`, else of the terminal's language, for commands that need no policy."""
        return cls(call.reader_language)

    def say(self, key: str, **values: Any) -> str:
        """The text of `cli.{key}`."""
        return text(self.language, f"cli.{key}", **values)

    def number_of(self, items: Sized, key: str) -> str:
        """How many there are: "3 leads"."""
        return self.say(key, count=len(items), figure=f"{len(items):,}")

    def columns(self, *names: str) -> tuple[str, ...]:
        """Headings of a table."""
        return tuple(self.say(f"column.{name}") for name in names)
