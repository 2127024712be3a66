"""The scorer: a model version of the registry, checked against this policy's feature contract and ready to predict."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from leadwerk.errors import UNREADABLE_JSON, ContractMismatch, CorruptModel
from leadwerk.features.additive import Additive
from leadwerk.features.average import Average, Estimator, Forest
from leadwerk.features.calibration import Calibration, predictive_score
from leadwerk.features.contract import Feature, contract, contract_hash
from leadwerk.features.encode import Columns, Encoder
from leadwerk.points.segments import FILE, NO_SEGMENT, Segments
from leadwerk.scoring.booster import Booster
from leadwerk.scoring.contributions import sum_columns
from leadwerk.stats.arrays import Floats, Index, Ints, Matrix
from leadwerk.texts.message import Message

if TYPE_CHECKING:
    from leadwerk.policy.model import Policy
    from leadwerk.registry.manifest import ModelFiles


T = TypeVar("T")

BOOSTER, CURVES, FOREST, CALIBRATION = "model.ubj", "model.json", "forest.ubj", "calibration.json"
AVERAGED = (FOREST, CURVES, BOOSTER)
"""Members of an average, in the order in which training adds them up."""


@dataclass(frozen=True)
class Inputs:
    """n encoded rows, float32 (n, m), and for each the place of its segment, (n,)."""

    matrix: Matrix
    segment_index: Index

    def __len__(self) -> int:
        return len(self.matrix)


@dataclass(frozen=True)
class Predictions:
    """Calibrated probability within the horizon, float64 (n,), and predictive score 0–100, int64 (n,).

    `segments` (n) names the segment whose own model scored a row; None: the general one did.
    """

    probability: Floats
    predictive_score: Ints
    segments: tuple[str | None, ...]


@dataclass(frozen=True)
class Predictor:
    """A model behind the encoder: the general one, or that of the segment it is named after."""

    calibration: Calibration
    estimator: Estimator = field(repr=False)
    segment: str | None = None

    def probability(self, matrix: Matrix) -> Floats:
        """Calibrated probability of n encoded rows."""
        return self.calibration.probability(np.asarray(self.estimator.margin(matrix), dtype=np.float64))

    def contributions(self, matrix: Matrix, encoder: Encoder) -> Floats:
        """Contributions of the encoder's k features to the calibrated log-odds, (n, k + 1), the bias last."""
        columns = self.estimator.contributions(matrix)
        per_feature = sum_columns(columns[:, :-1], encoder.owners(), len(encoder.features))
        # Calibration scales the log-odds, so bias and contributions are scaled alike and still add up.
        bias = self.calibration.slope * np.asarray(columns[:, -1:], dtype=np.float64) + self.calibration.intercept
        return np.hstack([self.calibration.slope * per_feature, bias])


@dataclass(frozen=True)
class Scorer:
    """A model version that may score; immutable, and safe to share between threads.

    A row is scored by the model of the first segment it belongs to, by the definitions that the version was trained
    with, whatever the policy says by now; by the general model where that segment has none of its own. `base_rate` is
    that of all leads, for the models of segments too: 50 stays the average lead, so that 70 means the same odds in
    every segment and sellers may rank leads of different segments in one list.
    """

    version: str
    base_rate: float
    features: tuple[Feature, ...] = field(repr=False)
    encoder: Encoder = field(repr=False)
    general: Predictor
    segments: Segments | None = None
    segment_predictors: Mapping[int, Predictor] = field(default_factory=dict)

    @classmethod
    def load(cls, files: ModelFiles, policy: Policy, *, threads: int = 0) -> Scorer:
        """The scorer in the files of a model version; `threads` as in `Booster`.

        Raises:
            ContractMismatch: the model was trained on other features than this policy yields.
            CorruptModel: a file cannot be read, or the files do not belong together.
        """
        features = contract(policy)
        # Refused before any file is read: columns of another contract would be scored silently wrong.
        if files.manifest.contract_hash != contract_hash(features):
            raise _mismatch(files, policy)
        encoder = _read(files, "encoder.json", Encoder.from_json)
        if [feature.name for feature in encoder.features] != [feature.name for feature in features]:
            raise CorruptModel(
                Message("refusal.model.encoder", version=files.version), remedy=Message("refusal.model.other")
            )
        segments, segment_predictors = _of_segments(files, policy, len(encoder.names), threads)
        general = {"logistic_regression": CURVES, "boosting": BOOSTER}.get(files.manifest.kind, FOREST)
        return cls(
            version=files.version,
            base_rate=files.manifest.base_rate,
            features=features,
            encoder=encoder,
            general=_predictor(files, general, CALIBRATION, len(encoder.names), threads),
            segments=segments,
            segment_predictors=segment_predictors,
        )

    def encode(self, rows: Sequence[Mapping[str, Any]]) -> Inputs:
        """Rows of `lead_features`; a feature that is not there is missing."""
        segment_index = _no_segment(len(rows)) if self.segments is None else self.segments.places_of_rows(rows)
        return Inputs(self.encoder.matrix_of_rows(rows), segment_index)

    def encode_columns(self, columns: Columns) -> Inputs:
        """Features by name, n values each."""
        matrix = self.encoder.matrix(columns)
        size = len(matrix)
        return Inputs(
            matrix, _no_segment(size) if self.segments is None else self.segments.segment_index(columns, size)
        )

    def predict(self, inputs: Inputs) -> Predictions:
        """Probability and predictive score of n rows, and whose model it was."""
        probability = np.empty(len(inputs))
        for predictor, rows in self._parts(inputs):
            probability[rows] = predictor.probability(inputs.matrix[rows])
        # Half up, not numpy's half to even: 69.5 is 70 on every page.
        score = np.floor(predictive_score(probability, self.base_rate) + 0.5)
        return Predictions(probability, score.astype(np.int64), self._named(inputs))

    def contributions(self, inputs: Inputs) -> Floats:
        """Contributions of the k features to the calibrated log-odds of the row's own model, (n, k + 1), the bias last.

        Calibration is affine in log-odds, so a row still sums exactly: to log(p / (1 − p)) of its probability p, short
        of the bounds within which probabilities are kept.
        """
        contributions = np.empty((len(inputs), len(self.encoder.features) + 1))
        for predictor, rows in self._parts(inputs):
            contributions[rows] = predictor.contributions(inputs.matrix[rows], self.encoder)
        return contributions

    def _named(self, inputs: Inputs) -> tuple[str | None, ...]:
        if not self.segment_predictors:
            return (None,) * len(inputs)
        return tuple(
            self.segment_predictors.get(place, self.general).segment for place in inputs.segment_index.tolist()
        )

    def _parts(self, inputs: Inputs) -> Iterator[tuple[Predictor, Index | slice]]:
        """Each model with the rows that it scores; where there is one model, nothing is copied."""
        if not self.segment_predictors:
            yield self.general, slice(None)
            return
        # One pass a model, not one a row: a model predicts a thousand rows about as fast as one.
        for place in np.unique(inputs.segment_index).tolist():
            yield self.segment_predictors.get(place, self.general), np.flatnonzero(inputs.segment_index == place)


def _no_segment(size: int) -> Index:
    return np.full(size, NO_SEGMENT, dtype=np.intp)


def _of_segments(
    files: ModelFiles, policy: Policy, columns: int, threads: int
) -> tuple[Segments | None, dict[int, Predictor]]:
    """The definitions of the version, and the models of those segments that have one, by place."""
    if FILE not in files.files:
        return None, {}
    segments = _read(files, FILE, lambda data: Segments.from_json(data, policy))
    segment_predictors = {
        place: _predictor(
            files, definition.path(definition.model), definition.path(CALIBRATION), columns, threads, definition.name
        )
        for place, definition in enumerate(segments.definitions)
        if definition.model is not None
    }
    return segments, segment_predictors


def _predictor(
    files: ModelFiles, model: str, calibration: str, columns: int, threads: int, segment: str | None = None
) -> Predictor:
    return Predictor(
        _read(files, calibration, Calibration.from_json), _estimator(files, model, columns, threads), segment
    )


def _estimator(files: ModelFiles, name: str, columns: int, threads: int) -> Estimator:
    """The estimator in one file; a forest stands for the average that it is a member of."""
    if name.endswith(FOREST):
        # Read for its check alone: a version without the file is corrupt.
        _file(files, name)
        members = [member for member in AVERAGED if member in files.files]
        return Average(tuple(_member(files, member, columns, threads) for member in members))
    return _member(files, name, columns, threads)


def _member(files: ModelFiles, name: str, columns: int, threads: int) -> Estimator:
    if name.endswith(CURVES):
        curves = _read(files, name, Additive.from_json)
        _check_width(files, len(curves.curves), columns)
        return curves
    booster = Booster(_file(files, name), threads=threads)
    _check_width(files, booster.features, columns)
    return Forest(booster) if name.endswith(FOREST) else booster


def _read(files: ModelFiles, name: str, decode: Callable[[bytes], T]) -> T:
    """A file's value. Its hash tells that it is what was written, not that it can be used."""
    try:
        return decode(_file(files, name))
    except UNREADABLE_JSON as error:
        message = Message("refusal.model.unreadable", file=name, version=files.version, error=error)
        raise CorruptModel(message, remedy=Message("refusal.model.other")) from error


def _file(files: ModelFiles, name: str) -> bytes:
    if name not in files.files:
        message = Message("refusal.model.lacks", version=files.version, file=name)
        raise CorruptModel(message, remedy=Message("refusal.model.other"))
    return files.files[name]


def _check_width(files: ModelFiles, trained: int, encoded: int) -> None:
    if trained != encoded:
        message = Message("refusal.model.columns", version=files.version, trained=trained, encoded=encoded)
        raise CorruptModel(message, remedy=Message("refusal.model.other"))


def _mismatch(files: ModelFiles, policy: Policy) -> ContractMismatch:
    trained = files.manifest
    return ContractMismatch(
        Message(
            "refusal.model.features",
            version=files.version,
            trained=f"{trained.policy_name} {trained.policy_version}",
            present=f"{policy.name} {policy.version}",
        )
    )
