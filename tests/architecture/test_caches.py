"""What a process remembers is bounded: nothing that a caller may choose is the key of a cache that only grows."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "shared/leadwerk"
REVIEWED = {
    "cli/help_language.py phrases": "four languages",
    "lead/lead.py _names_and_titles": "fields of the form, our own",
    "lead/region.py _ranges": "two countries",
    "pipeline/desk/lead_reads.py _recent": "leads and readers of one day",
    "pipeline/wiring.py _crms": "settings of this deployment",
    "pipeline/wiring.py _warehouses": "settings of this deployment",
    "crm/exchange_log.py _watching": "emptied by who watches",
    "scoring/booster.py _request": "kinds of prediction",
    "texts/catalogue.py entries": "four languages",
    "warehouse/dialect.py _template": "texts of that module",
    "warehouse/duckdb_file.py _KEPT_OPEN": "weak",
    "warehouse/json_rows.py _quick_columns": "columns of our tables",
    "warehouse/parameter_types.py parameter_type": "types that our statements declare",
    "warehouse/schema.py table": "our tables; an unknown one is an error, which is not kept",
    "warehouse/statement.py _read": "our statements; an unknown one is an error, which is not kept",
    "web/described.py _expected": "our structs",
    "web/door/admission.py sessions": "settings of this deployment",
    "web/door/admission.py verifier": "settings of this deployment",
    "web/door/rate_limit.py buckets": "settings of this deployment; callers have a bound of their own",
    "web/door/sign_ins.py _last_days": "people of people.yaml",
    "web/events.py verifier": "settings of this deployment",
    "web/pages/cached.py _entries": "emptied when it has MOST",
}  # fmt: skip
CONTAINERS = ("dict", "list", "set", "OrderedDict", "defaultdict", "Counter", "WeakSet", "WeakKeyDictionary")


def growing_caches(file: Path) -> Iterator[str]:
    """Functions of a module with an unbounded cache by their arguments, and its empty containers."""
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef) and node.args.args and any(map(is_unbounded, node.decorator_list)):
            yield node.name
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None and is_empty(node.value):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from (target.id for target in targets if isinstance(target, ast.Name))


def is_unbounded(decorator: ast.expr) -> bool:
    """Whether it is `cache`, or `lru_cache` without a number."""
    text = ast.unparse(decorator).removeprefix("functools.")
    return text == "cache" or (text.startswith("lru_cache") and ("maxsize=" not in text or "None" in text))


def is_empty(value: ast.expr) -> bool:
    """Whether it is a container that something will be put into."""
    if isinstance(value, ast.Dict | ast.List | ast.Set):
        return not (value.keys if isinstance(value, ast.Dict) else value.elts)
    return isinstance(value, ast.Call) and not value.args and ast.unparse(value.func).rpartition(".")[2] in CONTAINERS


def test_every_cache_that_may_grow_is_reviewed() -> None:
    growing = {
        f"{file.relative_to(PACKAGE).as_posix()} {name}"
        for file in PACKAGE.rglob("*.py")
        for name in growing_caches(file)
    }
    assert growing == set(REVIEWED), "Bound it by lru_cache(maxsize=…), or say here why its keys are few."
