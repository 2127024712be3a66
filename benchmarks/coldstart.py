"""From the start of a process to its first score, against a function that does nothing and one written naively.

A fourth, the floor, only looks one row up in DuckDB and adds one number by NumPy: what no score can go below with both.
All four run under functions-framework in fresh environments with compiled bytecode, in turns, so that whatever else
the machine does meets all of them alike. The score includes the look-up of the lead's features in DuckDB, exact
reasons, and storing.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from benchmarks.figure import Figure
from benchmarks.scoring import home, process

ROUNDS = 15
HERE = Path(__file__).parent / "scoring"


def run() -> Iterable[Figure]:
    """Ratios and seconds; a round's ratio compares runs that lie a few seconds apart."""
    folder = process.FOLDER / "home"
    ids = home.make(folder)
    lean, naive = process.environment(), process.environment(process.NAIVE)
    functions = {
        "noop": (lean, HERE / "noop"),
        "floor": (lean, HERE / "floor"),
        "score": (lean, process.deployed(process.ROOT / "functions" / "score", lean)),
        "naive": (naive, HERE / "naive"),
    }
    settings = {"LEADWERK_HOME": str(folder), "LEADWERK_POLICY": "mortgage"}
    seconds: dict[str, list[float]] = {name: [] for name in functions}
    for turn in range(ROUNDS + 1):
        for name, (venv, source) in functions.items():
            elapsed = first_answer(venv, source, name, settings, ids[turn])
            # The first round fills the disk's cache.
            seconds[name] += [elapsed] if turn else []
    yield ratio("process start to first score ÷ no-op", seconds["score"], seconds["noop"], "≤ 3.5")
    yield ratio("process start to first score ÷ naive function", seconds["score"], seconds["naive"], "≤ 0.4")
    yield ratio("process start to one row of DuckDB ÷ no-op", seconds["floor"], seconds["noop"])
    for name, runs in seconds.items():
        yield Figure.of(f"process start to first answer: {name}", runs, unit="s")


def first_answer(venv: Path, source: Path, target: str, settings: dict[str, str], lead_id: str) -> float:
    """Seconds from starting the process to having its first answer."""
    started = time.perf_counter()
    with process.served(venv, source, target, settings) as port:
        process.ask(port, {"lead_id": lead_id, "deliver": False})
        return time.perf_counter() - started


def ratio(name: str, seconds: Sequence[float], others: Sequence[float], target: str = "") -> Figure:
    """The ratio of runs of the same round."""
    pairs = zip(seconds, others, strict=True)
    return Figure.of(name, [some / other for some, other in pairs], unit="×", target=target)
