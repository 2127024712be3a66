"""Texts that were encoded twice before their file was written: Zürich as ZÃ¼rich."""

from __future__ import annotations

import pyarrow.compute as pc

from leadwerk.importing.table import CsvTable
from leadwerk.texts.message import Message

_PAIR = "(?P<pair>Ã[¤¶¼Ÿ„–œ©¨ª§®´¢»¯]|â€[™œž“”]|â‚¬)"
"""Bytes of UTF-8 that were taken for Windows-1252, and written as UTF-8 again."""


def twice_encoded(table: CsvTable) -> list[Message]:
    """A warning for each column whose umlauts are two signs each, with an example that names no person."""
    warnings = []
    for name, cells in zip(table.columns, table.cells, strict=True):
        pairs = pc.drop_null(pc.extract_regex(cells.distinct, _PAIR))
        if len(pairs):
            warnings.append(Message("import.twice_encoded", column=name, example=pairs[0].as_py()["pair"]))
    return warnings
