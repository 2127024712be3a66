"""The desk's pages on the demo's data: the first one of a process beside a no-op, and warm ones.

First pages are compared by CPU seconds, so that whatever else the machine does counts little: both processes run under
`leadwerk.local_function`, as under `leadwerk serve`, with compiled bytecode, in turns. Their queries are DuckDB's work
in the same process; in the cloud BigQuery does that. So they run on a fiftieth of the demo's leads: what is measured
is the page. Warm pages have all leads, and milliseconds; what the desk keeps for a minute is kept. The demo is in
`LEADWERK_HOME/demo`, or is run.
"""

from __future__ import annotations

import compileall
import http.client
import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.figure import Figure
from benchmarks.latency import at
from benchmarks.scoring import process
from leadwerk.cli.demo.plan import DemoPlan
from leadwerk.serve import desk_environment, free_ports, source_of
from leadwerk.web.door.session import LocalSessions

ROUNDS = 7
THINNING = 50
WARM_UP, REQUESTS = 2, 20
PAGES: Mapping[str, str] = {
    "/calls": "anna", "/calls/{lead}": "anna", "/results": "eva", "/review": "eva", "/thresholds": "eva",
    "/rules": "eva", "/operations": "eva", "/privacy": "dora", "/start": "eva", "/settings": "anna",
}  # fmt: skip
"""Pages, and who asks for them."""

PEOPLE = """
- {name: anna, roles: [seller], language: de}
- {name: eva, roles: [manager, operator], language: fr}
- {name: dora, roles: [privacy], language: en}
"""
NOOP = Path(__file__).parent / "scoring" / "noop" / "main.py"
FACTOR, ALLOWANCE = 1.5, 0.3
"""A first page may take so many times a no-op's CPU seconds, and so many seconds more."""

MOST_SECONDS, MOST_BYTES = 0.4, 60_000


def run() -> Iterable[Figure]:
    """CPU seconds of first pages with their limit; milliseconds and bytes of warm pages."""
    demo = demo_home()
    for folder in ("shared/leadwerk", "functions", "benchmarks/scoring/noop"):
        compileall.compile_dir(process.ROOT / folder, quiet=1)
    yield from first_pages(DemoDesk(thinned(demo)))
    yield from warm_pages(DemoDesk(demo))


def demo_home() -> Path:
    """The demo's home; the demo is run first, if need be."""
    home = Path(os.environ.get("LEADWERK_HOME") or process.ROOT / ".leadwerk").resolve()
    if not (home / "demo").is_dir():
        command = [sys.executable, "-c", "from leadwerk.cli import main; main()", "demo"]
        subprocess.run([*command, "--home", str(home), "--no-desk"], check=True, stdout=sys.stderr)  # noqa: S603
    return home / "demo"


def thinned(demo: Path) -> Path:
    """A home with one of THINNING leads of the demo's, and its models."""
    import duckdb

    home = process.FOLDER / "desk"
    shutil.rmtree(home, ignore_errors=True)
    shutil.copytree(demo, home, ignore=shutil.ignore_patterns("logs", "market", "ga4.duckdb"))
    with duckdb.connect(str(home / "warehouse.duckdb")) as connection:
        tables = connection.execute("SELECT table_name FROM information_schema.columns WHERE column_name = 'lead_id'")
        for (table,) in tables.fetchall():
            connection.execute(f"DELETE FROM leadwerk.{table} WHERE hash(lead_id) % {THINNING} <> 0")  # noqa: S608
    return home


class DemoDesk:
    """A desk process on the demo's data, five minutes after its last morning."""

    def __init__(self, home: Path) -> None:
        self.lead_id = _a_lead(home)
        plan = DemoPlan()
        clock = plan.night_after(plan.second_training) + timedelta(hours=2, minutes=30)
        people = process.FOLDER / "people.yaml"
        people.parent.mkdir(parents=True, exist_ok=True)
        people.write_text(PEOPLE, "utf-8")
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("LEADWERK_")},
            **desk_environment(clock),
            "LEADWERK_HOME": str(home),
            "LEADWERK_PEOPLE": str(people),
            "PYTHONPATH": str(process.ROOT / "shared"),
        }

    def cookie(self, name: str) -> str:
        """The header Cookie of this person."""
        return LocalSessions.of(self.environment["LEADWERK_DESK_KEY"]).cookie(name, datetime.now(UTC)).partition(";")[0]

    @contextmanager
    def serving(self, target: str = "desk") -> Iterator[int]:
        """The port of a new process of the desk, or of the no-op."""
        source = NOOP if target == "noop" else source_of(target)
        [port] = free_ports(1)
        command = [sys.executable, "-m", "leadwerk.local_function", "--target", target, "--source", str(source)]
        with (process.FOLDER / "log.txt").open("a") as log:
            child = subprocess.Popen(  # noqa: S603  our own program
                [*command, "--port", str(port)], env=self.environment, stdout=log, stderr=log
            )
            try:
                yield port
            finally:
                child.terminate()
                child.wait()

    def get(self, port: int, path: str, name: str) -> bytes:
        """The page, as soon as somebody listens."""
        until = time.monotonic() + process.PATIENCE_SECONDS
        while True:
            line = http.client.HTTPConnection("127.0.0.1", port, timeout=process.PATIENCE_SECONDS)
            try:
                line.request("GET", path.format(lead=self.lead_id), headers={"Cookie": self.cookie(name)})
                answer = line.getresponse()
                content = answer.read()
            except ConnectionError:
                if time.monotonic() > until:
                    raise
                time.sleep(process.POLL_SECONDS)
                continue
            if answer.status != http.client.OK:
                raise RuntimeError(f"{path}: {answer.status}: {content.decode()[:500]}")
            return content


def first_pages(desk: DemoDesk) -> Iterator[Figure]:
    """CPU seconds of a process from its start to its first page, a no-op's, and the share of what is allowed."""
    requests = {"noop": ("noop", "/", "anna"), **{path: ("desk", path, name) for path, name in PAGES.items()}}
    seconds: dict[str, list[float]] = {path: [] for path in requests}
    for turn in range(ROUNDS + 1):
        for path, (target, address, name) in requests.items():
            before = _cpu_of_children()
            with desk.serving(target) as port:
                desk.get(port, address, name)
            # The first round fills the disk's cache, and keeps translated statements.
            seconds[path] += [_cpu_of_children() - before] if turn else []
    for path, runs in seconds.items():
        yield Figure.of(f"first page of a process, CPU: {path}", runs, unit="s")
        if path != "noop":
            allowed = [FACTOR * noop + ALLOWANCE for noop in seconds["noop"]]
            shares = [run / most for run, most in zip(runs, allowed, strict=True)]
            yield Figure.of(f"first page ÷ ({FACTOR} × no-op + {ALLOWANCE} s): {path}", shares, unit="×", target="≤ 1")


def warm_pages(desk: DemoDesk) -> Iterator[Figure]:
    """Milliseconds until a warm page is there (p50, p95), its CPU milliseconds, and its bytes."""
    with desk.serving() as port:
        for path, name in PAGES.items():
            durations, content = [], b""
            for _ in range(WARM_UP + REQUESTS):
                started = time.perf_counter()
                content = desk.get(port, path, name)
                durations.append((time.perf_counter() - started) * 1000)
            ordered = sorted(durations[WARM_UP:])
            for share, target in ((0.5, ""), (0.95, f"≤ {MOST_SECONDS * 1000:.0f}")):
                figure = Figure.of(f"warm page, p{share * 100:.0f}: {path}", ordered, unit="ms", target=target)
                yield Figure(figure.name, at(ordered, share), "ms", target, len(ordered), figure.spread)
            yield Figure.of(f"bytes of {path}", [len(content)], unit="", target=f"≤ {MOST_BYTES}")


def _cpu_of_children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _a_lead(home: Path) -> str:
    from leadwerk.warehouse.duckdb import DuckDBWarehouse
    from leadwerk.warehouse.statement import from_text

    query = "SELECT lead_id FROM leadwerk.scores ORDER BY scored_at DESC, predictive_score DESC LIMIT 1"
    [row] = DuckDBWarehouse(home).rows(from_text(query), {})
    return str(row["lead_id"])
