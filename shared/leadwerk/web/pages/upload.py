"""Upload: the file of a form, read from the request within a bound."""

from __future__ import annotations

import io
from itertools import chain
from pathlib import Path

from msgspec import Struct

from leadwerk.errors import InputError
from leadwerk.texts.message import Message
from leadwerk.web.problem_document import MalformedBody, RequestTooLarge
from leadwerk.web.request_body import DRAINED_BYTES
from leadwerk.web.routes import QueriedRequest

UPLOAD_BYTES = 32_000_000
CHUNK = 65_536
FIRST_RUN_NOTE = Path("imports") / "first_run.json"
"""Where a home keeps what the last import and training came to."""


class UploadForm(Struct, frozen=True):
    """A file by the name that the browser gives it."""

    name: str
    content: bytes


def read_upload(http: QueriedRequest) -> UploadForm:
    """The file of a multipart form.

    Raises:
        RequestTooLarge: the request has more than UPLOAD_BYTES.
        MalformedBody: the body is no multipart form.
        InputError: no file was chosen, or it is empty.
    """
    from werkzeug.formparser import FormDataParser
    from werkzeug.http import parse_options_header

    raw = _read_bounded(http)
    kind, options = parse_options_header(http.headers.get("Content-Type", ""))
    try:
        parser = FormDataParser(silent=False, max_form_parts=20)
        _, _, files = parser.parse(io.BytesIO(raw), kind, len(raw), options)
    except ValueError as error:
        raise MalformedBody(Message("refusal.upload.form", error=error), field="body") from error
    upload = files.get("file")
    content = upload.read() if upload is not None else b""
    for part in chain.from_iterable(files.listvalues()):
        part.close()
    if upload is None or not content:
        raise InputError(Message("refusal.upload.none"), field="file")
    return UploadForm(upload.filename or "", content)


def _read_bounded(http: QueriedRequest) -> bytes:
    raw = http.stream.read(UPLOAD_BYTES + 1)
    if len(raw) <= UPLOAD_BYTES:
        return raw
    # Read to its end, so that the browser gets the answer and not a broken connection.
    remaining = DRAINED_BYTES
    while remaining > 0 and (chunk := http.stream.read(CHUNK)):
        remaining -= len(chunk)
    raise RequestTooLarge(Message("refusal.upload.large", megabytes=UPLOAD_BYTES // 1_000_000), field="file")
