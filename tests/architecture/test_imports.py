"""Imports point down only, and the pure rooms stay pure: read from the syntax trees, so lazy imports count too."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import leadwerk

PACKAGE = Path(leadwerk.__file__).parent
FUNCTIONS = PACKAGE.parents[1] / "functions"

# From the ground up; rooms of one floor do not import each other.
FLOORS: tuple[frozenset[str], ...] = (
    frozenset({"errors", "progress", "private_files", "stats", "catalogue"}),
    frozenset({"texts"}),
    frozenset({"settings"}),
    frozenset({"policy"}),
    frozenset({"features", "points", "drawing", "lead", "registry", "warehouse", "experiment"}),
    frozenset({"learning", "scoring", "crm", "privacy", "importing", "report", "simulation"}),
    frozenset({"pipeline"}),
    frozenset({"web", "serve", "local_function"}),
    frozenset({"cli"}),
)
PURE = ("stats", "catalogue", "points", "drawing", "learning", "scoring", "features", "lead", "experiment")
SCORE_MUST_NOT_REACH = ("pandas", "sklearn", "google", "scipy", "matplotlib", "sqlglot", "pyarrow", "requests")
# What a page's section imports when it is first asked for (leadwerk.web.pages.desk_site).
FIRST_PAGES = {
    "calls": ("calls", "lead", "lead_form"), "door": ("enter",), "start": ("start",), "settings": ("preferences",),
}  # fmt: skip
FIRST_PAGES_WITH_ARRAYS = ("companies", "results", "review", "thresholds", "rules", "operations", "privacy")
# A module that needs the outside world imports one of these; a pure room may not.
OUTSIDE_WORLD = frozenset(
    {"os", "io", "time", "socket", "subprocess", "shutil", "tempfile", "threading", "random"}
    | {"requests", "urllib", "http", "duckdb", "google", "sqlglot", "flask", "functions_framework"}
)
CLOCK = frozenset({"now", "utcnow", "today"})


@cache
def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def name_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(tree: ast.AST) -> Iterator[str]:
    """Dotted names that a module imports at run time; what only type checkers read is left out."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide the room they reach"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif not is_type_checking(node):
            yield from imports(node)


def is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def top_level_imports(tree: ast.Module) -> Iterator[str]:
    return imports(ast.Module([node for node in tree.body if not isinstance(node, ast.FunctionDef | ast.ClassDef)], []))


def room(dotted: str) -> str | None:
    parts = dotted.split(".")
    return parts[1] if parts[0] == "leadwerk" and len(parts) > 1 else None


def floor(name: str) -> int:
    return next(i for i, rooms in enumerate(FLOORS) if name in rooms)


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def test_every_room_has_its_floor() -> None:
    all_floors = frozenset().union(*FLOORS)
    assert {room_of_module for path in modules() if (room_of_module := room(name_of(path)))} <= all_floors


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_imports_point_down(path: Path) -> None:
    importing_room = room(name_of(path))
    if importing_room is None:
        return
    imported_rooms = {
        imported_room
        for name in imports(parsed(path))
        if (imported_room := room(name)) and imported_room != importing_room
    }
    assert [
        imported_room for imported_room in sorted(imported_rooms) if floor(imported_room) >= floor(importing_room)
    ] == []


def test_no_module_reaches_itself() -> None:
    """Imports for type checkers count as well: two modules that know each other are one."""
    imported = {name_of(path): set(every_import(parsed(path))) for path in modules()}
    while leaves := {name for name, needed in imported.items() if not needed & (imported.keys() - {name})}:
        imported = {name: needed for name, needed in imported.items() if name not in leaves}
    assert sorted(imported) == []


def every_import(tree: ast.AST) -> Iterator[str]:
    """Modules that a tree imports anywhere; of `from a import b` the module b where there is one, else a."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            dotted = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from (name if is_module(name) else str(node.module) for name in dotted)


@cache
def is_module(dotted: str) -> bool:
    base = PACKAGE.parent.joinpath(*dotted.split("."))
    return base.with_suffix(".py").is_file() or (base / "__init__.py").is_file()


@pytest.mark.parametrize("path", sorted((PACKAGE / "pipeline").rglob("*.py")), ids=name_of)
def test_stages_never_call_stages(path: Path) -> None:
    stages = {name_of(p).split(".")[-1] for p in (PACKAGE / "pipeline").rglob("*.py")}
    tree = parsed(path)
    assert [stage for stage in sorted(stages) if calls_run_of(tree, stage)] == []
    assert [name for name in imports(tree) if name.startswith("leadwerk.pipeline.") and name.endswith(".run")] == []


def calls_run_of(tree: ast.AST, stage: str) -> bool:
    return any(
        isinstance(node, ast.Attribute)
        and node.attr == "run"
        and isinstance(node.value, ast.Name)
        and node.value.id == stage
        for node in ast.walk(tree)
    )


@pytest.mark.parametrize("path", [p for p in modules() if room(name_of(p)) in PURE], ids=name_of)
def test_pure_rooms_reach_no_outside_world(path: Path) -> None:
    tree = parsed(path)
    assert {name.split(".")[0] for name in imports(tree)} & OUTSIDE_WORLD == set()
    clocks = [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in CLOCK and isinstance(node.value, ast.Name)
        if node.value.id in {"datetime", "date"}
    ]
    assert clocks == []


def test_the_environment_is_read_in_one_place() -> None:
    readers = [name_of(p) for p in modules() if {"environ", "getenv"} & attributes(parsed(p))]
    # The command line passes its own environment on to the servers it starts.
    assert [name for name in readers if name != "leadwerk.settings" and room(name) not in {"cli", "serve"}] == []


def attributes(tree: ast.AST) -> set[str]:
    return {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}


def test_a_cold_start_of_score_pays_for_no_heavy_library() -> None:
    start = [name_of(p) for p in modules() if room(name_of(p)) == "scoring"]
    assert heavy_imports(start, SCORE_MUST_NOT_REACH) == {}


@pytest.mark.parametrize("pages", FIRST_PAGES.values(), ids=FIRST_PAGES)
def test_the_first_page_of_a_process_pays_for_no_arrays(pages: tuple[str, ...]) -> None:
    start = [f"leadwerk.web.pages.{name}" for name in ("front", "desk_site", *pages)]
    assert heavy_imports([*start, "leadwerk.warehouse.duckdb"], ("numpy", *SCORE_MUST_NOT_REACH)) == {}


@pytest.mark.parametrize("page", FIRST_PAGES_WITH_ARRAYS)
def test_the_first_page_of_a_process_pays_for_no_heavy_library(page: str) -> None:
    start = [f"leadwerk.web.pages.{name}" for name in ("front", "desk_site", page)]
    assert heavy_imports([*start, "leadwerk.warehouse.duckdb"], ("xgboost", *SCORE_MUST_NOT_REACH)) == {}


def heavy_imports(start: list[str], libraries: tuple[str, ...]) -> dict[str, set[str]]:
    """Those of `libraries` that a module imports at its top, by the modules that loading `start` loads."""
    tops = {name: top_level_imports(parsed(file_of(name))) for name in reached_from(start)}
    heavy = {name: {imported.split(".")[0] for imported in top} & set(libraries) for name, top in tops.items()}
    return {name: imported for name, imported in heavy.items() if imported}


def reached_from(start: list[str]) -> set[str]:
    """All modules of the package that loading `start` loads, at the top of modules."""
    loaded: set[str] = set()
    waiting = list(start)
    while waiting:
        name = waiting.pop()
        if name in loaded or not exists(name):
            continue
        loaded.add(name)
        waiting += [part for imported in top_level_imports(parsed(file_of(name))) for part in prefixes(imported)]
    return loaded


def prefixes(dotted: str) -> list[str]:
    parts = dotted.split(".")
    return [".".join(parts[: i + 1]) for i in range(len(parts)) if parts[0] == "leadwerk"]


def file_of(name: str) -> Path:
    base = PACKAGE.parent.joinpath(*name.split("."))
    return base / "__init__.py" if base.is_dir() else base.with_suffix(".py")


@cache
def exists(name: str) -> bool:
    return name.startswith("leadwerk") and file_of(name).exists()


@pytest.mark.parametrize("path", sorted(FUNCTIONS.glob("*/main.py")), ids=lambda p: p.parent.name)
def test_entry_points_are_thin(path: Path) -> None:
    assert path.read_text("utf-8").count("\n") <= 60
