"""Files: `import` and `score --csv` of 15 columns against the script anybody would write, each in a process of its own.

The script reads with pandas, makes dummies of the categories, predicts with XGBoost, and writes the file back. Times
are seconds of a processor, so that what else runs on the machine counts on neither side; memory is the largest that was
resident.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.figure import Figure

ROWS = 1_000_000
TRAINING_ROWS = 20_000
SIZES = (10_000, 100_000, ROWS)
NOW = ("--now", "2026-11-29T12:00:00Z")
# `os.wait4` counts kilobytes on Linux, bytes on macOS.
MEGABYTE = 1024
COLUMNS = ("--id", "Lead ID", "--outcome", "Status", "--positive", "Won", "--time", "Create Date")

_READ = """
import pandas as pd, sys
leads = pd.read_csv(sys.argv[1])
leads["Create Date"] = pd.to_datetime(leads["Create Date"])
for name in leads.columns[leads.nunique() < 100]:
    leads[name] = leads[name].astype("category")
"""
_TRAIN = """
import numpy as np, pandas as pd, sys, xgboost
leads = pd.read_csv(sys.argv[1])
matrix = pd.get_dummies(leads.drop(columns=["Lead ID", "Create Date", "Status"]), dtype=np.float32)
model = xgboost.XGBClassifier(n_estimators=100, max_depth=4).fit(matrix, leads.Status == "Won")
model.save_model(sys.argv[2])
"""
_SCORE = """
import numpy as np, pandas as pd, sys, xgboost
leads = pd.read_csv(sys.argv[1])
model = xgboost.XGBClassifier()
model.load_model(sys.argv[2])
matrix = pd.get_dummies(leads.drop(columns=["Lead ID", "Create Date", "Status"]), dtype=np.float32)
leads["probability"] = model.predict_proba(matrix.reindex(columns=model.get_booster().feature_names))[:, 1]
leads.to_csv(sys.argv[3], index=False)
"""


@dataclass(frozen=True)
class Process:
    """Seconds of a processor that a process took, and megabytes that it held at most."""

    seconds: float
    megabytes: float

    @classmethod
    def of(cls, *arguments: str) -> Process:
        """Run Python with these arguments.

        Raises:
            RuntimeError: it failed.
        """
        child = os.posix_spawn(
            sys.executable,
            [sys.executable, *arguments],
            os.environ,
            file_actions=[(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)],
        )
        _, status, usage = os.wait4(child, 0)
        if status:
            raise RuntimeError(f"{arguments[:3]} failed with {os.waitstatus_to_exitcode(status)}")
        return cls(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / MEGABYTE)


def leadwerk(*arguments: str) -> Process:
    """Run a command of the product as it is installed: without scikit-learn, which XGBoost imports where it is."""
    program = "import sys; sys.modules['sklearn'] = None; from leadwerk.cli import main; main()"
    return Process.of("-c", program, *arguments, *NOW, "--json")


def run() -> Iterator[Figure]:
    """Figures of one run: both sides on the same files, one after the other."""
    with tempfile.TemporaryDirectory(prefix="leadwerk-files-") as name:
        folder = Path(name)
        files = {rows: write_leads(folder / f"{rows}.csv", rows) for rows in SIZES}
        training = write_leads(folder / "training.csv", TRAINING_ROWS, seed=2)
        yield from _scoring(folder, training, files)
        yield from _importing(folder, files)


def _scoring(folder: Path, training: Path, files: dict[int, Path]) -> Iterator[Figure]:
    home = ("--home", str(folder / "home"))
    leadwerk("import", str(training), *COLUMNS, *home)
    leadwerk("retrain", *home)
    model = str(folder / "model.json")
    Process.of("-c", _TRAIN, str(training), model)
    ours = {
        rows: leadwerk("score", "--csv", str(file), "--out", str(folder / "scored.csv"), *home)
        for rows, file in files.items()
    }
    script = Process.of("-c", _SCORE, str(files[ROWS]), model, str(folder / "script.csv"))
    yield from _figures("score --csv", ours, script, "≤ 2", "≤ 1,000")


def _importing(folder: Path, files: dict[int, Path]) -> Iterator[Figure]:
    ours = {
        rows: leadwerk("import", str(file), *COLUMNS, "--home", str(folder / f"home{rows}"))
        for rows, file in files.items()
    }
    script = Process.of("-c", _READ, str(files[ROWS]))
    yield from _figures("import", ours, script, "≤ 2", "flat")


def _figures(
    what: str, ours: dict[int, Process], script: Process, most_times: str, most_memory: str
) -> Iterator[Figure]:
    names: Sequence[tuple[str, float, str, str]] = (
        (f"{what}, {ROWS:,} rows, against the script", ours[ROWS].seconds / script.seconds, "×", most_times),
        (f"{what}, {ROWS:,} rows", ours[ROWS].seconds, "s", ""),
        (f"the script's {what}, {ROWS:,} rows", script.seconds, "s", ""),
        (f"{what}, {ROWS:,} rows, memory", ours[ROWS].megabytes, "MB", most_memory),
        *((f"{what}, {rows:,} rows", ours[rows].seconds, "s", "") for rows in SIZES[:-1]),
        (f"{what}, {SIZES[1]:,} rows, memory", ours[SIZES[1]].megabytes, "MB", ""),
    )
    for name, value, unit, target in names:
        yield Figure.of(name, [value], unit=unit, target=target)


def write_leads(path: Path, rows: int, seed: int = 1) -> Path:
    """A CRM's export of 15 columns, in which a few columns say what becomes of a lead."""
    random = np.random.default_rng(seed)
    created = pd.Timestamp("2022-01-01") + pd.to_timedelta(
        np.sort(random.integers(0, 3 * 365 * 86_400, rows)), unit="s"
    )
    signal = random.normal(size=rows)
    leads = pd.DataFrame(
        {
            "Lead ID": [f"L{seed}-{number}" for number in range(rows)],
            "Create Date": created.strftime("%Y-%m-%d %H:%M:%S"),
            "Source": random.choice(["Google", "Facebook", "Referral", "Direct", "Event", "Partner"], rows),
            "Industry": random.choice([f"Industry {number}" for number in range(25)], rows),
            "Country": random.choice(["CH", "DE", "AT", "FR", "IT"], rows),
            "Employees": random.integers(1, 5_000, rows),
            "Revenue": random.lognormal(12, 1, rows).round(2),
            "Visits": random.integers(0, 80, rows),
            "Minutes": random.gamma(2, 5, rows).round(1),
            "Opened": random.choice(["Yes", "No"], rows),
            "Device": random.choice(["mobile", "desktop", "tablet"], rows),
            "Budget": np.where(random.random(rows) < 0.2, np.nan, random.lognormal(9, 1, rows).round(0)),
            "Campaign": random.choice([f"C{number}" for number in range(60)], rows),
            "Score": signal.round(4),
        }
    )
    log_odds = signal - 1.5 + 0.6 * (leads.Source == "Referral") + 0.5 * (leads.Opened == "Yes")
    leads["Status"] = np.where(random.random(rows) < 1 / (1 + np.exp(-log_odds)), "Won", "Lost")
    leads.to_csv(path, index=False)
    return path
