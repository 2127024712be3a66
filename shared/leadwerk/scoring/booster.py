"""Prediction by XGBoost's own library, called through its C API, and exact TreeSHAP by ours, twice as fast a row.

`import xgboost` brings scipy.sparse and a scikit-learn wrapper: 0.4 s in which a cold function scores nothing. The
library itself loads in 10 ms. The functions used here are documented as XGBoost's public C API:
https://xgboost.readthedocs.io/en/stable/c.html
"""

from __future__ import annotations

import ctypes
import importlib.util
import json
import sys
import weakref
from functools import cache, cached_property
from typing import Any, Final

import numpy as np

from leadwerk.errors import ConfigurationError, CorruptModel
from leadwerk.features.saved_trees import read_forest
from leadwerk.features.tree_shap import TreeShap
from leadwerk.stats.arrays import Floats, Matrix
from leadwerk.texts.message import Message

MARGIN: Final = 1
LIBRARIES = {"win32": "xgboost.dll", "darwin": "libxgboost.dylib"}


class Booster:
    """A trained ensemble of trees. Predictions may run in several threads at once.

    Args:
        model: the model in XGBoost's UBJSON format.
        threads: for one prediction; 0 means one for every core, and 1 is fastest for a few rows.

    Raises:
        CorruptModel: the bytes are no sound model of ours.
    """

    def __init__(self, model: bytes, *, threads: int = 0) -> None:
        try:
            # Before the library has them: of a damaged tree it would end the process, or never return.
            self._forest = read_forest(model)
        except ValueError as error:
            raise CorruptModel(
                Message("refusal.model.booster", error=error), remedy=Message("refusal.model.other")
            ) from error
        self._library = _library()
        self._handle = ctypes.c_void_p()
        self._check(self._library.XGBoosterCreate(None, ctypes.c_uint64(0), ctypes.byref(self._handle)))
        # The handle is the library's memory: Python's collector would never free it.
        weakref.finalize(self, self._library.XGBoosterFree, self._handle)
        if self._library.XGBoosterLoadModelFromBuffer(self._handle, model, ctypes.c_uint64(len(model))):
            raise CorruptModel(Message("refusal.model.xgboost"), remedy=Message("refusal.model.other"))
        self._check(self._library.XGBoosterSetParam(self._handle, b"nthread", str(threads).encode()))

    @property
    def features(self) -> int:
        """Number of columns that the model was trained on."""
        return self._forest.columns

    def margin(self, matrix: Matrix) -> Matrix:
        """Log-odds before calibration, float32 (n,), of a float32 (n, m) matrix in which NaN is missing."""
        # The library refuses a matrix without rows.
        if not len(matrix):
            return np.empty(0, np.float32)
        out = _Result()
        self._check(
            self._library.XGBoosterPredictFromDense(
                self._handle, _interface(matrix), _request(MARGIN), None, *out.references
            )
        )
        return out.copy().reshape(-1)

    @cached_property
    def _shap(self) -> TreeShap:
        # Two threads may both build it: the same. Never the library's: a reason's last digits would then depend on
        # which leads the process explained before.
        return TreeShap.of(self._forest)

    def contributions(self, matrix: Matrix) -> Floats:
        """Exact TreeSHAP values (n, m + 1): one a column, then the bias; a row's sum is its margin.

        Source: Lundberg et al. (2020), From local explanations to global understanding with explainable AI for trees,
        Nature Machine Intelligence 2, algorithm 2.
        """
        if not len(matrix):
            return np.empty((0, matrix.shape[1] + 1))
        if matrix.shape[1] != self.features:
            raise ValueError(f"Feature shape mismatch: {matrix.shape[1]} columns, the model has {self.features}.")
        return self._shap.contributions(matrix)

    def _check(self, status: int) -> None:
        if status:
            raise ValueError(self._library.XGBGetLastError().decode())


class _Result:
    """Where the library says in which buffer of its own the prediction lies, valid until the thread's next call."""

    def __init__(self) -> None:
        self._shape = ctypes.POINTER(ctypes.c_uint64)()
        self._dimensions = ctypes.c_uint64()
        self._values = ctypes.POINTER(ctypes.c_float)()

    @property
    def references(self) -> tuple[Any, Any, Any]:
        return ctypes.byref(self._shape), ctypes.byref(self._dimensions), ctypes.byref(self._values)

    def copy(self) -> Matrix:
        # A copy: the library reuses its buffer at the thread's next call.
        return np.ctypeslib.as_array(self._values, shape=tuple(self._shape[: self._dimensions.value])).copy()


@cache
def _request(kind: int) -> bytes:
    # `cache_id` 0: predictions of different rows must not share the library's cache.
    request = {"type": kind, "training": False, "iteration_begin": 0, "iteration_end": 0, "strict_shape": False}
    return json.dumps({**request, "cache_id": 0, "missing": float("nan")}).encode()


def _interface(matrix: Matrix) -> bytes:
    """NumPy's array interface as JSON: how XGBoost takes an array without copying it."""
    interface = {key: value for key, value in matrix.__array_interface__.items() if key in _INTERFACE}
    return json.dumps(interface).encode()


_INTERFACE = frozenset({"data", "shape", "strides", "typestr", "version"})


@cache
def _library() -> ctypes.CDLL:
    spec = importlib.util.find_spec("xgboost")
    if spec is None or not spec.submodule_search_locations:
        raise ConfigurationError(Message("refusal.xgboost"))
    name = LIBRARIES.get(sys.platform, "libxgboost.so")
    library = ctypes.CDLL(f"{spec.submodule_search_locations[0]}/lib/{name}")
    # The default is a C int, which would truncate the pointer.
    library.XGBGetLastError.restype = ctypes.c_char_p
    return library
