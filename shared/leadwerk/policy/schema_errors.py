"""Why data does not have the shape of a policy: every violation with its place and remedy, not only the first.

Imported only after msgspec refused the data; msgspec itself decides what is right.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import reduce
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec

from leadwerk.policy.folding import as_name
from leadwerk.policy.model import Policy
from leadwerk.policy.problem import Problem, closest
from leadwerk.policy.section import PolicySection
from leadwerk.policy.yaml_document import Path
from leadwerk.texts.message import Message

_TYPES = {
    str: "policy.expect.text",
    int: "policy.expect.whole",
    float: "policy.expect.number",
    dict: "policy.expect.section",
    type(None): "policy.expect.nothing",
}
LONGEST_SHOWN = 60


def violations(data: Any) -> list[Problem]:
    """All places where `data` differs from the shape of a Policy.

    >>> tuple(violations({"name": "mine", "horizon_day": 30})[0])
    (('horizon_day',), 'this field is unknown.', 'Did you mean `horizon_days`?')
    """
    if data is None:
        return [Problem.of((), "policy.file.empty")]
    return list(_section(data, Policy, ()))


def _section(data: Any, kind: type[PolicySection], path: Path) -> Iterator[Problem]:
    if not isinstance(data, dict):
        yield Problem.of(path, "policy.shape.section", value=_formatted(data), fields=_fields(kind))
        return
    hints = get_type_hints(kind, include_extras=True)
    fields_by_guess = set()
    for name, value in data.items():
        if name in hints:
            yield from _value(value, hints[name], (*path, name))
        else:
            # A field that is set already cannot be what was meant.
            guess = closest(name, [field for field in kind.__struct_fields__ if field not in data])
            fields_by_guess.add(guess)
            remedy = Message("policy.shape.unknown.remedy", fields=_fields(kind))
            remedy = Message("policy.remedy.guess", guess=guess) if guess else remedy
            yield Problem.of((*path, name), "policy.shape.unknown", remedy=remedy)
    for field in msgspec.structs.fields(kind):
        # A misspelt required field is one fault to its author, not an unknown and a missing one.
        if field.required and field.name not in data and field.name not in fields_by_guess:
            yield Problem.of(path, "policy.shape.missing", field=field.name)


def _value(value: Any, hint: Any, path: Path) -> Iterator[Problem]:
    section = _optional_section(hint)
    if section is not None:
        if value is not None or not _is_optional(hint):
            yield from _section(value, section, path)
    elif get_origin(hint) is tuple:
        yield from _items(value, get_args(hint), path)
    elif get_origin(hint) is dict and isinstance(value, dict):
        key_hint, value_hint = get_args(hint)
        for key, item in value.items():
            yield from _leaf(key, key_hint, (*path, key))
            yield from _value(item, value_hint, (*path, key))
    else:
        yield from _leaf(value, hint, path)


def _optional_section(hint: Any) -> type[PolicySection] | None:
    """The section that is expected, or may be left out, here; None if it is something else."""
    kinds = [kind for kind in (get_args(hint) if _is_optional(hint) else (hint,)) if kind is not type(None)]
    kind = kinds[0] if len(kinds) == 1 else None
    return kind if isinstance(kind, type) and issubclass(kind, PolicySection) else None


def _is_optional(hint: Any) -> bool:
    return type(None) in get_args(hint)


def _items(value: Any, hints: tuple[Any, ...], path: Path) -> Iterator[Problem]:
    """A list of one kind, as long as you like, or with a place for each kind."""
    if not isinstance(value, list):
        yield Problem.of(path, "policy.shape.list", value=_formatted(value))
        return
    fixed = hints[-1] is not Ellipsis
    if fixed and len(value) != len(hints):
        yield Problem.of(path, "policy.shape.length", expected=len(hints), actual=len(value))
        return
    for index, item in enumerate(value):
        yield from _value(item, hints[index] if fixed else hints[0], (*path, index))


def _leaf(value: Any, hint: Any, path: Path) -> Iterator[Problem]:
    try:
        msgspec.convert(value, hint)
    except msgspec.ValidationError:
        expected, remedy = _expectation(hint), _remedy(value, hint)
        yield Problem.of(path, "policy.shape.value", expected=expected, value=_formatted(value), remedy=remedy)


def _expectation(hint: Any) -> str:
    origin, args = get_origin(hint), get_args(hint)
    if origin is Literal:
        return Message("policy.expect.one_of", choices=", ".join(map(str, args)))
    if origin is Annotated:
        return _annotated(args[0], args[1])
    if origin is Union or type(hint).__name__ == "UnionType":
        kinds = map(_expectation, args)
        return reduce(lambda first, second: Message("policy.expect.or", first=first, second=second), kinds)
    return Message(_TYPES.get(origin or hint, "policy.expect.else"))


def _annotated(kind: Any, meta: msgspec.Meta) -> str:
    if meta.pattern:
        return Message("policy.expect.name")
    limits = {"from": meta.ge, "above": meta.gt, "to": meta.le, "below": meta.lt}
    expectation = _expectation(kind)
    for bound, limit in limits.items():
        if limit is not None:
            expectation = Message(f"policy.expect.{bound}", kind=expectation, limit=limit)
    return expectation


def _remedy(value: Any, hint: Any) -> str:
    choices = [str(choice) for choice in _literals(hint)]
    guess = closest(str(value), choices)
    if guess:
        return Message("policy.remedy.guess", guess=guess)
    # Norway's `no` and similar: YAML 1.1 reads them as truth values without a warning.
    if isinstance(value, bool) and (choices or _takes_text(hint)):
        return Message("policy.shape.truth")
    if choices:
        return Message("policy.remedy.choose", choices=", ".join(choices))
    if _takes_text(hint) and not isinstance(value, (str, list, dict, type(None))):
        return Message("policy.shape.quote")
    if isinstance(value, str) and any(meta.pattern for meta in _metas(hint)):
        return Message("policy.shape.name", name=as_name(value))
    if isinstance(value, str) and value.replace(".", "", 1).isdigit():
        return Message("policy.shape.unquote")
    return Message("policy.shape.value.remedy")


def _metas(hint: Any) -> Iterator[msgspec.Meta]:
    if get_origin(hint) is Annotated:
        yield from (arg for arg in get_args(hint) if isinstance(arg, msgspec.Meta))


def _literals(hint: Any) -> Iterator[Any]:
    if get_origin(hint) is Literal:
        yield from get_args(hint)
    elif not isinstance(hint, (str, int)):
        for arg in get_args(hint):
            yield from _literals(arg)


def _takes_text(hint: Any) -> bool:
    return hint is str or any(_takes_text(arg) for arg in get_args(hint))


def _fields(kind: type[PolicySection]) -> str:
    return ", ".join(name for name in kind.__struct_fields__ if name != "version")


def _formatted(value: Any) -> str:
    """A value that stands in the file, as a reader of the refusal would call it."""
    if value is None:
        return Message("policy.value.nothing")
    if isinstance(value, dict):
        return Message("policy.value.section")
    if isinstance(value, list):
        return Message("policy.value.list")
    if isinstance(value, bool):
        return Message("policy.value.truth", value=str(value).lower())
    if isinstance(value, date):
        return Message("policy.value.date", value=value.isoformat())
    if isinstance(value, str):
        excerpt = value if len(value) <= LONGEST_SHOWN else f"{value[: LONGEST_SHOWN - 3]}…"
        return Message("policy.value.text", value=excerpt)
    return str(value)
