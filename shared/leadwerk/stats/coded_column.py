"""Coded column: texts as indices into their different values, so that a million rows cost what their values cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class CodedColumn:
    """`codes` (n,) index `levels`; -1 is a missing value."""

    codes: NDArray[Any]
    levels: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.codes)

    def __getitem__(self, rows: slice | NDArray[np.intp]) -> CodedColumn:
        return CodedColumn(self.codes[rows], self.levels)
