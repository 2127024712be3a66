"""Identity-aware proxy: verifies the signed assertion that Google's proxy adds to each request.

X-Goog-Authenticated-User-Email is not signed: a caller that gets past the proxy could forge it, so it is not read.
Source: https://cloud.google.com/iap/docs/signed-headers-howto
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import msgspec
from msgspec import Struct

from leadwerk.web.door.public_keys import PublicKeys
from leadwerk.web.problem_document import NotSignedIn

ASSERTION = "X-Goog-IAP-JWT-Assertion"
ISSUER = "https://cloud.google.com/iap"
KEYS_URL = "https://www.gstatic.com/iap/verify/public_key"
CLOCK_SKEW_SECONDS = 30


class Claims(Struct, frozen=True):
    """The claims of a verified assertion about its person."""

    email: str
    iss: str


@dataclass
class AssertionVerifier:
    """Verifies assertions for `audience`; Google's keys at `keys_url` are read at most once an hour."""

    audience: str
    keys_url: str = KEYS_URL
    keys: PublicKeys = field(init=False)

    def __post_init__(self) -> None:
        self.keys = PublicKeys(self.keys_url)

    def email(self, headers: Mapping[str, str]) -> str:
        """The e-mail address of who sent the request.

        Raises:
            NotSignedIn: there is no assertion, or it is forged, expired or for another service.
            KeysUnavailable: Google's keys cannot be read.
        """
        from google.auth import exceptions, jwt

        assertion = headers.get(ASSERTION, "")
        if not assertion:
            raise _refusal("The request did not come through identity-aware proxy.")
        try:
            decode: Callable[..., object] = jwt.decode
            payload = decode(assertion, self.keys.current(), True, self.audience, CLOCK_SKEW_SECONDS)
            claims = msgspec.convert(payload, Claims)
        except (ValueError, exceptions.GoogleAuthError, msgspec.ValidationError) as error:
            raise _refusal("The assertion of identity-aware proxy is not valid.") from error
        # The signature proves Google, the audience this service; the issuer proves the proxy.
        if claims.iss != ISSUER:
            raise _refusal("The assertion does not come from identity-aware proxy.")
        return claims.email


def _refusal(message: str) -> NotSignedIn:
    return NotSignedIn(message, field=ASSERTION, remedy="Sign in with the account that may use the desk.")
