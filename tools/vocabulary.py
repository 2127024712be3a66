"""Vocabulary check: names that hold nothing and phrases that a reader stumbles over, with a better one for each.

    python -m tools.vocabulary

Reads the identifiers of all Python files, and the prose of docstrings, comments, messages, statement headers,
documentation and the English texts. Prints `file:line: word: better`, and fails, if more than LEFT
stand. The terms of the house are in docs/glossary.md.
"""

from __future__ import annotations

import ast
import io
import re
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
PYTHON = ("shared/leadwerk", "functions", "benchmarks", "tools", "tests")
DOCUMENTS = ("*.md", "docs/*.md", "terraform/*.md", "shared/leadwerk/**/*.sql", "shared/leadwerk/texts/en.json")
SKIPPED = {"CHANGELOG.md", "tools/vocabulary.py", "tests/tools/test_vocabulary.py"}

IDENTIFIERS = {
    **dict.fromkeys(("one", "ones", "thing", "things"), "the noun itself: `lead`, `rule`, `score_row`"),
    **dict.fromkeys(
        ("found", "given", "taken", "made", "kept", "gone", "held"), "what it holds: `rows`, `match`, `pick`"
    ),
    **dict.fromkeys(("known", "reached", "shown", "meant", "tried", "wanted"), "`known_fields`, `is_known`, `target`"),
    **dict.fromkeys(("said", "says", "told", "asked", "word", "words"), "`message`, `answer`, `query`, `labels`"),
    **dict.fromkeys(("here", "there", "places", "standing", "stands", "behind"), "`deployment`, `positions`, `state`"),
    **dict.fromkeys(
        ("own", "others", "whose", "whom", "worth", "nice", "pointed"), "a noun: `segment_model`, `savings`"
    ),
}
PHRASES = (
    (r"\b[Ff]rom (?:what|which|how many)[^.]{0,40}? on\b", "a threshold has a direction: `HOT starts at`"),
    (r"\b(?:is|are) none\b", "`there is no …`"),
    (r"\b[Ww]hom\b|\b[Ww]hoever\b", "name the person: `the seller who`, `a caller that`"),
    (r"\b(?:he|him|his)\b", "`the seller`, `they`"),
    (r"\btold\b|\b(?:is|was) said\b", "records do not speak: `states`, `reports`, `returns`"),
    (
        r"\bdeaf to\b|\bopen again\b|\bnews\b|\bdeed\b|\bspoken\b",
        "another sense in English: `update`, `reopened`, `change`",
    ),
)
# Names that a policy, a table or a library gives: renaming them would break files and rows that exist.
ALLOWED = {
    ("shared/leadwerk/policy/selling.py", "known"),  # the condition `known` of a stage in policy files
    ("shared/leadwerk/policy/points.py", "one"),  # level 1 of interest, beside `two` and `three`
}

LEFT = 110
"""Findings that still stand, in rooms that are to be cleaned. Lower it when you clean one; never raise it."""


class Finding(NamedTuple):
    """One word at one place, and what to write instead."""

    file: str
    line: int
    word: str
    better: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.word}: {self.better}"


def findings(root: Path = ROOT) -> Iterator[Finding]:
    """Everything the check objects to, file by file."""
    for path in _files(root):
        file = path.relative_to(root).as_posix()
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".py":
            yield from empty_names(file, text)
            yield from (finding for line, prose in prose_of(text) for finding in phrases(file, line, prose))
        else:
            yield from phrases(file, 1, text)


def empty_names(file: str, text: str) -> Iterator[Finding]:
    """Variables, arguments and functions whose name says nothing of what they hold.

    >>> [str(finding) for finding in empty_names("a.py", "found = 1")]
    ['a.py:1: found: what it holds: `rows`, `match`, `pick`']
    """
    for node in ast.walk(ast.parse(text)):
        name = _bound_name(node)
        word = name.strip("_") if name else ""
        if word in IDENTIFIERS and (file, word) not in ALLOWED:
            yield Finding(file, node.lineno, word, IDENTIFIERS[word])  # type: ignore[attr-defined]


def phrases(file: str, first_line: int, prose: str) -> Iterator[Finding]:
    """Turns of phrase to be written otherwise, in prose that starts at `first_line`.

    >>> [finding.line for finding in phrases("a.md", 1, "A lead.\\nhe calls.")]
    [2]
    """
    for pattern, better in PHRASES:
        for match in re.finditer(pattern, prose):
            yield Finding(file, first_line + prose.count("\n", 0, match.start()), match[0], better)


def prose_of(text: str) -> Iterator[tuple[int, str]]:
    """Line and text of each comment and of each string that is long enough to be a sentence."""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT or (token.type == tokenize.STRING and len(token.string) > SHORTEST_SENTENCE):
            yield token.start[0], token.string


SHORTEST_SENTENCE = 25
"""Characters; shorter strings are keys and names."""


def _bound_name(node: ast.AST) -> str | None:
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        return node.id
    if isinstance(node, ast.arg):
        return node.arg
    return node.name if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) else None


def _files(root: Path) -> Iterator[Path]:
    python = (path for folder in PYTHON for path in sorted((root / folder).rglob("*.py")))
    documents = (path for pattern in DOCUMENTS for path in sorted(root.glob(pattern)))
    yield from (path for path in (*python, *documents) if path.relative_to(root).as_posix() not in SKIPPED)


def main() -> int:
    """Print every finding, unless there are no more than LEFT; 1 if there are."""
    lines = [str(finding) for finding in findings()]
    if len(lines) <= LEFT:
        return 0
    sys.stdout.writelines(f"{line}\n" for line in lines)
    sys.stdout.write(f"{len(lines)} findings; at most {LEFT} may stand. Rename what you added.\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
