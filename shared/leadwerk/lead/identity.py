"""Identity: pseudonyms of persons, and client ids that link web visitors to leads."""

from __future__ import annotations

import hashlib
import hmac
import re

from leadwerk.errors import InputError
from leadwerk.texts.message import Message

# _ga cookies read GA1.1.<client id>; the export's user_pseudo_id is the client id alone.
_COOKIE = r"GA\d+\.\d+\.(\d+\.\d+)"
_VISITOR = r"[A-Za-z0-9][A-Za-z0-9._=+/-]{0,127}"


def person_key(email: str | None, phone: str | None, secret: str) -> str | None:
    """HMAC-SHA256 (RFC 2104) of the normalised e-mail address, else telephone number: equal for the same person.

    Without the secret it can neither be reversed nor guessed; without a secret no key is made.

    >>> person_key("anna@example.ch", None, "s3cret") == person_key("anna@example.ch", "+41791234567", "s3cret")
    True
    >>> person_key("anna@example.ch", None, "") is None
    True
    """
    who = f"email:{email}" if email else f"phone:{phone}" if phone else ""
    if not who or not secret:
        return None
    return hmac.new(secret.encode(), who.encode(), hashlib.sha256).hexdigest()


def parse_visitor(value: object, field: str = "ga_client_id") -> str:
    """The GA4 client id, as the export's user_pseudo_id has it, from the id or from the _ga cookie.

    >>> parse_visitor("GA1.1.1234567890.1700000000")
    '1234567890.1700000000'

    Raises:
        InputError: this is no client id.
    """
    text = repr(value) if isinstance(value, float) else str(value).strip()
    cookie = re.fullmatch(_COOKIE, text)
    if cookie:
        return cookie[1]
    if isinstance(value, bool) or not re.fullmatch(_VISITOR, text):
        message = Message("reject.visitor", value=repr(text[:60]))
        raise InputError(message, field=field, value=value, remedy=Message("reject.visitor.remedy"))
    return text
