"""Where a market is kept: HOME/market, apart from the warehouse, because the product must not see the truth.

| file          | what                                                        |
|---------------|-------------------------------------------------------------|
| market.json   | start, days, leads, seed, shock day                         |
| cases.sqlite  | the CRM: leads, their changes, and what is patched in       |
| truth.npz     | what `true_probability` and `savings` reckon with           |
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from leadwerk.errors import ConfigurationError
from leadwerk.private_files import private_folder
from leadwerk.simulation.calendar import Calendar
from leadwerk.texts.message import Message

FOLDER, MARKET, TRUTH = "market", "market.json", "truth.npz"


class SimulatedMarket(msgspec.Struct, frozen=True):
    """The arguments a market was made with."""

    start: date
    days: int
    leads: int
    seed: int
    shock_day: int | None

    @property
    def calendar(self) -> Calendar:
        return Calendar.of(self.start, self.days)


def folder(home: Path) -> Path:
    """HOME/market.

    Raises:
        ConfigurationError: no market was simulated there.
    """
    market = Path(home) / FOLDER
    if not (market / MARKET).is_file():
        raise ConfigurationError(Message("refusal.simulate.none", folder=market))
    return market


def emptied(home: Path) -> Path:
    """HOME/market as a new, empty folder."""
    market = Path(home) / FOLDER
    # A market is one piece: truth of one run beside the cases of another would be wrong without a sign of it.
    shutil.rmtree(market, ignore_errors=True)
    private_folder(market)
    return market


def write_market(folder: Path, market: SimulatedMarket) -> None:
    (folder / MARKET).write_bytes(msgspec.json.encode(market))


def read_market(home: Path) -> SimulatedMarket:
    """How the market in `home` was made."""
    return msgspec.json.decode((folder(home) / MARKET).read_bytes(), type=SimulatedMarket)


def write_truth(folder: Path, arrays: Mapping[str, NDArray[np.generic]]) -> None:
    np.savez(folder / TRUTH, **arrays)  # type: ignore[arg-type]


def read_truth(home: Path) -> dict[str, NDArray[np.generic]]:
    """The arrays of `generate.truth_arrays`."""
    with np.load(folder(home) / TRUTH) as stored:
        return {name: stored[name] for name in stored.files}
