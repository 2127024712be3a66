"""The scorer: a model version of the registry, checked against this policy's feature contract and ready to predict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from leadwerk.errors import ContractMismatch, CorruptModel
from leadwerk.features.calibration import Calibration, predictive_score
from leadwerk.features.contract import Feature, contract, contract_hash
from leadwerk.features.encode import Encoder
from leadwerk.features.linear import Linear
from leadwerk.scoring.booster import Booster
from leadwerk.scoring.explain import sum_columns

if TYPE_CHECKING:
    from leadwerk.policy.model import Policy
    from leadwerk.registry.manifest import ModelFiles

Matrix = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


class Estimator(Protocol):
    """What gives log-odds and their exact attribution: trees, or a logistic regression where data are few."""

    def margin(self, matrix: Matrix) -> npt.NDArray[Any]:
        """Log-odds before calibration, (n,)."""

    def contributions(self, matrix: Matrix) -> npt.NDArray[Any]:
        """Contributions to the log-odds, (n, m + 1), the bias last."""


@dataclass(frozen=True)
class Predictions:
    """Calibrated probability within the horizon, float64 (n,), and predictive score 0–100, int64 (n,)."""

    probability: Floats
    predictive_score: Integers


@dataclass(frozen=True)
class Scorer:
    """A model version that may score; immutable, and safe to share between threads."""

    version: str
    base_rate: float
    features: tuple[Feature, ...] = field(repr=False)
    encoder: Encoder = field(repr=False)
    calibration: Calibration
    estimator: Estimator = field(repr=False)

    @classmethod
    def load(cls, files: ModelFiles, policy: Policy, *, threads: int = 0) -> Scorer:
        """The scorer in the files of a model version; `threads` as in `Booster`.

        Raises:
            ContractMismatch: the model was trained on other features than this policy yields.
            CorruptModel: a file cannot be read, or the files do not belong together.
        """
        features = contract(policy)
        if files.manifest.contract_hash != contract_hash(features):
            raise _mismatch(files, policy)
        encoder = Encoder.from_json(_file(files, "encoder.json"))
        return cls(
            version=files.version,
            base_rate=files.manifest.base_rate,
            features=features,
            encoder=encoder,
            calibration=Calibration.from_json(_file(files, "calibration.json")),
            estimator=_estimator(files, len(encoder.names), threads),
        )

    def encode(self, rows: Sequence[Mapping[str, Any]]) -> Matrix:
        """The float32 (n, m) matrix of rows of `lead_features`; a feature that is not there is missing."""
        return self.encoder.matrix_of_rows(rows)

    def predict(self, matrix: Matrix) -> Predictions:
        """Probability and predictive score of n encoded rows."""
        probability = self.calibration.probability(np.asarray(self.estimator.margin(matrix), dtype=np.float64))
        score = np.floor(predictive_score(probability, self.base_rate) + 0.5)
        return Predictions(probability, score.astype(np.int64))

    def contributions(self, matrix: Matrix) -> Floats:
        """Contributions of the k features to the calibrated log-odds, (n, k + 1), the bias last.

        Calibration is affine in log-odds, so a row still sums exactly: to log(p / (1 − p)) of its probability p, short
        of the bounds within which probabilities are kept.
        """
        columns = self.estimator.contributions(matrix)
        per_feature = sum_columns(columns[:, :-1], self.encoder.owners(), len(self.encoder.features))
        bias = self.calibration.slope * np.asarray(columns[:, -1:], dtype=np.float64) + self.calibration.intercept
        return np.hstack([self.calibration.slope * per_feature, bias])


def _estimator(files: ModelFiles, columns: int, threads: int) -> Estimator:
    if files.manifest.kind == "logistic_regression":
        linear = Linear.from_json(_file(files, "model.json"))
        _check_width(files, len(linear.weights), columns)
        return linear
    booster = Booster(_file(files, "model.ubj"), threads=threads)
    _check_width(files, booster.features, columns)
    return booster


def _file(files: ModelFiles, name: str) -> bytes:
    if name not in files.files:
        raise CorruptModel(f"Model {files.version} has no {name}.", remedy="Promote another version.")
    return files.files[name]


def _check_width(files: ModelFiles, trained: int, encoded: int) -> None:
    if trained != encoded:
        raise CorruptModel(
            f"Model {files.version} was trained on {trained} columns, but its encoder makes {encoded}.",
            remedy="Promote another version: `leadwerk models promote VERSION`.",
        )


def _mismatch(files: ModelFiles, policy: Policy) -> ContractMismatch:
    trained = files.manifest
    return ContractMismatch(
        f"Model {files.version} was trained on the features of policy {trained.policy_name} {trained.policy_version}, "
        f"which are not those of the present policy {policy.name} {policy.version}.",
        remedy="Run `leadwerk retrain` under the present policy, or go back to the policy of the model.",
    )
