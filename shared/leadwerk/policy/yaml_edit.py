"""Changing numbers in the text of a policy, and nothing else: comments, order and layout stay as written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from leadwerk.policy.yaml_document import Path

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def edited(text: str, numbers: Mapping[Path, int]) -> str:
    r"""The text with other numbers at these paths; a field that is not there is added to its section.

    >>> edited("a:  # first\n  - {b: 1}\n", {("a", 0, "b"): 20, ("a", 0, "c"): 3})
    'a:  # first\n  - {c: 3, b: 20}\n'
    """
    for path, number in numbers.items():
        text = _set(text, path, str(number))
    return text


def _set(text: str, path: Path, value: str) -> str:
    node: Any = yaml.compose(text, _Loader)
    for depth, part in enumerate(path):
        inner = _inner(node, part)
        if inner is None:
            return _added(text, node, path[depth:], value)
        node = inner
    return text[: node.start_mark.index] + value + text[node.end_mark.index :]


def _inner(node: Any, part: str | int) -> Any:
    if isinstance(part, int):
        return node.value[part]
    return next((value for key, value in node.value if key.value == part), None)


def _added(text: str, section: Any, path: Path, value: str) -> str:
    """The text with a field put first into a section; what lies deeper is written on its line."""
    name, *deeper = path
    for inner in reversed(deeper):
        value = f"{{{inner}: {value}}}"
    if section.flow_style:
        at = section.start_mark.index + 1
        return f"{text[:at]}{name}: {value}{', ' if section.value else ''}{text[at:]}"
    first = section.value[0][0].start_mark
    return f"{text[: first.index]}{name}: {value}\n{' ' * first.column}{text[first.index :]}"


def appended(text: str, path: Path, entries: Sequence[Mapping[str, Any]]) -> str:
    r"""The text with these entries, one a line, behind the last one of the list at this path.

    >>> appended("a:\n  - {b: 1}  # one\nc: 2\n", ("a",), [{"b": 2}])
    'a:\n  - {b: 1}  # one\n  - {b: 2}\nc: 2\n'
    """
    node: Any = yaml.compose(text, _Loader)
    for part in path:
        node = _inner(node, part)
    written = [_line(entry) for entry in entries]
    if node.flow_style:
        at = node.end_mark.index - 1
        return text[:at] + (", " if node.value else "") + ", ".join(written) + text[at:]
    end = text.find("\n", max(_end(node), _last_alias(text, node)))
    at = len(text) if end < 0 else end + 1
    indent = " " * node.start_mark.column
    lines = "".join(f"{indent}- {line}\n" for line in written)
    return text[:at] + ("" if text[:at].endswith("\n") else "\n") + lines + text[at:]


def _end(node: Any) -> int:
    """Where the last thing in a node ends; a block itself ends only where the next thing begins, behind comments."""
    if isinstance(node, yaml.ScalarNode) or node.flow_style:
        return int(node.end_mark.index)
    last = node.value[-1]
    return _end(last[1] if isinstance(last, tuple) else last)


def _last_alias(text: str, node: Any) -> int:
    """Where the last alias (*name) in a block ends; the node that it stands for says where that is written."""
    first, last = node.start_mark.index, node.end_mark.index
    ends = (token.end_mark.index for token in yaml.scan(text, _Loader) if isinstance(token, yaml.AliasToken))
    return max((int(end) for end in ends if first < end <= last), default=0)


def _line(entry: Mapping[str, Any]) -> str:
    line = yaml.safe_dump(dict(entry), default_flow_style=True, allow_unicode=True, sort_keys=False, width=10_000)
    return str(line).strip()
