"""Whether a webhook comes from who it says: signatures (HMAC), HTTP Basic, or an address that nobody can guess."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime, timedelta
from urllib.parse import unquote, urlsplit

from leadwerk.crm.port import WebhookRequest
from leadwerk.errors import InputError

# Into the past and the future. An older request may be a replay.
TOLERANCE = timedelta(minutes=5)
PREFIX = "whsec_"


def sign(secret: bytes, message_id: str, timestamp: int, body: bytes) -> str:
    """A signature as Standard Webhooks writes it (standardwebhooks.com, version 1).

    >>> sign(b"key", "msg_1", 1700000000, b"{}")[:3]
    'v1,'
    """
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode()


def secret_bytes(secret: str) -> bytes:
    """The key in a secret of the form whsec_<base64>, or the text itself; empty where it is not base64.

    >>> secret_bytes("whsec_a2V5"), secret_bytes("plain"), secret_bytes("whsec_a2V")
    (b'key', b'plain', b'')
    """
    if not secret.startswith(PREFIX):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except ValueError:
        return b""


def check_standard(request: WebhookRequest, secrets: Sequence[str], now: datetime) -> None:
    """Check a signature of Standard Webhooks; with several secrets, while one is rotated, any of them.

    Raises:
        InputError: the signature is missing, wrong or too old.
    """
    headers = request.headers
    stamp = _timestamp(headers.get("webhook-timestamp", ""), 1, now)
    keys = [key for secret in secrets if (key := secret_bytes(secret))]
    signed = [sign(key, headers.get("webhook-id", ""), stamp, request.body) for key in keys]
    received = headers.get("webhook-signature", "").split()
    if not any(_equal(signature, other) for signature in signed for other in received):
        raise _wrong("webhook-signature")


def check_hubspot(request: WebhookRequest, secret: str, now: datetime) -> None:
    """Check HubSpot's signature, version 3: base64(HMAC-SHA256(method + URL + body + timestamp)).

    The URL is our public one. HubSpot signs it with some escapes decoded, so both ways of writing it are tried.

    Raises:
        InputError: the signature is missing, wrong or too old.
    """
    received = request.headers.get("x-hubspot-signature-v3", "")
    stamp = request.headers.get("x-hubspot-request-timestamp", "")
    _timestamp(stamp, 1000, now)
    if not secret:
        # Anybody can sign with an empty key.
        raise _wrong("x-hubspot-signature-v3")
    parts = urlsplit(request.url)
    for url in (request.url, parts._replace(query=unquote(parts.query)).geturl()):
        signed = request.method.encode() + url.encode() + request.body + stamp.encode()
        computed = base64.b64encode(hmac.new(secret.encode(), signed, hashlib.sha256).digest()).decode()
        if _equal(computed, received):
            return
    raise _wrong("x-hubspot-signature-v3")


def check_basic(request: WebhookRequest, user: str, password: str) -> None:
    """Check HTTP Basic, for CRMs that sign nothing.

    Raises:
        InputError: user or password are wrong.
    """
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    try:
        received = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        received = b""
    expected = f"{user}:{password}".encode()
    # Without a password the proof would be one that anybody can give.
    if not password or scheme.casefold() != "basic" or not hmac.compare_digest(received, expected):
        raise _wrong("authorization")


def check_secret_url(request: WebhookRequest, secret: str) -> None:
    """Check that the address holds the secret as its last part, for CRMs that can prove nothing else.

    Raises:
        InputError: it does not.
    """
    if not secret or not _equal(urlsplit(request.url).path.rpartition("/")[2], secret):
        raise _wrong("url")


def _timestamp(text: str, per_second: int, now: datetime) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise _wrong("timestamp")
    if abs(now.timestamp() - int(text) / per_second) > TOLERANCE.total_seconds():
        raise InputError("The webhook is too old, or its clock is wrong.", field="timestamp", remedy="Send it again.")
    return int(text)


def _equal(computed: str, received: str) -> bool:
    return hmac.compare_digest(computed.encode(), received.encode())


def _wrong(field: str) -> InputError:
    # The value is not repeated: it may be a secret, and a log would keep it.
    return InputError(
        "The webhook's proof is missing or wrong.", field=field, remedy="Check LEADWERK_CRM_WEBHOOK_SECRET."
    )
