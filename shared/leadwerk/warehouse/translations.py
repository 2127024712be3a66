"""Translations: statements in DuckDB's SQL, kept in files so that a cold start need not import the translator.

A file is named after the statement and the translator's own version, and opens with the hash of what follows. What a
power cut truncated, or an editor changed, is translated anew.
"""

from __future__ import annotations

import contextlib
import hashlib
import threading
import time
from functools import cache, lru_cache
from pathlib import Path

from leadwerk.warehouse.duckdb_values import split_at_parameters
from leadwerk.warehouse.protocol import AnyStatement, Statement

MOST_KEPT = 256
TRANSLATOR = ("dialect.py", "duckdb_ga4_export.py", "duckdb_arrays.py", "duckdb_export_selects.py", "sql_subset.py")


class Translations:
    """Statements in DuckDB's SQL, in the files of a `folder` that need not exist yet."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._parts: dict[str, tuple[str, ...]] = {}

    def parts_of(self, statement: AnyStatement) -> tuple[str, ...]:
        """The statement in DuckDB's SQL, split at its parameters; kept in the process by its text."""
        parts = self._parts.get(statement.text)
        if parts is None:
            if len(self._parts) >= MOST_KEPT:
                self._parts.clear()
            parts = self._parts[statement.text] = split_at_parameters(self.of(statement))
        return parts

    def of(self, statement: AnyStatement) -> str:
        """The statement in DuckDB's SQL: kept, or translated and then kept.

        Raises:
            UnsupportedSQL: it leaves the subset that is proven equal on both engines.
        """
        parameters = tuple(sorted(statement.parameters.items()))
        # A new translator must not serve files of the old one, nor one type the text of another.
        typed = f"{_translator_version()}\n{list(parameters)}\n{statement.text}"
        file = self._folder / f"{hashlib.sha256(typed.encode()).hexdigest()}.sql"
        sql = _read(file)
        if sql is None:
            sql = _translated(statement.name, statement.text, parameters)
            # A folder that cannot be written only costs time.
            with contextlib.suppress(OSError):
                _write(file, sql)
        return sql


def _read(file: Path) -> str | None:
    try:
        first, _, sql = file.read_text(encoding="utf-8").partition("\n")
    except (OSError, UnicodeDecodeError):
        return None
    # A disk that ran full leaves half a file: the seal finds it, and the statement is translated again.
    return sql if sql and first == _seal(sql) else None


def _write(file: Path, sql: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    # Processes that translate the same statement at once must not read half of each other's file.
    unfinished = file.with_suffix(f".{threading.get_ident()}.{time.monotonic_ns()}")
    unfinished.write_text(f"{_seal(sql)}\n{sql}", encoding="utf-8")
    unfinished.replace(file)


def _seal(sql: str) -> str:
    return f"-- sha256 of the rest: {hashlib.sha256(sql.encode()).hexdigest()}"


@lru_cache(maxsize=256)
def _translated(name: str, text: str, parameters: tuple[tuple[str, str], ...]) -> str:
    from leadwerk.warehouse.dialect import translate

    return translate(Statement(name, text, dict(parameters)))


@cache
def _translator_version() -> str:
    sources = (Path(__file__).with_name(name) for name in TRANSLATOR)
    return hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()
