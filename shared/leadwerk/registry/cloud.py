"""Cloud Storage as a store of models; the only module of the registry that imports Google's client."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from google.api_core.client_options import ClientOptions
from google.api_core.exceptions import Forbidden, GoogleAPIError, NotFound, PreconditionFailed
from google.auth.credentials import AnonymousCredentials
from google.auth.exceptions import GoogleAuthError
from google.cloud import storage
from google.cloud.storage.retry import DEFAULT_RETRY
from requests.exceptions import RequestException

from leadwerk.errors import ConfigurationError, RegistryUnavailable, WriteConflict
from leadwerk.registry.store import Blob
from leadwerk.texts.message import Message

TIMEOUT = 20.0
"""Seconds that one HTTP request may take."""

PATIENCE = DEFAULT_RETRY.with_timeout(60.0)
"""All attempts at one call together; the client's own default is two minutes, and elsewhere ten."""


class CloudStore:
    """Objects of a bucket under a prefix."""

    def __init__(self, bucket: str, prefix: str = "", *, endpoint: str = "") -> None:
        client = (
            storage.Client(
                project="emulator",
                credentials=AnonymousCredentials(),  # type: ignore[no-untyped-call]
                client_options=ClientOptions(api_endpoint=endpoint),
            )
            if endpoint
            else storage.Client()
        )
        self._bucket = client.bucket(bucket)
        self._prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""

    def read(self, name: str) -> Blob | None:
        """See `Store.read`; one request, whose answer has the generation that was read."""
        with self._answering(name):
            blob = self._bucket.blob(self._prefix + name)
            try:
                content = blob.download_as_bytes(timeout=TIMEOUT, retry=PATIENCE)
                if blob.generation is None:  # the answer of an emulator does not have it
                    blob.reload(timeout=TIMEOUT, retry=PATIENCE)
            except NotFound:
                return None
            return Blob(content, int(blob.generation or 0))

    def write(self, name: str, data: bytes, *, generation: int | None = None, content_type: str = "") -> None:
        """See `Store.write`."""
        with self._answering(name):
            self._bucket.blob(self._prefix + name).upload_from_string(
                data,
                content_type=content_type or "application/octet-stream",
                # Compare and swap in one request: two retrainings at once cannot both move the champion.
                if_generation_match=generation,
                timeout=TIMEOUT,
                retry=PATIENCE,
            )

    def delete(self, name: str) -> bool:
        """See `Store.delete`."""
        with self._answering(name):
            try:
                self._bucket.blob(self._prefix + name).delete(timeout=TIMEOUT, retry=PATIENCE)
            except NotFound:
                return False
            return True

    def names(self, prefix: str = "") -> list[str]:
        """See `Store.names`."""
        with self._answering(prefix):
            blobs = self._bucket.client.list_blobs(
                self._bucket, prefix=self._prefix + prefix, timeout=TIMEOUT, retry=PATIENCE
            )
            return sorted(blob.name.removeprefix(self._prefix) for blob in blobs)

    @contextmanager
    def _answering(self, name: str) -> Iterator[None]:
        """Say what Google's client raises in our own words."""
        place = f"gs://{self._bucket.name}/{self._prefix}{name}"
        try:
            yield
        except PreconditionFailed as error:
            raise WriteConflict(Message("refusal.store.changed", place=place)) from error
        except (Forbidden, NotFound, GoogleAuthError) as error:
            raise ConfigurationError(Message("refusal.store.forbidden", place=place, error=error)) from error
        except (GoogleAPIError, RequestException) as error:
            raise RegistryUnavailable(Message("refusal.store.unavailable", place=place, error=error)) from error
