"""Tokens of Pub/Sub's push: proof that Google sends a message in the name of the account that was set up for it.

Source: https://cloud.google.com/pubsub/docs/authenticate-push-subscriptions
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import msgspec
from msgspec import Struct

from leadwerk.web.door.public_keys import PublicKeys
from leadwerk.web.problem_document import NotSignedIn

ISSUERS = frozenset({"https://accounts.google.com", "accounts.google.com"})
CLOCK_SKEW_SECONDS = 30


class PushClaims(Struct, frozen=True):
    """What a verified token says of its sender."""

    iss: str
    email: str
    email_verified: bool = False


@dataclass
class PushTokenVerifier:
    """Verifies tokens for `audience` in the name of `account` (the e-mail address of a service account)."""

    audience: str
    account: str
    keys_url: str
    keys: PublicKeys = field(init=False)

    def __post_init__(self) -> None:
        self.keys = PublicKeys(self.keys_url)

    def check(self, headers: Mapping[str, str]) -> None:
        """Check the bearer token of a request.

        Raises:
            NotSignedIn: there is no token, or it is forged, expired, for another service or of another account.
            KeysUnavailable: Google's keys cannot be read.
        """
        from google.auth import exceptions, jwt

        scheme, _, token = headers.get("Authorization", "").partition(" ")
        if scheme.casefold() != "bearer" or not token or not self.audience or not self.account:
            raise _refused("The message carries no token, or none is expected here.")
        try:
            decode: Callable[..., object] = jwt.decode
            payload = decode(token, self.keys.current(), True, self.audience, CLOCK_SKEW_SECONDS)
            claims = msgspec.convert(payload, PushClaims)
        except (ValueError, exceptions.GoogleAuthError, msgspec.ValidationError) as error:
            raise _refused("The message's token is not valid.") from error
        if claims.iss not in ISSUERS or claims.email != self.account or not claims.email_verified:
            raise _refused("The message's token is not that of the account that pushes here.")


def _refused(message: str) -> NotSignedIn:
    remedy = "Set LEADWERK_PUSH_AUDIENCE and LEADWERK_PUSH_ACCOUNT to those of the push subscription."
    return NotSignedIn(message, field="Authorization", remedy=remedy)
