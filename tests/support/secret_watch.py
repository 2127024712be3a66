"""What no log may hold: credentials by their form, and the values of this process's secret settings."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterable
from pathlib import Path

FORMS = re.compile(
    r"Bearer\s+[\w.~+/-]{8,}|Basic\s+[A-Za-z0-9+/]{12,}={0,2}|whsec_[A-Za-z0-9+/]{16,}|client_secret=[^&\s*]{6,}"
    r"|-token-of-24-bytes-or-more|BEGIN (?:RSA |EC )?PRIVATE KEY"
)
SECRET_SETTING = re.compile(r"LEADWERK_\w*(?:TOKEN|SECRET|PASSWORD|PERSON_KEY|LINK_KEY)$")
SHORTEST_VALUE = 8
FORMATTER = logging.Formatter()


def secret_in(text: str) -> str | None:
    """The form or the setting of a secret that the text holds; never the secret itself."""
    if match := FORMS.search(text):
        return f"{match[0][:7]}…"
    values = ((name, value) for name, value in os.environ.items() if SECRET_SETTING.fullmatch(name))
    return next((name for name, value in values if len(value) >= SHORTEST_VALUE and value in text), None)


def logged(record: logging.LogRecord) -> str:
    """All that a record brings into the log: message, traceback, and the fields of its JSON."""
    return f"{FORMATTER.format(record)} {vars(record).get('fields', '')}"


def leaks(records: Iterable[logging.LogRecord], logs: Iterable[Path]) -> list[str]:
    """Where a secret stands in log records or in log files."""
    in_records = ((record.name, secret_in(logged(record))) for record in records)
    in_files = ((str(log), secret_in(log.read_text(errors="replace"))) for log in logs if log.is_file())
    return [f"{place}: {secret}" for place, secret in (*in_records, *in_files) if secret]
