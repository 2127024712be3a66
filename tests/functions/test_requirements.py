"""A function's requirements.in pins what it imports, however deep and late, and nothing else; .txt locks it."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from importlib import metadata
from pathlib import Path

import pytest

import leadwerk
from leadwerk.serve import FUNCTIONS, source_of

TESTED = Path(__file__).parents[2]
HASHED = r"[A-Za-z0-9._-]+==\S+(?: ; [^\n]+)?(?: \\\n    --hash=sha256:[0-9a-f]{64})+"
SHARED = Path(leadwerk.__file__).parents[1]
# What a laptop alone reaches: its engine (in the cloud the warehouse is BigQuery), and files brought in the browser.
ELSEWHERE = {"leadwerk.warehouse.duckdb", "leadwerk.web.pages.start_file"}
# Not seen in an import statement, and needed all the same.
UNSEEN = {
    "cryptography": "google-auth verifies ES256 with it",
    "tzdata": "zoneinfo reads it where the system has no time zones",
    "xgboost-cpu": "score loads its library without its Python package",
    "google-cloud-bigquery-storage": "the BigQuery client reads frames through it where it is there",
    "pyarrow": "the BigQuery client hands frames over in it",
    "pandas": "frames are made of it",
}


@pytest.mark.slow
@pytest.mark.parametrize("name", FUNCTIONS)
def test_all_that_is_imported_is_pinned(name: str) -> None:
    assert sorted(imported(name) - closure(frozenset(pinned(name)))) == []


@pytest.mark.parametrize("name", FUNCTIONS)
def test_all_that_is_pinned_is_imported(name: str) -> None:
    assert sorted(set(pinned(name)) - imported(name) - set(UNSEEN)) == []


@pytest.mark.parametrize("name", FUNCTIONS)
def test_pins_are_exact_and_those_that_were_tested(name: str) -> None:
    assert pinned(name) == {distribution: metadata.version(distribution) for distribution in pinned(name)}


@pytest.mark.slow
@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_starts_with_nothing_but_its_pins(name: str) -> None:
    allowed = closure(frozenset(pinned(name)))
    foreign = sorted(
        top for top, owners in metadata.packages_distributions().items()
        if not {normal(owner) for owner in owners} & (allowed | {"leadwerk"})
    )  # fmt: skip
    script = (
        "import sys, importlib.util\n"
        f"foreign = set({foreign!r})\n"
        "class Wall:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.split('.')[0] in foreign: raise ModuleNotFoundError(f'not pinned: {name}')\n"
        "sys.meta_path.insert(0, Wall())\n"
        f"spec = importlib.util.spec_from_file_location('main', {str(source_of(name))!r})\n"
        "main = importlib.util.module_from_spec(spec); sys.modules['main'] = main\n"
        "spec.loader.exec_module(main)\n"
        f"print(callable(main.{name}))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.stderr) == ("True", "")


@pytest.mark.parametrize("name", FUNCTIONS)
def test_nothing_is_pinned_twice(name: str) -> None:
    names = [distribution for distribution, _ in pins(name)]
    assert sorted(names) == sorted(set(names))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_all_that_is_deployed_is_what_was_tested_and_has_hashes(name: str) -> None:
    entries = re.split(r"\n(?=\S)", (source_of(name).parent / "requirements.txt").read_text("utf-8").strip())
    assert [entry for entry in entries if not re.fullmatch(HASHED, entry)] == []
    locked = {normal(entry.partition("==")[0]): entry.partition("==")[2].split()[0] for entry in entries}
    tested = dict(_pins((TESTED / "requirements-dev.txt").read_text("utf-8")))
    assert {package: version for package, version in locked.items() if tested.get(package) != version} == {}
    assert {package: version for package, version in pinned(name).items() if locked.get(package) != version} == {}


def pinned(name: str) -> dict[str, str]:
    return dict(pins(name))


def pins(name: str) -> list[tuple[str, str]]:
    return _pins((source_of(name).parent / "requirements.in").read_text("utf-8"))


def _pins(text: str) -> list[tuple[str, str]]:
    lines = text.splitlines()
    pinned = [line.partition("==") for line in lines if line and not line.startswith("#")]
    return [(normal(distribution), version.strip()) for distribution, _, version in pinned]


def normal(distribution: str) -> str:
    return re.sub(r"[-_.]+", "-", distribution.strip()).lower()


@cache
def closure(distributions: frozenset[str]) -> frozenset[str]:
    """The distributions and all they require without extras."""
    closed: set[str] = set()
    waiting = list(distributions)
    while waiting:
        package = waiting.pop()
        if package in closed:
            continue
        closed.add(package)
        try:
            required = metadata.requires(package) or []
        except metadata.PackageNotFoundError:  # for another platform or Python
            continue
        waiting += [
            normal(re.split(r"[ ;<>=!~(\[]", requirement)[0])
            for requirement in required
            if "extra ==" not in requirement
        ]
    return frozenset(closed)


@cache
def imported(name: str) -> frozenset[str]:
    """Distributions that the code imports which the function can reach."""
    tops = metadata.packages_distributions()
    modules = {
        normal(owner)
        for module in reached_modules(name)
        for owner in google_owners(module) or tops.get(module.split(".")[0], [])
    }
    return frozenset(modules - {"leadwerk", ""})


def google_owners(module: str) -> list[str]:
    """Many distributions share the package google: the import's next parts say which is meant."""
    parts = module.split(".")
    if parts[0] != "google":
        return []
    if parts[1:2] == ["cloud"]:
        return [f"google-cloud-{part}" for part in parts[2:3]] or [""]
    return [f"google-{part}" for part in parts[1:2]] or [""]


def reached_modules(name: str) -> set[str]:
    """Names of imported modules; a function's body counts only if code that counts mentions the function's name."""
    main = ast.parse(source_of(name).read_text("utf-8"))
    names: set[str] = set()
    modules: set[str] = set()
    pending: list[ast.AST] = [main]
    asleep: list[ast.FunctionDef] = []
    while pending:
        for node in awake(pending.pop(), everything=not modules):
            if isinstance(node, ast.FunctionDef):
                asleep.append(node)
            elif isinstance(node, ast.Name | ast.Attribute):
                names.add(node.id if isinstance(node, ast.Name) else node.attr)
            elif isinstance(node, ast.Import | ast.ImportFrom):
                names |= {alias.name for alias in node.names}
                new = {part for dotted in dotted_names(node) for part in prefixes(dotted)} - modules
                modules |= new
                pending += [ast.parse(file.read_text("utf-8")) for module in sorted(new) if (file := file_of(module))]
        woken = [node for node in asleep if node.name in names or node.name.startswith("__")]
        asleep = [node for node in asleep if node not in woken]
        pending += woken
    return modules


def awake(tree: ast.AST, *, everything: bool = False) -> Iterator[ast.AST]:
    """Nodes that run when `tree` runs, functions defined in it unopened (unless `everything`)."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            continue
        yield node
        if everything or not isinstance(node, ast.FunctionDef):
            yield from awake(node, everything=everything)


def dotted_names(node: ast.Import | ast.ImportFrom) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [f"{node.module}.{alias.name}" for alias in node.names]


def prefixes(dotted: str) -> list[str]:
    parts = dotted.split(".")
    return [".".join(parts[: end + 1]) for end in range(len(parts))]


def file_of(module: str) -> Path | None:
    if module.split(".")[0] != "leadwerk" or module in ELSEWHERE:
        return None
    base = SHARED.joinpath(*module.split("."))
    return next((file for file in (base / "__init__.py", base.with_suffix(".py")) if file.is_file()), None)


def test_what_is_unseen_is_still_needed() -> None:
    pins = {distribution for name in FUNCTIONS for distribution in pinned(name)}
    assert set(UNSEEN) <= pins


@pytest.mark.parametrize("lost", ["msgspec", "pyyaml", "google-cloud-storage", "functions-framework"])
def test_a_requirement_that_is_imported_but_not_listed_is_found(lost: str) -> None:
    left = frozenset(pinned("deliver_scores")) - {lost}
    assert imported("deliver_scores") - closure(left) == {lost}
