"""One small market for all tests that only read it."""

from __future__ import annotations

import pytest

from leadwerk import simulation

DAYS, LEADS = 40, 900


@pytest.fixture(scope="session")
def simulated(tmp_path_factory):
    home = tmp_path_factory.mktemp("market")
    return home, simulation.simulate(home, days=DAYS, leads=LEADS, seed=3)


@pytest.fixture
def home(simulated):
    return simulated[0]
