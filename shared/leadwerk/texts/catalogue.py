"""The language files and how a text is chosen from them."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from leadwerk.catalogue.languages import LANGUAGES
from leadwerk.errors import ConfigurationError

Entry = str | dict[str, str]


def text(language: str, key: str, /, **values: Any) -> str:
    """The text of `key` in `language`, with `values` in their places; `count` chooses between singular and plural.

    >>> text("de", "duration.minutes", count=1), text("en", "duration.minutes", count=3)
    ('1 Minute', '3 minutes')

    Raises:
        ConfigurationError: the language or the key is unknown, or a value is missing.
    """
    try:
        entry = entries(language)[key]
        chosen = entry if isinstance(entry, str) else entry[_form(language, values["count"], entry)]
        return chosen.format_map(values)
    except KeyError as missing:
        message = f"The text {key!r} in {language!r} needs {missing}, which is not there."
        raise ConfigurationError(message, remedy="See leadwerk/texts/*.json.") from None


def has(language: str, key: str) -> bool:
    """Whether there is such a text."""
    return key in entries(language)


@cache
def entries(language: str) -> dict[str, Entry]:
    """The language file as it is.

    Raises:
        ConfigurationError: there is no such text.
    """
    if language not in LANGUAGES:
        raise ConfigurationError(
            f"There are no texts in {language!r}.", remedy=f"Choose one of {', '.join(LANGUAGES)}."
        )
    data = (Path(__file__).parent / f"{language}.json").read_bytes()
    return msgspec.json.decode(data, type=dict[str, Entry])


def _form(language: str, count: float, entry: dict[str, str]) -> str:
    """Plural rules of Unicode CLDR for our languages: French has its singular below 2, the others at 1 only."""
    if count == 0 and "zero" in entry:
        return "zero"
    singular = abs(count) < 2 if language == "fr" else count == 1
    return "one" if singular else "other"
