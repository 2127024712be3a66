"""Request body: the bytes that browsers and automation tools send, as a JSON value.

Undoes `Content-Encoding` (gzip, deflate) within the limit, decodes the charset that is named, or that a byte order mark
or the zeros of UTF-16 show, and parses. NaN, infinite numbers and halves of surrogate pairs become `Unreadable`: they
cost their field, not the request.
"""

from __future__ import annotations

import codecs
import email.message
import json
import math
import re
import zlib
from collections.abc import Mapping
from typing import IO, Any, Protocol

import msgspec

from leadwerk.errors import UNREADABLE_JSON
from leadwerk.lead.rejection import Unreadable
from leadwerk.texts.message import Message
from leadwerk.web.problem_document import MalformedBody, RequestTooLarge, UnsupportedMedia

# Read and discarded: else the sender of too much would see a reset and no answer.
DRAINED_BYTES = 64_000_000
# Window bits of zlib: 31 expects gzip's header, 15 zlib's, -15 none, which some senders call deflate.
GZIP, ZLIB, BARE = 31, 15, -15
# Python knows codecs that are no charsets, some of them slow: these are what senders of text use.
CHARSETS = re.compile(
    r"ascii|utf-(8|16|32)(-sig|-[bl]e)?|iso8859-[0-9]+|cp[0-9]{3,4}|mac-[a-z]+|(big5|gb[0-9]+|euc|shift)[a-z0-9_-]*"
)
TEXT = "utf-8"
_MOST_DIGITS = 400  # a float holds 309
_GZIP_HEAD = b"\x1f\x8b"
_FORM = re.compile(rb"[\w.%+-]+=[^&{]*(?:&|$)")


class BodyRequest(Protocol):
    """The part of a Flask request that a body is read from."""

    stream: IO[bytes]
    headers: Mapping[str, str]


def read_body(http: BodyRequest, limit: int) -> bytes:
    """The bytes of the body, unpacked, as UTF-8 without byte order mark.

    Raises:
        RequestTooLarge: the body has more than `limit` bytes, packed or unpacked.
        UnsupportedMedia: the content encoding or charset is not supported.
        MalformedBody: the body is not what its headers state.
    """
    raw = http.stream.read(limit + 1)
    if len(raw) > limit:
        remaining = DRAINED_BYTES
        while remaining > 0 and (chunk := http.stream.read(65_536)):
            remaining -= len(chunk)
        raise _too_large(limit)
    encodings = [name.strip().lower() for name in http.headers.get("Content-Encoding", "").split(",")]
    for encoding in reversed([name for name in encodings if name not in ("", "identity")]):
        raw = _unpacked(raw, encoding, limit)
    return _as_utf8(raw, http.headers.get("Content-Type", ""))


def parse_json(raw: bytes) -> Any:
    """The JSON value of a body in UTF-8; an empty body is an empty object.

    Raises:
        MalformedBody: the body is not JSON.
    """
    try:
        return msgspec.json.decode(raw.strip() or b"{}")
    except UNREADABLE_JSON as error:
        try:
            # Python's own parser takes NaN and lone surrogates, which msgspec refuses with all that stands beside them.
            return _cleaned(json.loads(raw, parse_constant=float, parse_int=_whole_number))
        except (ValueError, RecursionError):  # the latter: nested a thousand deep
            raise MalformedBody(f"The body is not JSON: {error}.", field="body", remedy=_remedy(raw, error)) from error


def _remedy(raw: bytes, error: Exception) -> str:
    """What to do about a body that is no JSON; the commonest mistakes of automation tools by name."""
    if raw.startswith(_GZIP_HEAD):
        return "State Content-Encoding: gzip, or send the body plain."
    if isinstance(error, UnicodeDecodeError):
        return "Send it as UTF-8, or state its charset in Content-Type."
    if _FORM.match(raw):
        return "Send a JSON object instead of a web form's fields."
    return "Send a JSON object."


def _unpacked(raw: bytes, encoding: str, limit: int) -> bytes:
    windows = {"gzip": [GZIP], "x-gzip": [GZIP], "deflate": [ZLIB, BARE]}.get(encoding)
    if windows is None:
        raise UnsupportedMedia(
            f"The content encoding {encoding[:40]} is not supported.",
            field="Content-Encoding",
            value=encoding[:40],
            remedy="Send the body plain, or packed with gzip or deflate.",
        )
    for window in windows:
        unpacker = zlib.decompressobj(window)
        try:
            unpacked = unpacker.decompress(raw, limit + 1)
        except zlib.error:
            continue
        if len(unpacked) > limit:
            raise _too_large(limit)
        if unpacker.eof:
            return unpacked
    message = f"The body is not packed with {encoding}, as its header states, or ends early."
    raise MalformedBody(message, field="Content-Encoding", value=encoding, remedy="Send the body plain.")


def _too_large(limit: int) -> RequestTooLarge:
    return RequestTooLarge(
        f"The request has more than {limit:,} bytes.", field="body", remedy="Send it in several smaller requests."
    )


def _as_utf8(raw: bytes, content_type: str) -> bytes:
    charset = _charset(content_type) or json.detect_encoding(raw)
    if charset == TEXT:
        return raw.removeprefix(codecs.BOM_UTF8)
    try:
        return raw.decode(charset).removeprefix("\ufeff").encode(TEXT)
    except UnicodeError as error:
        message = (
            f"The body is not {charset}, as its header states: {error.reason if hasattr(error, 'reason') else error}."
        )
        raise MalformedBody(message, field="Content-Type", value=charset, remedy="Send it as UTF-8.") from error


def _charset(content_type: str) -> str:
    """The name of the charset that a content type states, normalised; empty without one."""
    header = email.message.Message()
    header["Content-Type"] = content_type
    stated = header.get_content_charset()
    if not stated:
        return ""
    try:
        name = codecs.lookup(stated).name
    except LookupError:
        name = ""
    if CHARSETS.fullmatch(name):
        return name
    raise UnsupportedMedia(
        f"The charset {stated[:40]} is not supported.",
        field="Content-Type",
        value=stated[:40],
        remedy="Send the body as UTF-8.",
    )


def _whole_number(digits: str) -> int | Unreadable:
    return int(digits) if len(digits) <= _MOST_DIGITS else Unreadable(Message("reject.unreadable.number"))


def _cleaned(value: Any) -> Any:
    if isinstance(value, dict):
        return {name.encode(TEXT, "replace").decode(TEXT): _cleaned(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_cleaned(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return Unreadable(Message("reject.unreadable.number"))
    return Unreadable(Message("reject.unreadable.text")) if isinstance(value, str) and _is_broken(value) else value


def _is_broken(text: str) -> bool:
    return any("\ud800" <= sign <= "\udfff" for sign in text)
