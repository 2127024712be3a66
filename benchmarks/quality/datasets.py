"""Data of the quality benchmark: public sets beside the repository, made-up sets with a trap, and a user's CSV."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

DATA = Path(__file__).parents[3] / "shared" / "data"
# Filled in by sales when the outcome was near: not known when a lead is scored.
LATE = (
    *("Tags", "Lead Quality", "Lead Profile"),
    *(f"Asymmetrique {name}" for name in ("Activity Index", "Profile Index", "Activity Score", "Profile Score")),
)
ROWS = 6000


@dataclass(frozen=True)
class Dataset:
    """A table in the order of time, and whether each row converted; `note` is the trap in it."""

    name: str
    frame: pd.DataFrame
    converted: np.ndarray
    note: str = ""


def from_csv(
    path: Path, outcome: str, *, positive: str | None = None, order: str | None = None, exclude: Sequence[str] = ()
) -> Dataset:
    """A file with one lead a row; sorted by the column `order`, else in the file's order."""
    frame = pd.read_csv(path)
    if order is not None:
        frame = frame.sort_values(order, kind="stable", ignore_index=True)
    value = frame[outcome]
    converted = (value.astype(str) == positive) if positive is not None else value.astype(float) > 0
    left_out = [outcome, *([order] if order else []), *exclude]
    return Dataset(path.stem, frame.drop(columns=left_out), converted.to_numpy(dtype=bool))


def public() -> Iterator[Dataset]:
    """The public sets that are there."""
    education = DATA / "x-education-leads" / "leads_first_80_percent.csv"
    shoppers = DATA / "online-shoppers" / "online_shoppers_intention.csv"
    if education.exists():
        yield from_csv(education, "Converted", order="Lead Number", exclude=("Prospect ID", *LATE))
    if shoppers.exists():
        yield from_csv(shoppers, "Revenue")


def made_up(seed: int = 1) -> Iterator[Dataset]:
    """A base rate that trebles, effects that are straight lines, and pure noise."""
    random = np.random.default_rng(seed)
    numbers = random.normal(size=(ROWS, 8))
    columns = {f"number_{k}": numbers[:, k] for k in range(8)}
    running_number = np.arange(ROWS)
    source = np.array(["web", "fair", "call", "partner"], dtype=object)[random.integers(0, 4, ROWS)]
    frame = pd.DataFrame({**columns, "running_number": running_number, "source": source})
    skill = numbers[:, :4] @ np.array([0.8, 0.5, -0.4, 0.3]) + 0.5 * (source == "partner")
    level = np.where(np.arange(ROWS) > ROWS * 0.75, np.log(0.36 / 0.64), np.log(0.12 / 0.88))
    for name, log_odds, note in (
        ("straight lines", skill - 1.5, ""),
        ("base rate trebles", skill + level, "after three quarters of the time"),
        ("pure noise", np.full(ROWS, -1.5), "there is nothing to find: AUC .5"),
    ):
        yield Dataset(name, frame, random.random(ROWS) < 1 / (1 + np.exp(-log_odds)), note)
