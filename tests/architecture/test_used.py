"""Nothing public in the package is there for tests alone: what no product code uses goes."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PRODUCT = ("shared/leadwerk", "functions", "benchmarks", "tools")
NAMED_BY_OTHERS = {
    "handle_starttag", "handle_endtag", "handle_data",  # html.parser calls them
    "log_message",  # http.server calls it
    "check_standard",  # what a receiver of our webhooks runs: docs/crm.md
}  # fmt: skip


def definitions(body: list[ast.stmt], *, in_class: bool = False) -> Iterator[str]:
    """Public functions, classes, methods and constants of a module."""
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield node.name
        if isinstance(node, ast.ClassDef):
            yield from definitions(node.body, in_class=True)
        if isinstance(node, ast.Assign) and not in_class:
            yield from (target.id for target in node.targets if isinstance(target, ast.Name))


def names_used(suffixes: set[str]) -> Counter[str]:
    """How often each name stands in the product's files of these kinds."""
    files = (file for folder in PRODUCT for file in (ROOT / folder).rglob("*") if file.suffix in suffixes)
    return Counter(name for file in files for name in re.findall(r"[A-Za-z_]\w*", file.read_text(encoding="utf-8")))


def test_every_public_name_is_used_by_the_product() -> None:
    in_code, elsewhere = names_used({".py"}), names_used({".html", ".sql", ".json", ".yaml", ".md"})
    unused = [
        f"{file.relative_to(ROOT)}: {name}"
        for file in sorted((ROOT / "shared/leadwerk").rglob("*.py"))
        for name in definitions(ast.parse(file.read_text(encoding="utf-8")).body)
        if in_code[name] <= 1 and not elsewhere[name] and name not in NAMED_BY_OTHERS and not name.startswith("__")
    ]
    assert unused == []
