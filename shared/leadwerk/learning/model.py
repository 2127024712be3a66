"""A trained model as one value: what encodes, what predicts, what calibrates."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import xgboost as xgb
from numpy.typing import NDArray

from leadwerk.features.calibration import Calibration
from leadwerk.features.encode import Columns, Encoder
from leadwerk.features.linear import Linear
from leadwerk.stats.arrays import Floats

ModelKind = Literal["boosting", "logistic_regression"]
BOOSTER_FILE, LINEAR_FILE = "model.ubj", "model.json"


@dataclass(frozen=True)
class Model:
    """Columns → probability."""

    kind: ModelKind
    encoder: Encoder
    predictor: xgb.Booster | Linear
    calibration: Calibration

    @property
    def rounds(self) -> int:
        """Number of trees; 0 for a regression."""
        return 0 if isinstance(self.predictor, Linear) else int(self.predictor.num_boosted_rounds())

    def probability(self, columns: Columns) -> Floats:
        """Calibrated probability of each of n rows."""
        return self.calibration.probability(self.margin(self.encoder.matrix(columns)))

    def margin(self, matrix: NDArray[np.float32]) -> Floats:
        """Log-odds of each of n rows before calibration."""
        if isinstance(self.predictor, Linear):
            return self.predictor.margin(matrix)
        return np.asarray(self.predictor.inplace_predict(matrix, predict_type="margin"), dtype=np.float64)

    def contributions(self, columns: Columns) -> Floats:
        """(n, number of features) exact contributions to the calibrated log-odds, without the bias."""
        matrix = self.encoder.matrix(columns)
        if isinstance(self.predictor, Linear):
            by_column = self.predictor.contributions(matrix)[:, :-1]
        else:
            by_column = self.predictor.predict(xgb.DMatrix(matrix), pred_contribs=True)[:, :-1]
        starts = np.flatnonzero(np.r_[True, np.diff(self.encoder.owners()) != 0])
        return np.add.reduceat(by_column.astype(np.float64), starts, axis=1) * self.calibration.slope

    def files(self) -> dict[str, bytes]:
        """The files of a model version; nothing in them is executable."""
        name, data = (
            (LINEAR_FILE, self.predictor.to_json())
            if isinstance(self.predictor, Linear)
            else (BOOSTER_FILE, bytes(self.predictor.save_raw("ubj")))
        )
        return {name: data, "encoder.json": self.encoder.to_json(), "calibration.json": self.calibration.to_json()}


def from_files(files: Mapping[str, bytes]) -> Model:
    """The model that `Model.files` wrote; the registry has verified the hashes."""
    encoder = Encoder.from_json(files["encoder.json"])
    calibration = Calibration.from_json(files["calibration.json"])
    if LINEAR_FILE in files:
        return Model("logistic_regression", encoder, Linear.from_json(files[LINEAR_FILE]), calibration)
    booster = xgb.Booster()
    booster.load_model(bytearray(files[BOOSTER_FILE]))
    return Model("boosting", encoder, booster, calibration)


def libraries() -> dict[str, str]:
    """Versions of what computed the model."""
    build = {key: value for key, value in xgb.build_info().items() if key == "USE_OPENMP"}
    return {"numpy": np.__version__, "xgboost": xgb.__version__, "xgboost_build": json.dumps(build)}
