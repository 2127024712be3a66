"""Very many requests to all functions and pages in one process: no answer of 500, no traceback, and memory that stays.

LEADWERK_FUZZ_REQUESTS sets how many; LEADWERK_FUZZ_LOG names a file that gets a line for every twentieth of them.
"""

from __future__ import annotations

import gc
import heapq
import json
import logging
import os
import resource
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from statistics import median
from typing import Any
from urllib.parse import quote

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.core import NotSet
from werkzeug.test import Client, TestResponse

from leadwerk.warehouse import duckdb_file
from leadwerk.web.pages.desk_site import site
from leadwerk.web.pages.site import NAME, Page
from leadwerk.web.pages.upload import UploadForm
from support.files_of_home import unnamed_files
from support.mutation import HOSTILE_TEXTS, json_body
from support.page_forms import lead_ids_of, upload_key, values_by_field
from support.signed_in_desk import SignedInDesk, faults_of, signed_in_desk

DOCUMENT = json.loads((Path(__file__).parents[2] / "docs" / "openapi.json").read_text("utf-8"))
REQUESTS = int(os.environ.get("LEADWERK_FUZZ_REQUESTS", "3000"))
SEED = int(os.environ.get("LEADWERK_FUZZ_SEED", "1"))
LOG = os.environ.get("LEADWERK_FUZZ_LOG", "")
SEEDS_PER_OPERATION = 25
SAME_ORIGIN = {"Host": "127.0.0.1:8080", "Sec-Fetch-Site": "same-origin"}
IN_A_PATH = tuple(text for text in HOSTILE_TEXTS if "\n" not in text)
"""A path with a line break never reaches a function: the framework answers it, in words that repeat nothing."""

SAMPLES = 20
WARM_UP = SAMPLES // 5
"""Samples in which caches fill and libraries load: of 20,000 requests the first 4,000."""
MOST_GROWTH_MB = 20
"""By how much the median of the second half may exceed that of the first; a single sample may swing by that."""
MOST_OBJECTS_PER_REQUEST = 1.0
"""Objects that a request may leave behind on average: a list that is never emptied shows here long before in MB."""

Send = Callable[[Random], TestResponse]


@dataclass(frozen=True)
class JsonCase:
    """A request that the OpenAPI document allows: values of its path, its query and its body."""

    path_values: Mapping[str, Any]
    query: Mapping[str, Any]
    body: Any


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def desk(home: Path) -> Iterator[SignedInDesk]:
    with signed_in_desk(home) as desk:
        yield desk


def cases_of(operation: Any) -> list[JsonCase]:
    """Requests drawn from an operation of the document, of the kinds that it allows and that it forbids."""
    cases: list[JsonCase] = []

    @settings(
        max_examples=SEEDS_PER_OPERATION,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
        database=None,
    )
    @given(case=operation.as_strategy())
    def draw(case: schemathesis.Case) -> None:
        body = {} if isinstance(case.body, NotSet) else case.body
        cases.append(JsonCase(case.path_parameters or {}, case.query or {}, body))

    draw()
    return cases


def json_operations(client: Client, cookie: str, lead_ids: list[str]) -> Mapping[str, Send]:
    """By name, what sends a mutated request to an operation of a function."""

    def sender(method: str, path: str, cases: list[JsonCase]) -> Send:
        def send(draw: Random) -> TestResponse:
            case = draw.choice(cases)
            address = path
            for name in NAME.findall(path):
                present = lead_ids if name == "lead_id" else ["a1.ch"]
                value = draw.choice((draw.choice(present), case.path_values.get(name, "1"), draw.choice(IN_A_PATH)))
                address = address.replace(f"{{{name}}}", quote(str(value), safe="", errors="replace"))
            query = {name: draw.choice((value, draw.choice(HOSTILE_TEXTS))) for name, value in case.query.items()}
            headers = {**SAME_ORIGIN, "Cookie": cookie, "Content-Type": "application/json"}
            body = json_body(case.body, draw) if method == "POST" else b""
            plain = {name: str(value).encode("utf-8", "replace") for name, value in query.items()}
            return client.open(address, method=method, query_string=plain, headers=headers, data=body)

        return send

    schema = schemathesis.openapi.from_dict(DOCUMENT)
    operations = [result.ok() for result in schema.get_all_operations()]
    return {
        f"{operation.method} {operation.path}": sender(operation.method.upper(), operation.path, cases_of(operation))
        for operation in operations
    }


def page_senders(desk: SignedInDesk, lead_ids: list[str]) -> Mapping[str, Send]:
    """By name, what sends hostile and usual values to a page or form of the desk."""
    fields = values_by_field(desk)
    present = {"lead_id": lead_ids, "key": [upload_key(desk)], "name": ["calls", "quality"], "account_id": ["a1.ch"]}

    def sender(page: Page) -> Send:
        names = sorted(fields.of(page))

        def send(draw: Random) -> TestResponse:
            path = page.path
            for name in NAME.findall(path):
                value = draw.choice(present[name]) if draw.random() < 0.7 else draw.choice(IN_A_PATH)
                path = path.replace(f"{{{name}}}", quote(value, safe="", errors="replace"))
            chosen = draw.sample(names, draw.randint(0, len(names))) if names else []
            values = {
                name: draw.choice(HOSTILE_TEXTS).encode("utf-8", "replace").decode()
                if draw.random() < 0.4
                else draw.choice([*fields.of(page)[name], *lead_ids, "1"])
                for name in chosen
            }
            content = (draw.choice(HOSTILE_TEXTS).encode("utf-8", "replace") + b"\n") * draw.randint(0, 40)
            return desk.send(page.method, path, values, ("x.csv", content) if page.form is UploadForm else None)

        return send

    return {f"page {page.method} {page.path}": sender(page) for page in site.pages}


def resident_mb() -> float:
    """What of this process is in memory now, in MB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 1e6


class TracebackHandler(logging.Handler):
    """Keeps the tracebacks that are logged, and nothing else."""

    def __init__(self) -> None:
        super().__init__()
        self.tracebacks: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info:
            self.tracebacks.append(logging.Formatter().formatException(record.exc_info))


@contextmanager
def logged_tracebacks() -> Iterator[list[str]]:
    """The tracebacks that are logged within, as they come. Handlers of pytest would keep every line until the end."""
    root, handler = logging.getLogger(), TracebackHandler()
    handlers, root.handlers = root.handlers, [handler]
    try:
        yield handler.tracebacks
    finally:
        root.handlers = handlers


@dataclass
class MemorySamples:
    """What the process held after each twentieth of the requests."""

    megabytes: list[float] = field(default_factory=list)
    objects: list[int] = field(default_factory=list)

    def take(self) -> None:
        # An open DuckDB file holds up to 40 MB that its next checkpoint frees.
        duckdb_file._let_go_of_all()
        gc.collect()
        self.megabytes.append(resident_mb())
        self.objects.append(sys.getallocatedblocks())

    def growth_of(self, samples: Sequence[float]) -> float:
        """By how much the second half's median exceeds the first's, after the warm-up."""
        steady = samples[WARM_UP:]
        return median(steady[len(steady) // 2 :]) - median(steady[: len(steady) // 2])


@pytest.mark.slow
def test_no_500_no_traceback_and_memory_stays(desk: SignedInDesk, home: Path) -> None:
    lead_ids = lead_ids_of(desk)
    senders = {**json_operations(desk.functions, desk.cookie, lead_ids), **page_senders(desk, lead_ids)}
    draw, statuses, sent = Random(SEED), Counter[int](), Counter[str]()
    faults: list[str] = []
    memory = MemorySamples()
    # Each gets the same time, not the same number: a refusal takes a millisecond, a training seconds.
    queue = [(0.0, name) for name in senders]
    with logged_tracebacks() as tracebacks:
        for number in range(1, REQUESTS + 1):
            spent, name = heapq.heappop(queue)
            began = time.process_time()
            answer = senders[name](draw)
            heapq.heappush(queue, (spent + time.process_time() - began, name))
            statuses[answer.status_code] += 1
            sent[name] += 1
            faults_of_answer = faults_of(answer) if name.startswith("page ") else json_faults(answer)
            for fault in [*faults_of_answer, *tracebacks]:
                faults.append(f"{name}: {fault}")
                report(faults[-1], {})
            tracebacks.clear()
            if number % max(1, REQUESTS // SAMPLES) == 0:
                memory.take()
                figures = f"{memory.megabytes[-1]:.0f} MB, {memory.objects[-1]} objects"
                report(f"{number} requests, {len(faults)} faults, {figures}", statuses)
    report("by operation", sent)
    assert faults == []
    assert len(sent) == len(senders), sorted(set(senders) - set(sent))
    assert memory.growth_of(memory.megabytes) < MOST_GROWTH_MB, memory.megabytes
    assert [name for name in unnamed_files(home) if not name.startswith(("function_", "__pycache__"))] == []
    between_medians = REQUESTS * (1 - WARM_UP / SAMPLES) / 2
    assert memory.growth_of(memory.objects) < MOST_OBJECTS_PER_REQUEST * between_medians, memory.objects


def json_faults(answer: TestResponse) -> list[str]:
    """What is wrong with a function's answer; a redirect would mean that no function was reached."""
    wrong = answer.status_code in (301, 302, 307, 308, 500, 501, 502, 504) or "Traceback (most" in answer.text
    return [f"{answer.status_code} {answer.text[:300]}"] if wrong else []


def report(line: str, counts: Mapping[Any, int]) -> None:
    """Append to the file that LEADWERK_FUZZ_LOG names, if any."""
    if LOG:
        with Path(LOG).open("a", encoding="utf-8") as file:
            file.write(f"{line}; {dict(sorted(counts.items()))}\n")
