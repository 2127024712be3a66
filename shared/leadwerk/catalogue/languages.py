"""Languages of users' texts, forms and sites."""

from __future__ import annotations

from typing import Final, Literal, get_args

Language = Literal["de", "fr", "it", "en"]
LANGUAGES: Final[tuple[Language, ...]] = get_args(Language)


def supported_language(name: str) -> Language | None:
    """The language of this name, whatever its case; None if it is not supported.

    >>> supported_language("FR"), supported_language("rm")
    ('fr', None)
    """
    return next((language for language in LANGUAGES if language == name.lower()), None)
