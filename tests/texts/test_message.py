"""Messages survive a table or a file, and are read in any language afterwards."""

from __future__ import annotations

import pytest

from leadwerk.catalogue.languages import LANGUAGES
from leadwerk.errors import InputError
from leadwerk.texts.catalogue import entries
from leadwerk.texts.message import Message, in_language, refusal_texts, restored, sentences, stored

GATE = Message("gate.nothing_new", version="20260101T020000Z-1f2e3d4c5b6a", count=1)
BOTH = sentences(GATE, Message("gate.note.half_life", days="90"))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("message", [GATE, BOTH])
def test_what_was_stored_is_said_as_if_it_had_not_been(message: str, language: str) -> None:
    assert in_language(restored(stored(message), "lost"), language) == in_language(message, language)


def test_a_number_still_chooses_the_plural() -> None:
    assert "ist neu seit" in in_language(restored(stored(GATE), "lost"), "de")


def test_a_persons_own_words_are_not_stored_twice() -> None:
    assert stored("spring misread") == ""
    assert restored(stored("spring misread"), "spring misread") == "spring misread"


@pytest.mark.parametrize(
    "data",
    [
        None,
        "",
        "no JSON",
        '{"key": "gate.of_another_release", "values": {}}',
        '{"key": "gate.nothing_new", "values": {"count": 2}}',
    ],
)
def test_where_a_message_cannot_be_read_its_english_text_stands(data: str | None) -> None:
    assert restored(data, "old stays") == "old stays"


def test_an_error_states_the_remedy_of_its_message_in_every_language() -> None:
    error = InputError(Message("refusal.day.past", day="2026-01-31"), field="until")
    assert error.remedy == entries("en")["refusal.day.past.remedy"]
    assert refusal_texts(error, "it")[1] == entries("it")["refusal.day.past.remedy"]


def test_a_remedy_that_is_given_stands_in_place_of_the_messages_own() -> None:
    remedy = Message("refusal.use_one", choices="a, b")
    error = InputError(Message("refusal.day.past", day="2026-01-31"), field="until", remedy=remedy)
    assert refusal_texts(error, "fr")[1] == in_language(remedy, "fr")


def test_a_message_without_a_remedy_of_its_own_gives_none() -> None:
    assert Message("duration.minutes", count=3).remedy == ""
    assert InputError("spring misread", field="note").remedy == ""
