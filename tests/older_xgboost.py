"""XGBoost 1.5.1, the one that BigQuery ML loads imported models with, in an environment of its own."""

from __future__ import annotations

import functools
import hashlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from terraform.bundle import clean, install

# setuptools, because that version asks pkg_resources for its own.
PINS = "xgboost==1.5.1\nnumpy==1.23.5\nscipy==1.10.1\nsetuptools==68.2.2\n"

PREDICT = """
import sys, warnings
warnings.simplefilter("ignore")
import numpy, xgboost
model, given, missing, predicted = sys.argv[1:]
assert xgboost.__version__ == "1.5.1"
booster = xgboost.Booster()
booster.load_model(model)
names = {"feature_names": booster.feature_names, "feature_types": booster.feature_types}
rows = xgboost.DMatrix(numpy.load(given), missing=float(missing), **names)
numpy.save(predicted, booster.predict(rows))
"""


class Refused(Exception):
    """That version does not load the file; its own message."""


def predicted(file: bytes, matrix: npt.NDArray[np.float32], *, missing: float = np.nan) -> npt.NDArray[np.float32]:
    """What that version's predict method says, (n,), of rows in the order of the file's feature names.

    Raises:
        Refused: it cannot load the file.
    """
    with tempfile.TemporaryDirectory() as folder:
        model, given, answer = (Path(folder, name) for name in ("model.json", "given.npy", "answer.npy"))
        model.write_bytes(file)
        np.save(given, matrix)
        command = [str(_interpreter()), "-c", PREDICT, *map(str, (model, given, missing, answer))]
        done = subprocess.run(command, env=clean({}), capture_output=True, text=True, timeout=120)
        if done.returncode:
            raise Refused(done.stderr)
        return np.asarray(np.load(answer))


@functools.cache
def _interpreter() -> Path:
    """Installed once a machine; skips the test where that is not possible."""
    mark = hashlib.sha256(f"{PINS}{sys.version}".encode()).hexdigest()[:12]
    kept = Path(tempfile.gettempdir()) / f"leadwerk-xgboost-1.5.1-{mark}"
    if not kept.exists():
        draft = Path(tempfile.mkdtemp(prefix="leadwerk-xgboost-"))
        (draft / "requirements.txt").write_text(PINS)
        try:
            install(draft / "requirements.txt", draft / "environment")
        except (AssertionError, subprocess.TimeoutExpired) as error:
            shutil.rmtree(draft)
            pytest.skip(f"XGBoost 1.5.1 cannot be installed here: {error}")
        _keep(draft, kept)
    return kept / "environment" / "bin" / "python"


def _keep(draft: Path, kept: Path) -> None:
    try:
        draft.rename(kept)
    except OSError:  # another process was first
        shutil.rmtree(draft)
