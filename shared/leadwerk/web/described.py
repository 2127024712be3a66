"""Patience with requests: a JSON value as its type describes it, however the sender's tool writes it.

What is blank is not said; numbers and booleans may be text, objects and lists JSON text, single values lists of one.
"""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

import msgspec

from leadwerk.errors import UNREADABLE_JSON
from leadwerk.lead.yes_no import parse_yes_no

Described = TypeVar("Described")
LISTS = (list, tuple)
Kinds = tuple[Any, ...]
"""The types that a field may have, without None and without annotations."""


def described(value: Any, kind: type[Described]) -> Described:
    """`value` as an instance of the struct `kind`.

    Raises:
        msgspec.ValidationError: a field is unknown, missing or of another type.
    """
    return msgspec.convert(_softened(value, (kind,)), kind, strict=False)


def _softened(value: Any, kinds: Kinds) -> Any:
    value = _unwrapped(value, kinds)
    if isinstance(value, dict):
        struct = next((kind for kind in kinds if _is_struct(kind)), None)
        return _fields_softened(value, _expected(struct)) if struct else value
    if isinstance(value, list):
        items = next((get_args(kind) for kind in kinds if _origin(kind) in LISTS), ())
        return [_softened(item, _kinds(items[0])) for item in value] if items else value
    if bool in kinds and isinstance(value, (str, int, float)):
        answer = parse_yes_no(value)
        return value if answer is None else bool(answer)
    return value


def _unwrapped(value: Any, kinds: Kinds) -> Any:
    """A list of one as its item, a JSON text as its value, where the field expects that."""
    is_list = any(_origin(kind) in LISTS for kind in kinds)
    # Form libraries repeat names: a single value arrives as a list of one.
    if isinstance(value, list) and len(value) == 1 and not is_list and Any not in kinds:
        value = value[0]
    is_composed = is_list or any(_is_struct(kind) or _origin(kind) is dict for kind in kinds)
    if isinstance(value, str) and is_composed and str not in kinds:
        try:
            return msgspec.json.decode(value)
        except UNREADABLE_JSON:
            return value
    return value


def _fields_softened(value: Mapping[str, Any], expected: Mapping[str, tuple[Kinds, bool]]) -> dict[str, Any]:
    unknown: tuple[Kinds, bool] = ((Any,), True)
    fields: dict[str, Any] = {}
    for name, item in value.items():
        kinds, is_required = expected.get(name, unknown)
        # Forms send "" for every empty field; only required ones are an error then.
        if is_required or not _is_blank(item):
            fields[name] = _softened(item, kinds)
    return fields


def _is_blank(value: Any) -> bool:
    return value is None or value == [] or (isinstance(value, str) and not value.strip())


@cache
def _expected(struct: Any) -> Mapping[str, tuple[Kinds, bool]]:
    return {field.encode_name: (_kinds(field.type), field.required) for field in msgspec.structs.fields(struct)}


def _kinds(annotation: Any) -> Kinds:
    return tuple(_alternatives(annotation))


def _alternatives(annotation: Any) -> Iterator[Any]:
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from _alternatives(get_args(annotation)[0])
    elif origin in (Union, types.UnionType):
        for alternative in get_args(annotation):
            yield from _alternatives(alternative)
    elif annotation is not type(None):
        yield annotation


def _origin(kind: Any) -> Any:
    return get_origin(kind)


def _is_struct(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)
