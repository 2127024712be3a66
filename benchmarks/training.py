"""Training: `retrain` on 100,000 leads of a file against the script anybody would write, on two files of 15 columns.

The script reads with pandas, makes dummies of the categories and fits XGBoost with early stopping: no search, no folds,
no test out of time, no gate. In one file effects are straight lines, and the regression wins; in the other they bend
and depend on each other, and the average of models wins. Times are seconds of a processor; the script runs with one
thread, and with XGBoost's default, all cores, whose threads count while they wait for each other.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.figure import Figure
from benchmarks.files import COLUMNS, Process, leadwerk, write_leads

ROWS = 100_000
THREADS = {"in one thread": "1", "with its default threads": "0"}
REPEATS = int(os.environ.get("TRAINING_REPEATS", "3"))
_SCRIPT = """
import numpy as np, pandas as pd, sys, xgboost
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split
leads = pd.read_csv(sys.argv[1])
won = leads.Status == "Won"
matrix = pd.get_dummies(leads.drop(columns=["Lead ID", "Create Date", "Status"]), dtype=np.float32)
train, test, won_train, won_test = train_test_split(matrix, won, test_size=0.2, random_state=1)
train, stop, won_train, won_stop = train_test_split(train, won_train, test_size=0.2, random_state=1)
options = {"max_depth": 5, "early_stopping_rounds": 50, "n_jobs": int(sys.argv[3]) or None}
model = xgboost.XGBClassifier(n_estimators=1000, learning_rate=0.1, **options)
model.fit(train, won_train, eval_set=[(stop, won_stop)], verbose=False)
print(roc_auc_score(won_test, model.predict_proba(test)[:, 1]))
model.save_model(sys.argv[2])
"""


def run() -> Iterator[Figure]:
    """Figures of one run: both sides on the same files, one after the other."""
    with tempfile.TemporaryDirectory(prefix="leadwerk-training-") as name:
        for effects, write in FILES.items():
            folder = Path(name) / effects
            folder.mkdir()
            yield from _compared(effects, write(folder / "leads.csv", ROWS), folder)


def write_bent_leads(path: Path, rows: int) -> Path:
    """The same columns, but what becomes of a lead depends on steps, waves and pairs of columns."""
    write_leads(path, rows)
    leads = pd.read_csv(path)
    signal, visits, minutes = (leads[name].to_numpy() for name in ("Score", "Visits", "Minutes"))
    log_odds = (
        -2.0
        + 1.2 * ((signal > 0.3) & (visits > 30))
        + 0.9 * np.sin(2 * signal) * (leads.Opened == "Yes")
        + 0.8 * ((minutes > 8) & (leads.Source == "Referral"))
        + 0.7 * ((leads.Country == "CH") & (visits < 20))
        + 0.5 * signal * (leads.Device == "mobile")
    )
    has_won = np.random.default_rng(5).random(rows) < 1 / (1 + np.exp(-log_odds))
    leads["Status"] = np.where(has_won, "Won", "Lost")
    leads.to_csv(path, index=False)
    return path


FILES: dict[str, Callable[[Path, int], Path]] = {"straight": write_leads, "bent": write_bent_leads}


def _compared(effects: str, file: Path, folder: Path) -> Iterator[Figure]:
    leadwerk("import", str(file), *COLUMNS, "--home", str(folder / "imported"))
    ours: list[Process] = []
    scripts: dict[str, list[Process]] = {name: [] for name in THREADS}
    for number in range(REPEATS):
        home = shutil.copytree(folder / "imported", folder / f"home{number}")
        for name, count in THREADS.items():
            scripts[name].append(Process.of("-c", _SCRIPT, str(file), str(folder / "model.json"), count))
        ours.append(leadwerk("retrain", "--home", str(home)))
    what = f"retrain, {ROWS:,} leads, {effects} effects"
    for name, runs in scripts.items():
        script = float(np.median([process.seconds for process in runs]))
        times = [process.seconds / script for process in ours]
        yield Figure.of(f"{what}, against the script {name}", times, unit="×", target="≤ 2.5")
        yield Figure.of(f"the script {name}, {effects} effects", [run.seconds for run in runs], unit="s", target="")
    yield Figure.of(what, [process.seconds for process in ours], unit="s", target="")
    yield Figure.of(f"{what}, memory", [process.megabytes for process in ours], unit="MB", target="")
