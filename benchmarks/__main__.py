"""`python -m benchmarks [NAME…]`: run all benchmarks, or those named, and print a Markdown table."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

from benchmarks.figure import Figure

FRAME = {
    "__init__", "__main__", "bill", "chaos_partners", "figure", "killed_calls", "killed_stage", "logical_bytes",
    "metered_warehouse",
    "pubsub_emulator", "push_sender", "table_scans",
}  # fmt: skip


def names() -> list[str]:
    return sorted(path.stem for path in Path(__file__).parent.glob("*.py") if path.stem not in FRAME)


def row(figure: Figure) -> str:
    low, high = figure.spread
    return (
        f"| {figure.name} | {figure.value:.3g} {figure.unit} | {figure.target} | {figure.n} | {low:.3g} … {high:.3g} |"
    )


def main(chosen: list[str]) -> None:
    write = sys.stdout.write
    write("| figure | median | target | n | lowest … highest |\n|---|---|---|---|---|\n")
    for name in chosen or names():
        for figure in import_module(f"benchmarks.{name}").run():
            write(row(figure) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
