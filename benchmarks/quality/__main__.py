"""`python -m benchmarks.quality [FILE --outcome COL …]`: AUC of each contender, at random and out of time, as Markdown.

Protocol. Random: three splits, four fifths train, one fifth tests. Out of time: train on the first 60 and 80 % of the
rows in the order of time, test on the next fifth. Equal columns for all; nobody sees the test rows.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.quality.datasets import Dataset, from_csv, made_up, public
from benchmarks.quality.models import CONTENDERS
from leadwerk.stats import metrics

TEST_SHARE = 0.2
SEEDS = (0, 1, 2)
ORIGINS = (0.6, 0.8)


def splits(rows: int) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Name of the protocol, training and test positions."""
    for seed in SEEDS:
        order = np.random.default_rng(seed).permutation(rows)
        cut = int(rows * (1 - TEST_SHARE))
        yield "random", order[:cut], order[cut:]
    for origin in ORIGINS:
        yield "out of time", np.arange(int(rows * origin)), np.arange(int(rows * origin), int(rows * (origin + 0.2)))


def measure(data: Dataset) -> dict[str, list[tuple[float, ...]]]:
    """By protocol, for each split the contenders' areas under the curve."""
    areas: dict[str, list[tuple[float, ...]]] = {}
    for protocol, train, test in splits(len(data.converted)):
        rows, unseen, labels = data.frame.iloc[train], data.frame.iloc[test], data.converted[train]
        scores = (predict(rows, labels, unseen) for predict in CONTENDERS.values())
        areas.setdefault(protocol, []).append(tuple(metrics.auc(data.converted[test], score) for score in scores))
    return areas


def table(datasets: Iterator[Dataset]) -> Iterator[str]:
    """Lines of the table, one a set and protocol; `lead`: ours less the best of the others, mean over the splits."""
    yield f"| data | protocol | rows | converted | {' | '.join(CONTENDERS)} | lead |"
    yield f"|---|---|---|---|{'---|' * (len(CONTENDERS) + 1)}"
    for data in datasets:
        for protocol, areas in measure(data).items():
            mean = np.mean(areas, axis=0)
            cells = " | ".join(f"{value:.4f}" for value in mean)
            name = f"{data.name} ({data.note})" if data.note else data.name
            lead = f"{mean[0] - mean[1:].max():+.4f}"
            yield f"| {name} | {protocol} | {len(data.converted):,} | {data.converted.mean():.1%} | {cells} | {lead} |"


def main(arguments: list[str]) -> None:
    """Measure the named file, or the public and made-up sets."""
    parser = argparse.ArgumentParser(prog="make bench-quality")
    parser.add_argument("file", nargs="?", type=Path, help="a CSV with one lead a row")
    parser.add_argument("--outcome", help="column with the outcome")
    parser.add_argument("--positive", help="its value for a success; else a number above 0")
    parser.add_argument("--order", help="column that orders the leads in time; else the file's order")
    parser.add_argument("--exclude", action="append", default=[], help="column not to learn from; repeatable")
    options = parser.parse_args(arguments)
    if options.file and not options.outcome:
        parser.error("--outcome names the column with the outcome")
    if options.file:
        named = from_csv(
            options.file,
            options.outcome,
            positive=options.positive,
            order=options.order,
            exclude=options.exclude,
        )
        datasets = iter([named])
    else:
        datasets = (data for sets in (public(), made_up()) for data in sets)
    for line in table(datasets):
        sys.stdout.write(line + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
