"""The command line in tests: their markets lie in days of their own, as in a simulation."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def simulation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADWERK_SIMULATION", "1")
    # Answers are in the language of the terminal: here, in English on every machine.
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
