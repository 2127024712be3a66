"""Changing numbers in the text of a policy, and nothing else: comments, order and layout stay as written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from leadwerk.policy.document import Path

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
