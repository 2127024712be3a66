"""The command lines that the documentation tells people to enter: each simple command, as a shell would see it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).parents[2]
PAGES = [
    PROJECT / "README.md",
    PROJECT / "CONTRIBUTING.md",
    PROJECT / "terraform" / "README.md",
    *sorted((PROJECT / "docs").glob("*.md")),
]
CODE_BLOCK = re.compile(r"^(?: {4,}|\t)(.*)$")
SPAN = re.compile(r"`([^`\n]+)`")
OPERATORS = frozenset({"|", "&&", "||", ";", "&"})


@dataclass(frozen=True)
class Command:
    """One command: its page and line, and its tokens from the program's name on.

    One in running text may leave out what it needs, since it only names what is meant.
    """

    page: str
    line: int
    tokens: tuple[str, ...]
    in_text: bool

    def __str__(self) -> str:
        return f"{self.page}:{self.line} {shlex.join(self.tokens)}"


def of_program(program: str) -> list[Command]:
    """Every command of `program`, but for those that leave tokens out (…)."""
    return [
        command
        for page in PAGES
        for command in _commands(page)
        if command.tokens[0].rpartition("/")[2] == program
        and len(command.tokens) > 1
        and not any("…" in token for token in command.tokens)
    ]


def _commands(page: Path) -> Iterator[Command]:
    name = page.relative_to(PROJECT).as_posix()
    is_fenced = False
    for number, line in enumerate(page.read_text("utf-8").splitlines(), 1):
        is_fenced ^= line.lstrip().startswith("```")
        block = CODE_BLOCK.match(line)
        spans = [] if is_fenced else SPAN.findall(line)
        texts = [*((span, True) for span in spans), *([(line, False)] if is_fenced or (block and not spans) else [])]
        for text, in_text in texts:
            yield from (Command(name, number, tokens, in_text) for tokens in split(text))


def split(line: str) -> Iterator[tuple[str, ...]]:
    """The simple commands of one line; none, where it is no line for a shell.

    >>> list(split("cd terraform && terraform init    # once"))
    [('cd', 'terraform'), ('terraform', 'init')]
    >>> list(split("printf %s \\"$X\\" | gcloud secrets versions add x --data-file=-"))[1][:3]
    ('gcloud', 'secrets', 'versions')
    """
    lexer = shlex.shlex(line, posix=True, punctuation_chars="|&;")
    lexer.whitespace_split = True
    tokens: list[str] = []
    try:
        entered = list(lexer)
    except ValueError:  # an apostrophe of running text
        return
    for token in entered:
        if token in OPERATORS:
            if tokens:
                yield tuple(tokens)
            tokens = []
        else:
            tokens.append(token)
    if tokens:
        yield tuple(tokens)
