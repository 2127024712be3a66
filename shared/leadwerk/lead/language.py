"""The four languages of leads and sellers."""

from __future__ import annotations

import re

from leadwerk.errors import InputError
from leadwerk.texts.message import Message

_NAMES = {
    "de": "de deu ger gsw deutsch german allemand tedesco schweizerdeutsch d",
    "fr": "fr fra fre französisch franzoesisch français francais french francese f",
    "it": "it ita italienisch italiano italian italien i",
    "en": "en eng englisch english anglais inglese e",
}
_LANGUAGE = {name: code for code, names in _NAMES.items() for name in names.split()}


def parse_language(value: object, field: str = "language") -> str:
    """de, fr, it or en, from a code, a locale, a name, or what a browser sends (its first that we speak).

    >>> parse_language("de-CH"), parse_language("Français"), parse_language("rm-CH,it;q=0.8,en;q=0.5")
    ('de', 'fr', 'it')

    Raises:
        InputError: none of the four.
    """
    for choice in re.split(r"[,;]\s*", str(value)[:200].casefold()):
        language = _LANGUAGE.get(re.split(r"[-_ (]", choice.strip())[0])
        if language:
            return language
    message = Message("reject.language", value=repr(str(value)[:60]))
    raise InputError(message, field=field, value=value, remedy=Message("reject.language.remedy"))
