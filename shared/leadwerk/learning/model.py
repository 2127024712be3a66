"""A trained model as one value: what encodes, what predicts, what calibrates."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import xgboost as xgb
from numpy.typing import NDArray

from leadwerk.features.additive import Additive
from leadwerk.features.average import Average, Estimator, Forest
from leadwerk.features.calibration import Calibration
from leadwerk.features.encode import Columns, Encoder
from leadwerk.features.tree_shap import TreeShap
from leadwerk.stats.arrays import Floats

ModelKind = Literal["average", "boosting", "logistic_regression"]
MemberKind = Literal["logistic_regression", "boosting", "forest"]
BOOSTER_FILE, CURVES_FILE, FOREST_FILE = "model.ubj", "model.json", "forest.ubj"


@dataclass(frozen=True)
class Trees:
    """XGBoost's trees as an estimator: their raw prediction and its exact TreeSHAP values."""

    booster: xgb.Booster

    def margin(self, matrix: NDArray[np.float32]) -> Floats:
        """Raw prediction of n rows: log-odds, or a share where the trees are a forest."""
        return np.asarray(self.booster.inplace_predict(matrix, predict_type="margin"), dtype=np.float64)

    def contributions(self, matrix: NDArray[np.float32]) -> Floats:
        """(n, m + 1) contributions, the bias last."""
        return TreeShap.from_ubjson(bytes(self.booster.save_raw("ubj"))).contributions(matrix)


@dataclass(frozen=True)
class AverageModel:
    """The members of an average; those that would not help are None, the forest is always there."""

    curves: Additive | None
    boosted: xgb.Booster | None
    forest: xgb.Booster

    def estimator(self) -> Average:
        """All members as one estimator, in the order of their files' names."""
        members: list[Estimator] = [Forest(Trees(self.forest))]
        members += [] if self.curves is None else [self.curves]
        members += [] if self.boosted is None else [Trees(self.boosted)]
        return Average(tuple(members))

    def files(self) -> dict[str, bytes]:
        """Each member's file."""
        files = {FOREST_FILE: bytes(self.forest.save_raw("ubj"))}
        files |= {} if self.curves is None else {CURVES_FILE: self.curves.to_json()}
        return files | ({} if self.boosted is None else {BOOSTER_FILE: bytes(self.boosted.save_raw("ubj"))})


def estimator(predictor: xgb.Booster | Additive | AverageModel) -> Estimator:
    """What gives log-odds and contributions."""
    if isinstance(predictor, AverageModel):
        return predictor.estimator()
    return predictor if isinstance(predictor, Additive) else Trees(predictor)


@dataclass(frozen=True)
class Model:
    """Columns → probability."""

    kind: ModelKind
    encoder: Encoder
    predictor: xgb.Booster | Additive | AverageModel
    calibration: Calibration

    @property
    def rounds(self) -> int:
        """Number of trees; 0 for a regression or an average."""
        return int(self.predictor.num_boosted_rounds()) if isinstance(self.predictor, xgb.Booster) else 0

    def probability(self, columns: Columns) -> Floats:
        """Calibrated probability of each of n rows."""
        return self.calibration.probability(self.margin(self.encoder.matrix(columns)))

    def margin(self, matrix: NDArray[np.float32]) -> Floats:
        """Log-odds of each of n rows before calibration."""
        return np.asarray(estimator(self.predictor).margin(matrix), dtype=np.float64)

    def contributions(self, columns: Columns) -> Floats:
        """(n, number of features) exact contributions to the calibrated log-odds, without the bias."""
        matrix = self.encoder.matrix(columns)
        by_column = np.asarray(estimator(self.predictor).contributions(matrix), dtype=np.float64)[:, :-1]
        # A category has several columns of the matrix, side by side; their contributions are one feature's.
        starts = np.flatnonzero(np.r_[True, np.diff(self.encoder.owners()) != 0])
        return np.add.reduceat(by_column, starts, axis=1) * self.calibration.slope

    def files(self) -> dict[str, bytes]:
        """The files of a model version; nothing in them is executable."""
        predictors = self.predictor.files() if isinstance(self.predictor, AverageModel) else _files(self.predictor)
        return {**predictors, "encoder.json": self.encoder.to_json(), "calibration.json": self.calibration.to_json()}


def from_files(files: Mapping[str, bytes]) -> Model:
    """The model that `Model.files` wrote; the registry has verified the hashes."""
    encoder = Encoder.from_json(files["encoder.json"])
    calibration = Calibration.from_json(files["calibration.json"])
    curves = Additive.from_json(files[CURVES_FILE]) if CURVES_FILE in files else None
    boosted, forest = (_booster(files[name]) if name in files else None for name in (BOOSTER_FILE, FOREST_FILE))
    if forest is not None:
        return Model("average", encoder, AverageModel(curves, boosted, forest), calibration)
    if boosted is not None:
        return Model("boosting", encoder, boosted, calibration)
    return Model("logistic_regression", encoder, Additive.from_json(files[CURVES_FILE]), calibration)


def _booster(data: bytes) -> xgb.Booster:
    booster = xgb.Booster()
    # UBJSON is data and no pickle: loading a model never runs code that somebody put into the bucket.
    booster.load_model(bytearray(data))
    return booster


def _files(predictor: xgb.Booster | Additive) -> dict[str, bytes]:
    if isinstance(predictor, Additive):
        return {CURVES_FILE: predictor.to_json()}
    return {BOOSTER_FILE: bytes(predictor.save_raw("ubj"))}


def libraries() -> dict[str, str]:
    """Versions of what computed the model."""
    # OpenMP decides the order of sums, and so the last digits: recorded to explain a difference later.
    build = {key: value for key, value in xgb.build_info().items() if key == "USE_OPENMP"}
    return {"numpy": np.__version__, "xgboost": xgb.__version__, "xgboost_build": json.dumps(build)}
