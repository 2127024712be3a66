"""The vocabulary check names file, line, word and a better one, and objects to nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools import vocabulary

FAULTS = '''"""A seller claims a lead; whoever comes second gets another."""

def said(row):
    for one in row:  # his turn
        found: int = one
    return "The CRM told us of this lead before."
'''


def checked(root: Path, name: str, text: str) -> list[str]:
    file = root / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return [f"{finding.line} {finding.word}" for finding in vocabulary.findings(root)]


def test_empty_names_and_phrases_are_reported_with_their_lines(tmp_path: Path) -> None:
    faults = checked(tmp_path, "shared/leadwerk/desk.py", FAULTS)
    assert sorted(faults) == ["1 whoever", "3 said", "4 his", "4 one", "5 found", "6 told"]


def test_documents_and_statement_headers_are_read_too(tmp_path: Path) -> None:
    assert checked(tmp_path, "docs/score.md", "# Score\n\nHOT is none.\n") == ["3 is none"]
    assert "2 told" in checked(tmp_path, "shared/leadwerk/warehouse/a.sql", "-- @x INT64\n-- What the CRM told.\n")


@pytest.mark.parametrize("text", ["oneself = 1", "match.found", "rows = read(known=1)", '"""The history of this."""'])
def test_what_only_resembles_them_is_no_fault(tmp_path: Path, text: str) -> None:
    assert checked(tmp_path, "tests/test_a.py", text) == []


def test_every_exception_is_still_needed() -> None:
    for file, name in vocabulary.ALLOWED:
        text = (vocabulary.ROOT / file).read_text(encoding="utf-8")
        assert f" {name}:" in text or f" {name} =" in text, f"{file} has no {name} any more"
