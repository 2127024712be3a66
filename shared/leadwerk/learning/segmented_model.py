"""A general model and models of segments as one value, used as a model is: each row is predicted by one of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
from msgspec.structs import replace as with_fields

from leadwerk.features.encode import Columns
from leadwerk.learning import model
from leadwerk.learning.model import BOOSTER_FILE, CURVES_FILE, Model, ModelKind
from leadwerk.points.segments import FILE, Segments
from leadwerk.policy.model import Policy
from leadwerk.stats.arrays import Floats, Index

CALIBRATION, ENCODER = "calibration.json", "encoder.json"


@dataclass(frozen=True)
class SegmentedModel:
    """`segment_models` are models by the place of their segment; all have the general model's encoder."""

    segments: Segments
    general: Model
    segment_models: Mapping[int, Model]

    @classmethod
    def of(cls, segments: Segments, general: Model, segment_models: Mapping[int, Model]) -> SegmentedModel:
        """With definitions that name the files of these models."""
        definitions = [
            with_fields(definition, model=_file(segment_models[place]) if place in segment_models else None)
            for place, definition in enumerate(segments.definitions)
        ]
        return cls(replace(segments, definitions=tuple(definitions)), general, segment_models)

    @property
    def kind(self) -> ModelKind:
        """The general model's."""
        return self.general.kind

    def probability(self, columns: Columns) -> Floats:
        """Calibrated probability of each of n rows, by the model of its segment."""
        matrix = self.general.encoder.matrix(columns)
        probability = np.empty(len(matrix))
        for part_model, rows in self._parts(columns, len(matrix)):
            probability[rows] = part_model.calibration.probability(part_model.margin(matrix[rows]))
        return probability

    def contributions(self, columns: Columns) -> Floats:
        """(n, number of features) contributions to the calibrated log-odds of the model that predicts the row."""
        size = len(next(iter(columns.values())))
        contributions = np.empty((size, len(self.general.encoder.features)))
        for part_model, rows in self._parts(columns, size):
            contributions[rows] = part_model.contributions(
                {name: np.asarray(values)[rows] for name, values in columns.items()}
            )
        return contributions

    def files(self) -> dict[str, bytes]:
        """The files of a model version: those of the general model, the definitions, and two a segment."""
        files = self.general.files() | {FILE: self.segments.to_json()}
        for place, segment_model in self.segment_models.items():
            # One encoder for all: it is stored once, with the general model.
            of_it = {name: data for name, data in segment_model.files().items() if name != ENCODER}
            files |= {self.segments.definitions[place].path(name): data for name, data in of_it.items()}
        return files

    def _parts(self, columns: Columns, size: int) -> Iterator[tuple[Model, Index]]:
        """Each model with the rows that it predicts."""
        segment_index = self.segments.segment_index(columns, size)
        # Rows of no segment have a place of their own, which no model has: the general one predicts them.
        for place in np.unique(segment_index).tolist():
            mine = np.flatnonzero(segment_index == place)
            yield self.segment_models.get(place, self.general), mine


def from_files(files: Mapping[str, bytes], policy: Policy) -> Model | SegmentedModel:
    """The model that `files` wrote, for a policy with the features that it was trained on."""
    general = model.from_files(files)
    if FILE not in files:
        return general
    segments = Segments.from_json(files[FILE], policy)
    segment_models = {}
    for place, definition in enumerate(segments.definitions):
        if definition.model is not None:
            of_it = {name: files[definition.path(name)] for name in (definition.model, CALIBRATION)}
            segment_models[place] = model.from_files(of_it | {ENCODER: files[ENCODER]})
    return SegmentedModel(segments, general, segment_models)


def _file(segment_model: Model) -> str:
    return CURVES_FILE if segment_model.kind == "logistic_regression" else BOOSTER_FILE
