"""Bodies as automation tools and browsers send them: packed, in other charsets, with what JSON does not know."""

from __future__ import annotations

import contextlib
import gzip
import json
import zlib
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given, strategies as st

from leadwerk.lead.rejection import Unreadable
from leadwerk.web.problem_document import MalformedBody, RequestTooLarge, UnsupportedMedia
from leadwerk.web.request_body import parse_json, read_body

LIMIT = 10_000
TEXT = '{"form": {"city": "Zürich"}}'


class Call:
    def __init__(self, raw: bytes, **headers: str) -> None:
        self.stream = BytesIO(raw)
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


def bare_deflate(raw: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(raw) + packer.flush()


PACKED = {
    "gzip": gzip.compress(TEXT.encode(), mtime=0),
    "x-gzip": gzip.compress(TEXT.encode(), mtime=0),
    "deflate": zlib.compress(TEXT.encode()),
    "Deflate": bare_deflate(TEXT.encode()),
    "identity": TEXT.encode(),
    "deflate, gzip": gzip.compress(zlib.compress(TEXT.encode())),
}


@pytest.mark.parametrize("encoding", PACKED)
def test_a_packed_body_is_unpacked(encoding: str) -> None:
    assert read_body(Call(PACKED[encoding], Content_Encoding=encoding), LIMIT).decode() == TEXT


@pytest.mark.parametrize(
    ("charset", "raw"),
    [
        ("", TEXT.encode("utf-8-sig")),
        ("", TEXT.encode("utf-16")),
        ("", TEXT.encode("utf-16-be")),
        ("utf-8", TEXT.encode("utf-8-sig")),
        ("UTF-16LE", TEXT.encode("utf-16-le")),
        ("utf-16", TEXT.encode("utf-16")),
        ("latin-1", TEXT.encode("latin-1")),
        ('"ISO-8859-15"', TEXT.encode("latin-1")),
        ("windows-1252", TEXT.encode("cp1252")),
        ("macintosh", TEXT.encode("mac-roman")),
    ],
)
def test_the_charset_is_the_stated_one_or_what_the_bytes_show(charset: str, raw: bytes) -> None:
    content_type = f"application/json; charset={charset}" if charset else "application/json"
    assert read_body(Call(raw, Content_Type=content_type), LIMIT).decode() == TEXT


@pytest.mark.parametrize(
    ("headers", "name"),
    [
        ({"Content_Encoding": "br"}, "br"),
        ({"Content_Encoding": "gzip, zstd"}, "zstd"),
        ({"Content_Type": "application/json; charset=klingon"}, "klingon"),
        ({"Content_Type": "application/json; charset=punycode"}, "punycode"),
        ({"Content_Type": "application/json; charset=hex"}, "hex"),
    ],
)
def test_what_is_not_supported_is_refused_by_name(headers: dict[str, str], name: str) -> None:
    with pytest.raises(UnsupportedMedia, match=name):
        read_body(Call(TEXT.encode(), **headers), LIMIT)


@pytest.mark.parametrize(
    ("raw", "headers"),
    [
        (TEXT.encode(), {"Content_Encoding": "gzip"}),
        (PACKED["gzip"][:-9], {"Content_Encoding": "gzip"}),
        (b"", {"Content_Encoding": "deflate"}),
        (b"\xff", {"Content_Type": "application/json; charset=ascii"}),
        (b"\xff\xfe{", {"Content_Type": "application/json"}),
    ],
)
def test_a_body_that_is_not_what_its_headers_state_is_malformed(raw: bytes, headers: dict[str, str]) -> None:
    with pytest.raises(MalformedBody):
        read_body(Call(raw, **headers), LIMIT)


def test_a_body_is_bounded_after_it_is_unpacked_as_well() -> None:
    bomb = gzip.compress(b" " * 50_000_000)
    with pytest.raises(RequestTooLarge, match="10,000"):
        read_body(Call(bomb[:LIMIT], Content_Encoding="gzip"), LIMIT)
    with pytest.raises(RequestTooLarge):
        read_body(Call(gzip.compress(b" " * (LIMIT + 1)), Content_Encoding="gzip"), LIMIT)
    assert len(read_body(Call(gzip.compress(b" " * LIMIT), Content_Encoding="gzip"), LIMIT)) == LIMIT


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        (b'{"a": NaN, "b": 1}', "is no number"),
        (b'{"a": -Infinity, "b": 1}', "is no number"),
        (b'{"a": 1e999, "b": 1}', "is no number"),
        (b'{"a": ' + b"9" * 5000 + b', "b": 1}', "is no number"),
        (b'{"a": "x\\ud83d", "b": 1}', "half a character"),
        (b'{"a": "\\ude00", "b": 1}', "half a character"),
    ],
)
def test_what_json_does_not_know_costs_its_field(raw: bytes, field: str) -> None:
    value = parse_json(raw)
    assert value["b"] == 1
    assert isinstance(value["a"], Unreadable)
    assert field in value["a"].reason


def test_a_whole_emoji_is_text() -> None:
    assert parse_json(b'{"a": "\\ud83d\\ude00", "b": NaN}')["a"] == "😀"


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats() | st.text(st.characters(), max_size=5),
    lambda items: st.lists(items, max_size=3) | st.dictionaries(st.text(max_size=3), items, max_size=3),
    max_leaves=8,
)


@given(values)
def test_whatever_python_writes_is_read_and_can_be_written_again(value: Any) -> None:
    read = parse_json(json.dumps({"value": value}).encode())
    json.dumps(read, default=str).encode()


@given(st.binary(max_size=200), st.sampled_from(["gzip", "deflate", "identity"]))
def test_whatever_bytes_come_are_read_or_refused(raw: bytes, encoding: str) -> None:
    with contextlib.suppress(MalformedBody, RequestTooLarge):
        parse_json(read_body(Call(raw, Content_Encoding=encoding), LIMIT))
