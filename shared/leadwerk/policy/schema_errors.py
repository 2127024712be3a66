"""Why data does not have the shape of a policy: every violation with its place and remedy, not only the first.

Imported only after msgspec refused the data; msgspec itself decides what is right.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from datetime import date
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec

from leadwerk.policy.model import Policy
from leadwerk.policy.section import PolicySection
from leadwerk.policy.slug import as_name
from leadwerk.policy.yaml_document import Path

Violation = tuple[Path, str, str]

# How alike (difflib's ratio) a word must be to be taken for a misspelling.
_ALIKE = 0.65
_SEE = "See docs/policy.md."


def violations(data: Any) -> list[Violation]:
    """All places where `data` differs from the shape of a Policy, as (path, message, remedy).

    >>> violations({"name": "mine", "horizon_day": 30})[0]
    (('horizon_day',), 'this field is unknown.', 'Did you mean `horizon_days`?')
    """
    if data is None:
        return [((), "the file is empty.", "Begin with a copy of a shipped policy.")]
    return list(_section(data, Policy, ()))


def closest(name: str, candidates: Iterator[str] | list[str] | tuple[str, ...]) -> str:
    """The known word that was probably meant, or nothing.

    >>> closest("horizn", ["horizon_days", "horizon"])
    'horizon'
    """
    by_lower = {candidate.lower(): candidate for candidate in candidates}
    matches = difflib.get_close_matches(name.lower(), by_lower, n=1, cutoff=_ALIKE)
    return by_lower[matches[0]] if matches else ""


def _section(data: Any, kind: type[PolicySection], path: Path) -> Iterator[Violation]:
    if not isinstance(data, dict):
        yield (
            path,
            f"a section is expected, not {_formatted(data)}.",
            f"Give its fields ({_fields(kind)}) or remove it.",
        )
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
            yield (*path, name), "this field is unknown.", _unknown_remedy(name, guess, kind)
    for field in msgspec.structs.fields(kind):
        # A misspelt required field is one fault to its author, not an unknown and a missing one.
        if field.required and field.name not in data and field.name not in fields_by_guess:
            yield path, f"the field `{field.name}` is missing.", f"Add `{field.name}:`. {_SEE}"


def _value(value: Any, hint: Any, path: Path) -> Iterator[Violation]:
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


def _items(value: Any, hints: tuple[Any, ...], path: Path) -> Iterator[Violation]:
    """A list of one kind, as long as you like, or with a place for each kind."""
    if not isinstance(value, list):
        yield path, f"a list is expected, not {_formatted(value)}.", "Write [one, two], or one `- …` a line."
        return
    fixed = hints[-1] is not Ellipsis
    if fixed and len(value) != len(hints):
        yield path, f"{len(hints)} values are expected, not {len(value)}.", f"Write as many. {_SEE}"
        return
    for index, item in enumerate(value):
        yield from _value(item, hints[index] if fixed else hints[0], (*path, index))


def _leaf(value: Any, hint: Any, path: Path) -> Iterator[Violation]:
    try:
        msgspec.convert(value, hint)
    except msgspec.ValidationError:
        yield path, f"{_expectation(hint)} is expected, not {_formatted(value)}.", _remedy(value, hint)


def _expectation(hint: Any) -> str:
    origin, args = get_origin(hint), get_args(hint)
    if origin is Literal:
        return f"one of {', '.join(map(str, args))}"
    if origin is Annotated:
        return _annotated(args[0], args[1])
    if origin is Union or type(hint).__name__ == "UnionType":
        return " or ".join(_expectation(arg) for arg in args)
    return {str: "text", int: "a whole number", float: "a number", dict: "a section", type(None): "nothing"}.get(
        origin or hint, "something else"
    )


def _annotated(kind: Any, meta: msgspec.Meta) -> str:
    if meta.pattern:
        return "a name of lower-case letters, digits and _, beginning with a letter,"
    limits = {"from": meta.ge, "above": meta.gt, "to": meta.le, "below": meta.lt}
    bounds = [f"{label} {limit}" for label, limit in limits.items() if limit is not None]
    return " ".join([_expectation(kind), *bounds])


def _remedy(value: Any, hint: Any) -> str:
    choices = [str(choice) for choice in _literals(hint)]
    guess = closest(str(value), choices)
    if guess:
        return f"Did you mean `{guess}`?"
    # Norway's `no` and similar: YAML 1.1 reads them as truth values without a warning.
    if isinstance(value, bool) and (choices or _takes_text(hint)):
        return "Put quotes around it: YAML reads yes, no, on and off as truth values."
    if choices:
        return f"Choose {' or '.join(choices)}."
    if _takes_text(hint) and not isinstance(value, (str, list, dict, type(None))):
        return "Put quotes around it: YAML reads this as a number or date."
    if isinstance(value, str) and any(meta.pattern for meta in _metas(hint)):
        return f"Write {as_name(value)}."
    if isinstance(value, str) and value.replace(".", "", 1).isdigit():
        return "Remove the quotes."
    return f"Correct the value. {_SEE}"


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


def _unknown_remedy(name: str, guess: str, kind: type[PolicySection]) -> str:
    if guess:
        return f"Did you mean `{guess}`?"
    return f"Remove it, or use one of: {_fields(kind)}."


def _fields(kind: type[PolicySection]) -> str:
    return ", ".join(name for name in kind.__struct_fields__ if name != "version")


def _formatted(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return "a section"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, bool):
        return f"the truth value {str(value).lower()}"
    if isinstance(value, date):
        return f"the date {value.isoformat()}"
    return repr(value if not isinstance(value, str) or len(value) <= 60 else value[:57] + "…")
