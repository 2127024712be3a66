"""What is wrong with a policy, and the checks that several sections share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from leadwerk.policy.model import Policy
from leadwerk.policy.section import Labels
from leadwerk.policy.yaml_document import Path

Problem = tuple[Path, str, str]
"""Where, what is wrong, what to do."""


def given_twice(path: Path, values: Iterable[object]) -> Iterator[Problem]:
    """A value that stands in the list at `path` a second time."""
    seen: set[object] = set()
    for index, value in enumerate(values):
        if value in seen:
            yield (*path, index), f"`{value}` is given twice.", "Remove one of the two."
        seen.add(value)


def named_twice(path: Path, names: Iterable[str]) -> Iterator[Problem]:
    """A name that two items of the list at `path` have."""
    seen: set[str] = set()
    for index, name in enumerate(names):
        if name in seen:
            yield (*path, index, "name"), f"the name `{name}` is used twice.", "Rename or remove one of the two."
        seen.add(name)


def missing_labels(labels: Labels, policy: Policy, path: Path, *, required: bool = False) -> Iterator[Problem]:
    """Languages of the policy without a label; where none is required, no label at all is as good as all."""
    missing = [language for language in policy.languages if not labels.get(language, "").strip()]
    if missing and (labels or required):
        message = f"there is no label in {', '.join(missing)}."
        yield path, message, "Add it: no seller should read two languages at once."


def did_you_mean(name: str, candidates: Iterable[str], otherwise: str) -> str:
    """The remedy for an unknown word."""
    # Imported here, so that a valid policy does not pay for it.
    from leadwerk.policy.schema_errors import closest

    guess = closest(name, list(candidates))
    return f"Did you mean `{guess}`?" if guess else otherwise
