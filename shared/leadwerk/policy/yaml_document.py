"""A YAML file as plain data, with the line on which every value stands."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml
from msgspec import Struct

from leadwerk.errors import PolicyError
from leadwerk.texts.message import Message

Path = tuple[str | int, ...]

# The policy's own nesting is seven deep; beyond this a file is a mistake or an attack.
MAX_DEPTH = 12
# Each opens at most one level; by indentation alone MAX_CHARACTERS open no more than 1,500.
OPENERS = "[{-?"
SAFE_DEPTH = 2_000
LONGEST_SHOWN = 60
MAX_CHARACTERS = 1_000_000
_TEXT = "tag:yaml.org,2002:str"
_NUMBERS = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")
# Fields and tables hold no longer whole numbers.
_BITS = 64

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Document(Struct):
    """`data` as the file says it; `lines` gives the line (from 1) of each path such as ("signals", 0, "event")."""

    file: str
    data: Any = None
    lines: dict[Path, int] = {}

    def line(self, path: Path) -> int:
        """The line of `path`, or of the nearest thing around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def error(self, path: Path, message: str, remedy: str) -> PolicyError:
        """A PolicyError at `path`."""
        return PolicyError(message, file=self.file, line=self.line(path), field=written(path), remedy=remedy)


def written(path: Path) -> str:
    """A path as people write it.

    >>> written(("signals", 2, "event"))
    'signals[2].event'
    """
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.lstrip(".") or "policy"


def read(text: str, file: str) -> Document:
    """Parse YAML.

    Raises:
        PolicyError: the text is not YAML, too large, too deep, or uses what a policy has no use for (aliases of
            anything but text, tags, the same key twice).
    """
    if len(text) > MAX_CHARACTERS:
        message = Message("policy.file.long", characters=len(text))
        raise _refusal(file, 1, message, Message("policy.file.long.remedy"))
    try:
        _check_depth(text, file)
        root = yaml.compose(text, _Loader)
    except yaml.YAMLError as error:
        raise _syntax_error(error, text, file) from None
    document = Document(file)
    if root is not None:
        document.data = _Builder(document).value(root, ())
    return document


def _check_depth(text: str, file: str) -> None:
    """Refuse what is nested too deep before it is composed: libyaml's composer recurses, and the process would die."""
    if sum(map(text.count, OPENERS)) < SAFE_DEPTH:  # no reading of it can be deeper
        return
    depth = 0
    for event in yaml.parse(text, _Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH + 1:
            line = event.start_mark.line + 1 if event.start_mark else 1
            raise _refusal(file, line, Message("policy.yaml.deep"), Message("policy.yaml.deep.remedy"))


def _refusal(file: str, line: int, message: str, remedy: str, path: Path = ()) -> PolicyError:
    return PolicyError(message, file=file, line=line, field=written(path), remedy=remedy)


def _syntax_error(error: yaml.YAMLError, text: str, file: str) -> PolicyError:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    problem = getattr(error, "problem", None) or getattr(error, "reason", None)
    line = mark.line + 1 if mark else 1
    has_tab = "\t" in "".join(text.split("\n")[line - 1 : line])
    remedy = Message("policy.yaml.tab" if has_tab else "policy.yaml.syntax.remedy")
    message = Message("policy.yaml.syntax", problem=problem or Message("policy.yaml.syntax.unreadable"))
    return _refusal(file, line, message, remedy)


class _Builder:
    """Turns nodes into data; a node met twice came through an alias.

    Texts may be aliased, so that a long pattern stands once: numbers must stand where policy.yaml_edit sets them, and
    sections of sections could unfold to any size.
    """

    def __init__(self, document: Document) -> None:
        self.document = document
        self.seen: set[int] = set()
        self.unfolded = 0
        self.scalars = yaml.constructor.SafeConstructor()

    def value(self, node: Any, path: Path) -> Any:
        self.document.lines.setdefault(path, node.start_mark.line + 1)
        if id(node) in self.seen:
            self.again(node, path)
        if len(path) > MAX_DEPTH:
            raise self.refusal(path, Message("policy.yaml.deep"), Message("policy.yaml.deep.remedy"))
        self.seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            return dict(self.entries(node, path))
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, (*path, index)) for index, item in enumerate(node.value)]
        return self.scalar(node, path)

    def entries(self, node: Any, path: Path) -> Iterator[tuple[str, Any]]:
        keys: set[str] = set()
        for key_node, value_node in node.value:
            key = str(key_node.value) if isinstance(key_node, yaml.ScalarNode) else "?"
            place = (*path, key)
            if key in keys:
                self.document.lines[place] = key_node.start_mark.line + 1
                raise self.refusal(place, Message("policy.yaml.twice"), Message("policy.yaml.twice.remedy"))
            keys.add(key)
            self.document.lines[place] = key_node.start_mark.line + 1
            yield key, self.value(value_node, place)

    def again(self, node: Any, path: Path) -> None:
        if node.tag != _TEXT:
            raise self.refusal(path, Message("policy.yaml.alias"), Message("policy.yaml.alias.remedy"))
        self.unfolded += len(node.value)
        if self.unfolded > MAX_CHARACTERS:
            raise self.refusal(path, Message("policy.yaml.aliases"), Message("policy.yaml.alias.remedy"))

    def scalar(self, node: Any, path: Path) -> Any:
        quoted = node.value[:LONGEST_SHOWN]
        if node.tag in _NUMBERS and ":" in node.value:
            message = Message("policy.yaml.base_60", value=quoted)
            raise self.refusal(path, message, Message("policy.yaml.base_60.remedy"))
        try:
            value = self.scalars.construct_object(node)
        except (ValueError, yaml.YAMLError):
            message = Message("policy.yaml.unreadable", value=quoted)
            raise self.refusal(path, message, Message("policy.yaml.quote")) from None
        if isinstance(value, int) and value.bit_length() >= _BITS:
            raise self.refusal(path, Message("policy.yaml.large", value=quoted), Message("policy.yaml.quote"))
        return value

    def refusal(self, path: Path, message: str, remedy: str) -> PolicyError:
        return self.document.error(path, message, remedy)
