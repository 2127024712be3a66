"""A column of texts: each different text once, and for each row which it is. What is parsed is parsed once a text."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

_NOTHING = "|na|n/a|n.a.|nan|nat|null|none|nil|-|–|—|--|?|(leer)|(blank)|(none)|(not set)|not set|<na>|\\n|undefined"
_NOT_STATED = "k.a.|k. a.|keine angabe|nd|n.d.|non disponible|non renseigné|non disponibile|not available|not specified"
_SPREADSHEET_ERRORS = "#n/a|#nv|#value!|#wert!|#valeur!|#valore!|#ref!|#bezug!|#div/0!|#name?|#null!|#num!|#zahl!"
MISSING = frozenset(f"{_NOTHING}|{_NOT_STATED}|{_SPREADSHEET_ERRORS}".split("|"))
"""Cells that stand for "not known", in lower case."""
_DIRECTIONS = "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
_INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff\u00ad\0" + _DIRECTIONS
_SPACE = " \t\r\n\v\f\u00a0\u202f\u2007\u2009\u3000" + _INVISIBLE
_PIECE = 4_096


@dataclass(frozen=True)
class TextColumn:
    """`codes` (n,) indexes `distinct`, the different cells as the file writes them."""

    codes: NDArray[np.int32]
    distinct: pa.StringArray

    @classmethod
    def of(cls, cells: pa.ChunkedArray) -> TextColumn:
        """A column of cells."""
        encoded = cells.dictionary_encode()
        if len({len(chunk.dictionary) for chunk in encoded.chunks}) > 1:  # rarely: unifying takes longer than encoding
            encoded = encoded.unify_dictionaries()
        encoded = encoded.combine_chunks()
        if isinstance(encoded, pa.ChunkedArray):  # pyarrow cannot combine zero chunks
            encoded = pa.array([], pa.dictionary(pa.int32(), pa.string()))
        return cls(np.asarray(encoded.indices, dtype=np.int32), encoded.dictionary)

    @classmethod
    def from_texts(cls, texts: list[str]) -> TextColumn:
        """A column of these texts."""
        return cls.of(pa.chunked_array([pa.array(texts, pa.string())]))

    def __len__(self) -> int:
        return len(self.codes)

    @cached_property
    def trimmed(self) -> pa.StringArray:
        """The different cells without surrounding space and invisible signs, and without a spreadsheet's text marks."""
        trimmed = pc.utf8_trim(self.distinct, _SPACE)
        # ="007" keeps a spreadsheet from making 7 of it; so does an apostrophe in front, where all cells have one.
        if pc.any(pc.starts_with(trimmed, '="')).as_py():
            trimmed = pc.replace_substring_regex(trimmed, r'^="([^"]*)"$', r"\1")
        if len(trimmed) and trimmed[0].as_py().startswith("'"):
            marked = pc.match_substring_regex(trimmed, "^'[^']*$")
            if pc.all(pc.or_(marked, pc.equal(trimmed, ""))).as_py():
                trimmed = pc.replace_substring_regex(trimmed, "^'", "")
        return trimmed

    @cached_property
    def missing(self) -> NDArray[np.bool_]:
        """Which of the different cells stand for "not known"."""
        lower = pc.utf8_lower(self.trimmed)
        return np.asarray(pc.is_in(lower, pa.array(sorted(MISSING))).to_numpy(zero_copy_only=False), dtype=bool)

    @cached_property
    def counts(self) -> NDArray[np.int64]:
        """How many rows hold each of the different cells."""
        return np.bincount(self.codes, minlength=len(self.distinct)).astype(np.int64)

    @cached_property
    def numbers(self) -> dict[str | None, NDArray[np.float64]]:
        """The numbers of the different cells by decimal mark, as far as `numbers_of` has read them."""
        return {}

    @property
    def filled(self) -> int:
        """How many rows hold something."""
        return int(self.counts[~self.missing].sum())

    @property
    def distinct_filled(self) -> int:
        """How many different cells hold something."""
        return int(((self.counts > 0) & ~self.missing).sum())

    def commonest(self, most: int) -> list[str]:
        """The most frequent cells that hold something, trimmed; of equally frequent ones the first in the file."""
        order = np.argsort(-self.counts, kind="stable")
        filled = order[(~self.missing & (self.counts > 0))[order]][:most]
        return list(pc.take(self.trimmed, pa.array(filled)).to_pylist())

    def texts(self) -> list[str]:
        """The different cells, trimmed."""
        return list(self.trimmed.to_pylist())

    def filled_texts(self) -> Iterator[tuple[str, int]]:
        """The different cells that hold something, trimmed, with their counts; made as they are asked for."""
        for first in range(0, len(self.distinct), _PIECE):
            piece = slice(first, first + _PIECE)
            texts = self.trimmed.slice(first, _PIECE).to_pylist()
            for text, times, is_empty in zip(texts, self.counts[piece].tolist(), self.missing[piece], strict=True):
                if not is_empty:
                    yield text, times

    def raw(self, rows: slice = slice(None)) -> list[str]:
        """Cells as the file writes them."""
        return list(pc.take(self.distinct, pa.array(self.codes[rows])).to_pylist())

    def values(self, rows: slice | NDArray[Any] = slice(None)) -> list[str]:
        """Cells, trimmed, in the file's order."""
        return list(pc.take(self.trimmed, pa.array(self.codes[rows])).to_pylist())

    def take(self, rows: NDArray[Any]) -> TextColumn:
        """Some rows of the column."""
        return TextColumn(self.codes[rows], self.distinct)

    def map_objects(self, parse: Callable[[str], Any]) -> NDArray[np.object_]:
        """`parse` of each different cell that holds something; None for the others."""
        result = np.full(len(self.distinct), None, dtype=object)
        for at, (text, is_empty) in enumerate(zip(self.texts(), self.missing, strict=True)):
            if not is_empty:
                result[at] = parse(text)
        return result
