"""Mistakes in a policy, as readers of each language see them."""

from __future__ import annotations

from leadwerk.catalogue.languages import LANGUAGES
from leadwerk.errors import PolicyError
from leadwerk.texts.message import refusal_texts


def assert_in_every_language(error: PolicyError) -> None:
    """What is wrong, and what to do, reads otherwise in each language: no sentence is left in another's."""
    texts = [refusal_texts(error, language) for language in LANGUAGES]
    assert len(set(texts)) == len({remedy for _, remedy in texts}) == len(LANGUAGES), texts
    assert all(message.startswith(f"{error.file}:{error.line}: {error.field}") for message, _ in texts)
