"""`python -m benchmarks.quality [FILE --outcome COL …]`: AUC of each contender, at random and out of time, as Markdown.

Protocol. Random: three splits, four fifths train, one fifth tests. Out of time: train on the first 60 and 80 % of the
rows in the order of time, test on the next fifth. Equal columns for all; nobody sees the test rows. Differences have a
paired interval of 95 %, leads drawn. Where the gate found no usable signal nothing would serve, so nothing is compared.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.quality.datasets import Dataset, from_csv, made_up, public
from benchmarks.quality.models import OTHERS, ours
from leadwerk.stats import metrics
from leadwerk.stats.bootstrap import resample

TEST_SHARE = 0.2
SEEDS = (0, 1, 2)
ORIGINS = (0.6, 0.8)
INTERVAL = (0.025, 0.975)


def splits(rows: int) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Name of the protocol, training and test positions."""
    for seed in SEEDS:
        order = np.random.default_rng(seed).permutation(rows)
        cut = int(rows * (1 - TEST_SHARE))
        yield "random", order[:cut], order[cut:]
    for origin in ORIGINS:
        yield "out of time", np.arange(int(rows * origin)), np.arange(int(rows * origin), int(rows * (origin + 0.2)))


@dataclass(frozen=True)
class Trial:
    """A split: its test rows, probabilities of them by each contender (ours first), and what our gate said."""

    test: np.ndarray
    scores: list[np.ndarray]
    has_signal: bool


def measure(data: Dataset) -> dict[str, list[Trial]]:
    """The trials of each protocol."""
    trials: dict[str, list[Trial]] = {}
    for protocol, train, test in splits(len(data.converted)):
        rows, unseen, labels = data.frame.iloc[train], data.frame.iloc[test], data.converted[train]
        own, has_signal = ours(rows, labels, unseen)
        scores = [own, *(predict(rows, labels, unseen) for predict in OTHERS.values())]
        trials.setdefault(protocol, []).append(Trial(test, scores, has_signal))
    return trials


def areas(converted: np.ndarray, trials: list[Trial], weights: np.ndarray | None = None) -> np.ndarray:
    """Mean area under the curve of each contender; with (b, n) weights of all rows (b, k), else (k,)."""
    of_trials = [
        [
            metrics.auc(converted[trial.test], score, None if weights is None else weights[:, trial.test])
            for score in trial.scores
        ]
        for trial in trials
    ]
    return np.asarray(np.mean(of_trials, axis=0).T)


def lead(converted: np.ndarray, trials: list[Trial], rival: int) -> str:
    """Ours less the rival's, and the interval; rows are drawn once for all splits, which share test rows."""
    value = areas(converted, trials)
    drawn = [areas(converted, trials, weights) for weights in resample(np.arange(len(converted)), seed=1)]
    gaps = np.concatenate([part[:, 0] - part[:, rival] for part in drawn])
    low, high = np.quantile(gaps, INTERVAL)
    return f"{value[0] - value[rival]:+.4f} ({low:+.4f} to {high:+.4f})"


def table(datasets: Iterator[Dataset]) -> Iterator[str]:
    """Lines of the table, one a set and protocol: areas, and by how much ours leads the best and the regression."""
    yield f"| data | protocol | rows | converted | ours | {' | '.join(OTHERS)} | to the best | to the regression |"
    yield f"|---|---|---|---|---|{'---|' * (len(OTHERS) + 2)}"
    for data in datasets:
        for protocol, trials in measure(data).items():
            yield _line(data, protocol, trials)


def _line(data: Dataset, protocol: str, trials: list[Trial]) -> str:
    mean = areas(data.converted, trials)
    name = f"{data.name} ({data.note})" if data.note else data.name
    silent = sum(not trial.has_signal for trial in trials)
    cells = [f"{value:.4f}" for value in mean]
    if silent > len(trials) / 2:
        cells[0], leads = f"no usable signal ({silent} of {len(trials)} splits)", ["–", "–"]
    else:
        regression = 1 + list(OTHERS).index("logistic regression")
        leads = [lead(data.converted, trials, rival) for rival in (1 + int(np.argmax(mean[1:])), regression)]
    row = [name, protocol, f"{len(data.converted):,}", f"{data.converted.mean():.1%}", *cells, *leads]
    return f"| {' | '.join(row)} |"


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
