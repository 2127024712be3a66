"""Tests read one set of factories, and their names say in one line what they hold."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
SHARED_HELPERS = frozenset({"support", "sql", "terraform"})
"""Folders of tests with modules for other tests: no other, for it would be imported under the name of a room."""
OTHER_PROGRAMS = TESTS / "crm" / "real"  # what is installed into two CRMs, and imports what stands there
LONGEST_NAME = 79


def modules() -> list[Path]:
    return sorted(path for path in TESTS.rglob("*.py") if OTHER_PROGRAMS not in path.parents)


def place(path: Path) -> str:
    return path.relative_to(TESTS).as_posix()


def imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def is_of_a_test(dotted: str) -> bool:
    """Whether it is a module of the tests that is no helper."""
    package, *rest = dotted.split(".")
    path = TESTS.joinpath(package, *rest).with_suffix(".py")
    is_module = (TESTS / package).with_suffix(".py").is_file() or path.is_file()
    return any(part.startswith("test_") for part in [package, *rest]) or (is_module and package not in SHARED_HELPERS)


def test_a_test_imports_helpers_and_no_other_test() -> None:
    trees = {place(path): ast.parse(path.read_text("utf-8")) for path in modules()}
    stray = {name: sorted(filter(is_of_a_test, set(imported(tree)))) for name, tree in trees.items()}
    assert {name: names for name, names in stray.items() if names} == {}, "what tests share belongs to tests/support"


def test_names_fit_a_line() -> None:
    long = [
        f"{place(path)}: {node.name}"
        for path in modules()
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_") and len(node.name) > LONGEST_NAME
    ]
    assert long == [], "say it in less than 80 characters"


@pytest.mark.parametrize(
    ("dotted", "is_stray"),
    [("support.selling", False), ("sql.reference", False), ("architecture.test_tests", True), ("leadwerk.crm", False)],
)
def test_the_check_sees_what_it_is_for(dotted: str, is_stray: bool) -> None:
    assert is_of_a_test(dotted) is is_stray
