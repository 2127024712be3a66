"""Columns of features → one float32 matrix, the same in training and in serving.

A number becomes one column; missing stays NaN, for which the trees learn a direction. A category becomes one column a
level (1 or 0) and one for all rare and unseen levels; a missing category is 0 in all of them. Levels that differ in
case, space or invisible signs are one. They are chosen without looking at the label, so nothing leaks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import accumulate
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from leadwerk.catalogue.features import Kind
from leadwerk.features.contract import Feature
from leadwerk.features.stored import StoredPart
from leadwerk.policy.folding import folded
from leadwerk.stats.coded_column import CodedColumn

Columns = Mapping[str, Any]
"""Feature name → sequence, numpy array, CodedColumn or pandas Series of one length; None and NaN are missing."""

MINIMUM_COUNT = 20
"""A level seen in fewer training rows is pooled with the rare ones."""

MAXIMUM_LEVELS = 40
"""Most levels of a feature that get a column of their own; the most frequent ones do."""

RARE = "(other)"
"""Name of the column of rare and unseen levels."""

BLOCK = 16_384
"""Rows encoded at a time: a block of the matrix stays in the processor's cache, and a call has enough to copy."""


class Encoded(msgspec.Struct, frozen=True):
    """How one feature becomes columns; `levels` is empty for a number."""

    name: str
    kind: Kind
    levels: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        # A file may say anything: levels that are not those of a category would shift all columns behind them.
        if self.kind == "number" and self.levels:
            raise ValueError("a number has levels")
        if len(set(self.levels)) != len(self.levels):
            raise ValueError("a level stands twice")

    @property
    def width(self) -> int:
        """Number of columns."""
        return 1 if self.kind == "number" else len(self.levels) + 1


class Encoder(StoredPart, frozen=True):
    """A fitted encoder: a value, written to and read from JSON without loss."""

    features: tuple[Encoded, ...]

    def __post_init__(self) -> None:
        if len({feature.name for feature in self.features}) != len(self.features):
            raise ValueError("a feature stands twice")

    @classmethod
    def fit(cls, columns: Columns, features: Sequence[Feature], *, minimum_count: int = MINIMUM_COUNT) -> Encoder:
        """Learn the levels of the categories from training columns.

        Raises:
            KeyError: a feature has no column.
        """
        return cls(tuple(_fit(columns[f.name], f, minimum_count) for f in features))

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the m matrix columns: a number's own name, `feature=level` for a category."""
        return tuple(name for feature in self.features for name in _column_names(feature))

    def owners(self) -> NDArray[np.intp]:
        """For each of the m matrix columns the index of its feature: sums contributions back to features."""
        return np.repeat(np.arange(len(self.features)), [feature.width for feature in self.features])

    def is_level(self) -> NDArray[np.bool_]:
        """Which of the m matrix columns say 1 or 0 of a category's level."""
        is_category = [feature.kind != "number" for feature in self.features]
        return np.repeat(is_category, [feature.width for feature in self.features])

    def matrix(self, columns: Columns) -> NDArray[np.float32]:
        """The (n, m) float32 matrix, C order, of n rows given by column; infinities count as missing.

        Raises:
            KeyError: a feature has no column.
            ValueError: a number is not a number, or columns differ in length.
        """
        sources = [_source(feature, columns[feature.name]) for feature in self.features]
        starts = [0, *accumulate(feature.width for feature in self.features)]
        matrix = np.zeros((len(sources[0]) if sources else 0, starts[-1]), dtype=np.float32)
        columns_in_matrix = list(zip(self.features, starts, sources, strict=False))
        # A number too large for float32 becomes infinite, and then missing, as documented.
        with np.errstate(over="ignore"):
            # By blocks of rows rather than whole columns: the block stays in the cache while all columns fill it.
            for first in range(0, len(matrix), BLOCK):
                rows = slice(first, first + BLOCK)
                block = matrix[rows]
                for feature, start, source in columns_in_matrix:
                    _fill(block, start, feature, source[rows])
                _forget_infinite(block)
        return matrix

    def matrix_of_rows(self, rows: Sequence[Mapping[str, Any]]) -> NDArray[np.float32]:
        """`matrix` of rows given as mappings; a key that is not there is missing."""
        return self.matrix({f.name: [row.get(f.name) for row in rows] for f in self.features})


def _fit(column: Any, feature: Feature, minimum_count: int) -> Encoded:
    if feature.kind == "number":
        return Encoded(feature.name, feature.kind)
    # Levels are counted as they are spelt first, so that the most frequent spelling names the column.
    spelt = Counter(level for value in _objects(column) if (level := _level(value)) is not None)
    commonest: dict[str, str] = {}
    counts: Counter[str] = Counter()
    for level, count in sorted(spelt.items(), key=lambda item: (-item[1], item[0])):
        counts[commonest.setdefault(folded(level), level)] += count
    frequent = [level for level, count in counts.items() if count >= minimum_count]
    # Ties go by name: the same training rows in another order give the same encoder.
    frequent.sort(key=lambda level: (-counts[level], level))
    return Encoded(feature.name, feature.kind, tuple(frequent[:MAXIMUM_LEVELS]))


def _column_names(feature: Encoded) -> list[str]:
    if feature.kind == "number":
        return [feature.name]
    return [f"{feature.name}={level}" for level in (*feature.levels, RARE)]


def _fill(block: NDArray[np.float32], start: int, feature: Encoded, part: NDArray[Any]) -> None:
    if feature.kind == "number":
        block[:, start] = part
    else:
        present = np.flatnonzero(part >= 0)
        block[present, start + part[present]] = 1.0


def _forget_infinite(block: NDArray[np.float32]) -> None:
    infinite = np.isinf(block)
    if infinite.any():
        block[infinite] = np.nan


def _source(feature: Encoded, column: Any) -> NDArray[Any]:
    return _numbers(column) if feature.kind == "number" else _codes(column, feature.levels)


def _numbers(column: Any) -> NDArray[Any]:
    if hasattr(column, "to_numpy"):  # a pandas Series, whose nullable types numpy cannot read by itself
        return np.asarray(column.to_numpy(dtype=np.float64, na_value=np.nan))
    return np.asarray(column, dtype=None if getattr(column, "dtype", None) == np.float32 else np.float64)


def _codes(column: Any, levels: Sequence[str]) -> NDArray[np.intp]:
    """Index of each value's level; len(levels) for a rare one, -1 for a missing one."""
    code_of_level, rare = _level_codes(tuple(levels)), len(levels)
    if isinstance(column, CodedColumn):
        of_level = np.array([*(code_of_level.get(folded(level), rare) for level in column.levels), -1], dtype=np.intp)
        # Code -1, a missing value, indexes the last element.
        return np.asarray(of_level[column.codes])
    codes = _Codes(code_of_level, rare)
    return np.fromiter(map(codes.__getitem__, _objects(column)), dtype=np.intp, count=len(column))


class _Codes(dict[Any, int]):
    """Text → code of its level, looked up once for each text."""

    def __init__(self, code_of_level: Mapping[str, int], rare: int) -> None:
        super().__init__({None: -1})
        self._code_of_level, self._rare = code_of_level, rare

    def __missing__(self, value: Any) -> int:
        level = _level(value)
        code = -1 if level is None else self._code_of_level.get(folded(level), self._rare)
        if isinstance(value, str):  # other values may be equal without being written alike: 1, 1.0 and True
            self[value] = code
        return code


@lru_cache(maxsize=256)
def _level_codes(levels: tuple[str, ...]) -> Mapping[str, int]:
    """The place of each level, by its text as it is compared."""
    return {folded(level): code for code, level in reversed(list(enumerate(levels)))}


def _objects(column: Any) -> Any:
    if hasattr(column, "to_numpy"):  # turns pandas' NA, which is neither equal nor unequal to itself, into None
        return column.to_numpy(dtype=object, na_value=None)
    return column


def _level(value: Any) -> str | None:
    if isinstance(value, str):
        return value
    # Only NaN and NaT differ from themselves; pandas' NA was turned into None before.
    if value is None or value != value:  # NaN, NaT
        return None
    return str(value)
