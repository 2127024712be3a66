"""Processes that train: linear algebra has one thread in them, because the fits have threads of their own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

COUNT = """
from threadpoolctl import threadpool_info
print({library["num_threads"] for library in threadpool_info() if library["internal_api"] == "openblas"})
"""
RETRAIN = Path(__file__).parents[2] / "functions" / "retrain" / "main.py"
STARTS = {
    "command line": "from leadwerk.cli.application import run; import numpy",
    "function": f"import runpy; runpy.run_path({str(RETRAIN)!r})",
}


def threads_of_linear_algebra(start, **settings):
    environment = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"}
    command = [sys.executable, "-c", f"{start}\n{COUNT}"]
    answer = subprocess.run(command, env=environment | settings, capture_output=True, text=True, check=True)
    return answer.stdout.strip()


@pytest.mark.slow
@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="one core has one thread anyway")
@pytest.mark.parametrize("start", STARTS.values(), ids=STARTS)
def test_linear_algebra_has_one_thread_unless_the_environment_says_otherwise(start):
    assert threads_of_linear_algebra(start) == "{1}"
    assert threads_of_linear_algebra(start, OPENBLAS_NUM_THREADS="2") == "{2}"
