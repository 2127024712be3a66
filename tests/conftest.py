"""Which examples the property tests draw: the same at every run, so that a failure is always one of the change at hand.

`make test` draws a few, `make test-all` all of them. `make test-new-examples` draws others; what it finds is mended and
stays as an `@example`.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator

import pytest
from hypothesis import settings

from support.examples import ALL
from support.secret_watch import leaks

settings.register_profile("few_examples", derandomize=True, max_examples=12, deadline=None)
settings.register_profile("all_examples", derandomize=True, max_examples=ALL, deadline=None)
settings.register_profile("new_examples", derandomize=False, max_examples=ALL, deadline=None, print_blob=True)
settings.load_profile("few_examples")
# The command line answers in the terminal's language: here in English, on every machine.
os.environ["LC_ALL"] = "C.UTF-8"


@pytest.fixture(autouse=True)
def _files_end_with_their_test() -> Iterator[None]:
    yield
    if homes := sys.modules.get("support.homes"):  # most tests open no file, and import nothing for it
        homes.close_files()


@pytest.fixture(autouse=True)
def _no_secret_is_logged(request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Whatever a test is about: its log records, and the logs of processes that it started, hold no secret."""
    yield
    home = getattr(request.node, "funcargs", {}).get("tmp_path")
    logs = (home / "logs").glob("*.log") if home else ()
    assert leaks([*caplog.get_records("setup"), *caplog.get_records("call")], logs) == []


def pytest_sessionfinish() -> None:
    if homes := sys.modules.get("support.homes"):
        homes.close_files()
        homes.end_watches()


def pytest_collection_finish() -> None:
    """What is imported by now stays: to walk it all at each collection costs an eighth of the suite's time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
