"""The arguments that a Terraform folder writes, read from its files as `terraform fmt` leaves them (a test holds that).

A plan leaves out what a variable switches off, and a plan's configuration what stands in dynamic blocks; here
everything counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

BLOCK = re.compile(r'^(\s*)([a-z_0-9]+)((?: "[^"]+")*) \{$')
ARGUMENT = re.compile(r"^(\s*)([a-z_0-9]+)\s+= (.*)$")
HEREDOC = re.compile(r"<<-?(\w+)$")
OF_TERRAFORM = frozenset({"for_each", "count", "provider", "depends_on", "lifecycle"})


@dataclass(frozen=True)
class Block:
    """A block `kind "label" … { }`: the names of its arguments, and its blocks. A dynamic block is what it makes."""

    kind: str
    labels: tuple[str, ...]
    arguments: set[str] = field(default_factory=set)
    blocks: list[Block] = field(default_factory=list)


def blocks(folder: Path) -> list[Block]:
    """The outermost blocks of all files of `folder`."""
    return [block for file in sorted(folder.glob("*.tf")) for block in read(file.read_text("utf-8").splitlines())]


def read(lines: Sequence[str]) -> list[Block]:
    """The outermost blocks of one file's lines.

    >>> dynamic = ['  dynamic "key" {', "    each = [", "      1,", "    ]", "    content {", "      of = 2", "    }"]
    >>> [table] = read(['resource "table" "t" {', "  name = 1", *dynamic, "  }", "}"])
    >>> table.labels, table.arguments, [(block.kind, block.arguments) for block in table.blocks]
    (('table', 't'), {'name'}, [('key', {'of'})])
    """
    return list(_read(iter(lines)))


def _read(lines: Iterator[str], within: Block | None = None) -> Iterator[Block]:
    for line in lines:
        if line.strip() == "}":
            return
        if opened := BLOCK.match(line):
            yield _block(lines, opened[2], tuple(re.findall(r'"([^"]+)"', opened[3])))
        elif (argument := ARGUMENT.match(line)) and within is not None:
            within.arguments.add(argument[2])
            _skip_value(lines, indent=argument[1], value=argument[3])


def _block(lines: Iterator[str], kind: str, labels: tuple[str, ...]) -> Block:
    block = Block(kind, labels)
    block.blocks.extend(_read(lines, block))
    block.arguments.difference_update(OF_TERRAFORM)
    if kind == "dynamic":
        [content] = [inner for inner in block.blocks if inner.kind == "content"]
        return Block(labels[0], (), content.arguments, content.blocks)
    block.blocks[:] = [inner for inner in block.blocks if inner.kind not in OF_TERRAFORM]
    return block


def _skip_value(lines: Iterator[str], *, indent: str, value: str) -> None:
    """Past the lines of a value that goes on: to the bracket at the argument's own indent, or to the heredoc's end."""
    if heredoc := HEREDOC.search(value):
        next(line for line in lines if line.strip() == heredoc[1])
    elif value.rstrip().endswith(("{", "[", "(")):
        closings = tuple(indent + bracket for bracket in "}])")
        # `} : {` closes and opens again: the value goes on.
        next(line for line in lines if line.startswith(closings) and not line.rstrip().endswith(("{", "[", "(")))
