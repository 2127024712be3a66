"""Message: a text of the language files that is raised or stored before it is known who reads it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from leadwerk.errors import UNREADABLE_JSON, ConfigurationError, LeadwerkError
from leadwerk.texts.catalogue import has, text


class Message(str):
    """A text in English, for logs and programs; it keeps its key and values, so that `in_language` can render it.

    Values may be messages themselves. Convert it with `str` before it is encoded: msgspec takes plain texts only.

    >>> message = Message("duration.minutes", count=3)
    >>> str(message), in_language(message, "de")
    ('3 minutes', '3 Minuten')

    Raises:
        ConfigurationError: there is no such text, or a value is missing.
    """

    key: str
    values: Mapping[str, object]

    def __new__(cls, key: str, /, **values: object) -> Message:
        """The text of `key` with its values."""
        # English at once: logs, exit codes and programs read it as the plain text that it is.
        message = super().__new__(cls, text("en", key, **values))
        message.key, message.values = key, values
        return message

    @property
    def remedy(self) -> str:
        """What to do about it: the text `key.remedy` with the same values; empty where there is none."""
        key = f"{self.key}.remedy"
        return Message(key, **self.values) if has("en", key) else ""

    def __getnewargs_ex__(self) -> tuple[tuple[str], dict[str, object]]:
        """What a copy is made of: `dataclasses.asdict` copies messages."""
        return (self.key,), dict(self.values)


def in_language(message: str, language: str) -> str:
    """The message in a reader's language; a plain text, such as one that a user wrote, stays as it is.

    >>> in_language("leads.csv", "fr")
    'leads.csv'
    """
    if not isinstance(message, Message):
        return message
    values = {
        name: in_language(value, language) if isinstance(value, str) else value
        for name, value in message.values.items()
    }
    return text(language, message.key, **values)


class StoredMessage(msgspec.Struct, frozen=True):
    """A message as tables and the registry keep it beside its English text: the key, and values that may be messages.

    >>> in_language(restored(stored(Message("duration.minutes", count=3)), "3 minutes"), "fr")
    '3 minutes'
    """

    key: str
    values: dict[str, StoredMessage | str | int | float]


def stored(message: str) -> str:
    """The message as JSON; nothing for a plain text, which needs no translation or can have none."""
    return msgspec.json.encode(_as_stored(message)).decode() if isinstance(message, Message) else ""


def restored(data: str | None, english: str) -> str:
    """The message that was stored as `data`; the English text where it is not there, or of another release."""
    try:
        return _from_stored(msgspec.json.decode(data or "", type=StoredMessage))
    except (*UNREADABLE_JSON, ConfigurationError):
        return english


def _as_stored(message: Message) -> StoredMessage:
    return StoredMessage(message.key, {name: _stored_value(value) for name, value in message.values.items()})


def _stored_value(value: object) -> StoredMessage | str | int | float:
    if isinstance(value, Message):
        return _as_stored(value)
    # A number stays one: it chooses between singular and plural.
    return value if isinstance(value, int | float) else str(value)


def _from_stored(message: StoredMessage) -> Message:
    values = {
        name: _from_stored(value) if isinstance(value, StoredMessage) else value
        for name, value in message.values.items()
    }
    return Message(message.key, **values)


def refusal_texts(error: LeadwerkError, language: str) -> tuple[str, str]:
    """What was wrong and what to do, in a reader's language where the error was raised with messages."""
    _, remedy = error.texts
    return in_language(placed_message(error), language), in_language(remedy, language)


def placed_message(error: LeadwerkError) -> str:
    """What was wrong, behind its place in a file where it has one; a message if the error was raised with one."""
    message, _ = error.texts
    return Message("text.placed", place=error.place, message=message) if error.place else message


def sentences(*parts: str) -> str:
    """Sentences in a row; empty ones are left out.

    >>> in_language(sentences(Message("duration.minutes", count=3), "", Message("duration.hours", count=1)), "de")
    '3 Minuten 1 Stunde'
    """
    return _joined("text.sentences", parts)


def listed(parts: Iterable[str]) -> str:
    """Messages as a list within a sentence.

    >>> in_language(listed([Message("duration.minutes", count=3), Message("duration.hours", count=1)]), "de")
    '3 Minuten, 1 Stunde'
    """
    return _joined("text.list", parts)


def _joined(key: str, parts: Iterable[str]) -> str:
    filled = [part for part in parts if part]
    joined = filled[0] if filled else ""
    for part in filled[1:]:
        joined = Message(key, first=joined, second=part)
    return joined
