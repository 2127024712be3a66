"""The command line in tests: their markets lie in days of their own, as in a simulation."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def simulation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADWERK_SIMULATION", "1")
