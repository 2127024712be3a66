"""The watch over the logs of all tests (tests/conftest.py) sees what it is there for."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from support.secret_watch import leaks, secret_in


@pytest.mark.parametrize(
    "text",
    [
        "headers {'Authorization': 'Bearer abcdefgh12'}",
        "Authorization: Basic dXNlcjpwYXNzd29yZA==",
        "https://hooks.example.ch whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "grant_type=client_credentials&client_secret=hunter22",
        "x-api-token stand-in-token-of-24-bytes-or-more",
    ],
)
def test_credentials_are_seen_by_their_form(text: str) -> None:
    assert secret_in(text)


def test_a_secret_setting_is_seen_by_its_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADWERK_CRM_CLIENT_SECRET", "correct horse")
    assert secret_in("refused: correct horse") == "LEADWERK_CRM_CLIENT_SECRET"


@pytest.mark.parametrize("text", ["Authorization: Bearer ***", "Set LEADWERK_CRM_TOKEN.", "client_secret=***"])
def test_what_is_masked_or_named_is_no_leak(text: str) -> None:
    assert secret_in(text) is None


def test_messages_tracebacks_fields_and_files_are_looked_through(tmp_path: Path) -> None:
    secret = "Bearer abcdefgh12"
    record = logging.LogRecord("leadwerk", logging.ERROR, "", 1, "failed", None, None)
    assert leaks([record], []) == []
    record.fields = {"url": secret}
    (tmp_path / "score.log").write_text(f"line\n{secret}\n")
    assert leaks([record], [tmp_path / "score.log"]) == ["leadwerk: Bearer …", f"{tmp_path / 'score.log'}: Bearer …"]
