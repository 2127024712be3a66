"""Which encoding a text file is in, and its text."""

from __future__ import annotations

import codecs

# The longer marks first: UTF-32's begins like UTF-16's.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# In UTF-16 without a mark every other byte of Latin text is zero; no 8-bit encoding holds zeros.
_SAMPLE_BYTES = 4096
_MINIMUM_SHARE_OF_ZEROS = 0.3


def decode(raw: bytes) -> tuple[str, str]:
    """The text of `raw` and the name of its encoding: by its mark, else UTF-8 if it is valid, else Windows-1252.

    Windows-1252 leaves five bytes undefined; they become the control characters that Latin-1 has there, so that no
    file is refused for its encoding.

    >>> decode("Zürich".encode("cp1252"))
    ('Zürich', 'cp1252')
    >>> decode("Zürich".encode("utf-16"))
    ('Zürich', 'utf-16')
    """
    for mark, name in _MARKS:
        if raw.startswith(mark):
            return raw.decode(name, errors="replace"), name.removesuffix("-sig")
    unmarked = _utf16_without_mark(raw[:_SAMPLE_BYTES])
    if unmarked:
        return raw.decode(unmarked, errors="replace"), unmarked
    try:
        return raw.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        return _windows(raw), "cp1252"


def _utf16_without_mark(sample: bytes) -> str | None:
    half = len(sample) // 2
    if not half or sample.count(0) < _MINIMUM_SHARE_OF_ZEROS * len(sample):
        return None
    return "utf-16-le" if sample[1::2].count(0) > sample[0::2].count(0) else "utf-16-be"


def _windows(raw: bytes) -> str:
    try:
        return raw.decode("cp1252")
    except UnicodeDecodeError:
        undefined = {byte: chr(byte) for byte in (0x81, 0x8D, 0x8F, 0x90, 0x9D)}
        return "".join(undefined.get(byte) or bytes([byte]).decode("cp1252") for byte in raw)
