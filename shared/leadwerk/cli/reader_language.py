"""Reader's language: the one in which a command answers and refuses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from leadwerk.catalogue.languages import Language, supported_language

LOCALE_VARIABLES: Final = ("LC_ALL", "LC_MESSAGES", "LANG")
"""In the order in which POSIX lets them decide; the first that is set does."""


def reader_language(stated: str | None, environment: Mapping[str, str]) -> Language:
    """`--output-language`, else that of the terminal's locale; English where there are no texts in it.

    >>> reader_language("it", {}), reader_language(None, {"LC_ALL": "", "LANG": "de_CH.UTF-8"})
    ('it', 'de')
    >>> reader_language(None, {"LC_ALL": "C.UTF-8", "LANG": "fr_FR.UTF-8"}), reader_language("rm", {})
    ('en', 'en')
    """
    locale = next((value for name in LOCALE_VARIABLES if (value := environment.get(name))), "")
    return supported_language(stated or locale[:2]) or "en"
