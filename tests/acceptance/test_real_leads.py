"""Real leads from public files through the command line: import, retrain, score what was not seen.

The data are not ours and not in this repository; where they are not beside it, these tests are skipped.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from sklearn.metrics import roc_auc_score

from leadwerk.cli.application import run
from leadwerk.importing.table import read_table
from leadwerk.importing.written_file import write_table

DATA = Path(__file__).parents[3] / "shared" / "data"
EDUCATION = DATA / "x-education-leads" / "leads_first_80_percent.csv"
SHOPPERS = DATA / "online-shoppers" / "online_shoppers_intention.csv"
# Filled in by sales when the outcome was near: not known when a lead is scored.
LATE = ["Tags", "Lead Quality", "Lead Profile"] + [
    f"Asymmetrique {what}" for what in ("Activity Index", "Profile Index", "Activity Score", "Profile Score")
]
REQUIRED_AUC = 0.92
FOLDS = 5

pytestmark = pytest.mark.slow


def rows_of(path: Path) -> tuple[list[str], list[list[str]]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        header, *rows = csv.reader(file)
    return header, rows


def scored(
    folder: Path,
    header: Sequence[str],
    train: Sequence[Sequence[Any]],
    test: Sequence[Sequence[Any]],
    options: list[str],
) -> list[float]:
    """Probabilities of `test` from a model that was imported and trained from `train`, in the order of `test`."""
    write_table(folder / "train.csv", header, train)
    write_table(folder / "test.csv", header, test)
    home = ["--home", str(folder / "home")]
    assert run(["import", str(folder / "train.csv"), *options, *home, "--json"]) == 0
    assert run(["retrain", *home, "--json"]) == 0
    out = folder / "scored.csv"
    assert run(["score", "--csv", str(folder / "test.csv"), "--out", str(out), *home, "--json"]) == 0
    return [float(value) for value in read_table(out).values("probability")]


@pytest.mark.skipif(not EDUCATION.exists(), reason=f"public data are not here: {EDUCATION.name}")
def test_the_newest_fifth_of_real_leads_is_ranked_as_well_as_gradient_boosting_can(tmp_path: Path) -> None:
    header, rows = rows_of(EDUCATION)
    number, converted = header.index("Lead Number"), header.index("Converted")
    rows.sort(key=lambda row: int(row[number]))
    cut = len(rows) * 4 // 5
    options = ["--id", "Lead Number", "--outcome", "Converted", *(o for name in LATE for o in ("--exclude", name))]
    probabilities = scored(tmp_path, header, rows[:cut], rows[cut:], options)
    assert roc_auc_score([int(row[converted]) for row in rows[cut:]], probabilities) >= REQUIRED_AUC


@pytest.mark.skipif(not SHOPPERS.exists(), reason=f"public data are not here: {SHOPPERS.name}")
def test_sessions_of_a_shop_in_five_folds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    header, rows = rows_of(SHOPPERS)
    numbered = [[str(n), *row] for n, row in enumerate(rows)]
    aucs: list[float] = []
    for fold in range(FOLDS):
        folder = tmp_path / str(fold)
        test = numbered[fold::FOLDS]
        train = [row for n, row in enumerate(numbered) if n % FOLDS != fold]
        probabilities = scored(folder, ["session", *header], train, test, ["--id", "session", "--outcome", "Revenue"])
        capsys.readouterr()
        aucs.append(roc_auc_score([row[-1] == "TRUE" for row in test], probabilities))
    print(json.dumps([round(auc, 4) for auc in aucs]))
    assert sum(aucs) / FOLDS >= REQUIRED_AUC
