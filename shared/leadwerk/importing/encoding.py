"""Encoding of a text file: by its mark, else UTF-8 if all of it is valid, else the one that makes words of its bytes.

charset-normalizer takes German exports of a few umlauts for Shift-JIS or cp1250, so the old 8-bit encodings of our
countries are distinguished by what their bytes mean inside words.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from leadwerk.errors import InputError
from leadwerk.texts.message import Message

# The longer marks first: UTF-32's begins like UTF-16's.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# In UTF-16 without a mark every other byte of Latin text is zero; no 8-bit encoding holds zeros.
_SAMPLE_BYTES = 4096
_MINIMUM_SHARE_OF_ZEROS = 0.3
_BLOCK = 1 << 20
_WORD_SAMPLE = 20_000
_LEGACY = ("cp1252", "cp850", "mac_roman")
_COMMON = {
    **dict.fromkeys("äöüé", 3.0),
    **dict.fromkeys("èßà", 2.2),
    **dict.fromkeys("çê", 1.4),
    **dict.fromkeys("âôòùœ", 0.8),
    **dict.fromkeys("îûëïñì", 0.6),
    **dict.fromkeys("áíóúãõåøæ", 0.2),
}
"""How much a letter within a word counts: roughly as often as it is written in our four languages."""
_RARER = frozenset("ÄÖÜÉÈÀÇÊÂÎÔÛËÏŒÆÑÁÍÓÚÌÒÙÅØ’‘“”„–—€¤«»°·…²³§®©™\u00a0½¼")
_UTF8_SIGN = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_FOREIGN_BYTE = re.compile(rb"[\x80-\xff]")
_MOSTLY_UTF8, _FEWEST_SIGNS = 0.8, 3
"""Share of UTF-8 signs among these and stray bytes: in an old 8-bit encoding they come about by chance, and rarely."""
_FOREIGN = re.compile(rb"[^\r\n;,\t|\"\x00-\x20]*[\x80-\xff][^\r\n;,\t|\"]*")


@dataclass(frozen=True)
class Encoding:
    """Name of a codec, the bytes of the mark(s) in front of the text, and whether the user named it.

    `is_mixed`: UTF-8 with stray bytes of Windows-1252, as joined files and cut-off texts have them.
    """

    name: str
    mark: bytes = b""
    is_stated: bool = False
    is_mixed: bool = False

    @property
    def label(self) -> str:
        """The encoding as a person knows it."""
        if self.is_mixed:
            return "utf-8 + cp1252"
        return self.name.removesuffix("-le").removesuffix("-be") if self.mark else self.name


def detect_encoding(path: Path, stated: str | None = None) -> Encoding:
    """The encoding of a file, `stated` if the user named one.

    Raises:
        InputError: the encoding named is unknown.
    """
    with path.open("rb") as file:
        head = file.read(_SAMPLE_BYTES)
    mark, name = _leading_marks(head)
    if stated is not None:
        return Encoding(_known_codec(stated), mark if name == _known_codec(stated) else b"", is_stated=True)
    if name:
        return Encoding(name, mark)
    unmarked = _utf16_without_mark(head)
    if unmarked:
        return Encoding(unmarked)
    if _is_utf8(path):
        return Encoding("utf-8")
    if _is_mostly_utf8(path):
        return Encoding("utf-8", is_mixed=True)
    return Encoding(most_plausible(_foreign_words(path)))


def _known_codec(stated: str) -> str:
    try:
        name = codecs.lookup(stated.strip()).name
        "a".encode(name)  # codecs that are no text encodings, such as base64
    except (LookupError, UnicodeError, TypeError, ValueError) as error:
        raise InputError(Message("import.encoding", encoding=stated), field="encoding", value=stated) from error
    return {"utf-16": "utf-16-le", "utf-32": "utf-32-le", "utf-8-sig": "utf-8", "mac-roman": "mac_roman"}.get(
        name, name
    )


def _leading_marks(head: bytes) -> tuple[bytes, str]:
    """All byte order marks in front, of which programs that copy files sometimes leave several."""
    for mark, name in _MARKS:
        if head.startswith(mark):
            length = len(mark)
            # Files that were joined or saved twice begin with several marks.
            while head[length : length + len(mark)] == mark:
                length += len(mark)
            return head[:length], name
    return b"", ""


def _utf16_without_mark(sample: bytes) -> str | None:
    if len(sample) < 2 or sample.count(0) < _MINIMUM_SHARE_OF_ZEROS * len(sample):
        return None
    return "utf-16-le" if sample[1::2].count(0) > sample[0::2].count(0) else "utf-16-be"


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            yield block


def _is_utf8(path: Path) -> bool:
    # By blocks: a sign may lie across the border of two blocks, and a file may not fit in memory.
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for block in _blocks(path):
            decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _is_mostly_utf8(path: Path) -> bool:
    """Whether nearly all foreign signs are UTF-8's: one stray byte must not turn every umlaut of a file into two."""
    signs = stray = 0
    for block in _blocks(path):
        signs += len(_UTF8_SIGN.findall(block))
        stray += len(_FOREIGN_BYTE.findall(_UTF8_SIGN.sub(b"", block)))
    return signs >= _FEWEST_SIGNS and signs >= _MOSTLY_UTF8 * (signs + stray)


def _foreign_words(path: Path) -> list[bytes]:
    byte_words: set[bytes] = set()
    for block in _blocks(path):
        byte_words.update(_FOREIGN.findall(block))
        if len(byte_words) >= _WORD_SAMPLE:
            break
    return sorted(byte_words)[:_WORD_SAMPLE]


def most_plausible(byte_words: list[bytes]) -> str:
    """The 8-bit encoding under which most of `words` look like words; Windows-1252 if none is better.

    >>> [most_plausible(["Zürich".encode(name)]) for name in ("cp1252", "cp850", "mac_roman")]
    ['cp1252', 'cp850', 'mac_roman']
    """
    return max(
        _LEGACY, key=lambda name: sum(_plausibility(byte_word.decode(name, "replace")) for byte_word in byte_words)
    )


def _plausibility(text: str) -> float:
    """Letters of our languages where they belong count for an encoding, signs within words against it."""
    total = 0.0
    for at, sign in enumerate(text):
        if sign.isascii():
            continue
        before, after = text[at - 1 : at] if at else "", text[at + 1 : at + 2]
        if sign.isalpha() and (before + after).strip() and not (before.isalpha() or after.isalpha()):
            total -= 1.0  # between digits or signs stands no letter: 12’500 has an apostrophe, 500.– a dash
        elif sign in _COMMON:
            total += _COMMON[sign]
        elif sign in _RARER:
            # A capital or typographic sign within a small-letter word: the wrong code page.
            total += -1.0 if before.islower() and (after.islower() or sign.isalpha()) else 0.5
        else:
            total += -0.5 if sign.isalpha() and not before.islower() else -2.0
    return total


def decoded(raw: bytes, encoding: Encoding) -> str:
    """All of a small file as text; see `undefined_bytes` for what the encoding leaves undefined."""
    return raw[len(encoding.mark) :].decode(encoding.name, undefined_bytes(encoding)).lstrip("\ufeff")


def undefined_bytes(encoding: Encoding) -> str:
    """The error handler for an encoding: Windows-1252 loses nothing, stray bytes in UTF-8 are Windows-1252's."""
    return {"cp1252": _UNDEFINED, "utf-8": _STRAY}.get(encoding.name, "replace")


_UNDEFINED = "leadwerk-undefined"
"""Bytes that Windows-1252 leaves undefined are the control characters of Latin-1, both ways."""
_STRAY = "leadwerk-stray"


def _undefined(error: UnicodeError) -> Any:
    if isinstance(error, UnicodeDecodeError):
        return error.object[error.start : error.end].decode("latin-1"), error.end
    if isinstance(error, UnicodeEncodeError):
        return error.object[error.start : error.end].encode("latin-1", "replace"), error.end
    raise error


def _stray(error: UnicodeError) -> Any:
    if isinstance(error, UnicodeDecodeError):
        return error.object[error.start : error.end].decode("cp1252", _UNDEFINED), error.end
    if isinstance(error, UnicodeEncodeError):
        return "?", error.end
    raise error


codecs.register_error(_UNDEFINED, _undefined)
codecs.register_error(_STRAY, _stray)
