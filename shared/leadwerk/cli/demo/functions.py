"""The functions and the CRM as the demo calls them: over HTTP, like anybody else."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any, TypeVar

import msgspec

from leadwerk.errors import CRMUnavailable, LeadwerkError
from leadwerk.serve import FunctionServers

R = TypeVar("R")
# A training takes minutes on a machine that others use.
SECONDS = 900.0
# The demo's CRM fails now and then, as real ones do: a stage gets several attempts.
ATTEMPTS = 30


class FunctionFailed(LeadwerkError):
    """A function answered with an error; says which and with what."""


class Functions:
    """Functions by name; `now` is the simulated moment that every call carries."""

    def __init__(self, servers: FunctionServers) -> None:
        import requests

        self._servers, self._session = servers, requests.Session()
        self._crm = {"Authorization": f"Bearer {servers.environment['LEADWERK_CRM_TOKEN']}"}

    def call(self, name: str, now: datetime, reply: type[R], **body: Any) -> R:
        """POST to a function and return its report.

        Raises:
            FunctionFailed: it answered with an error that repeating does not help.
            CRMUnavailable: it answered 503: the same call may succeed later.
        """
        answer = self._session.post(self._servers.url(name), json={**body, "now": now.isoformat()}, timeout=SECONDS)
        if answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE:
            raise CRMUnavailable(f"{name} says: try again.", status=answer.status_code)
        if not answer.ok:
            raise FunctionFailed(
                f"The function {name} answered {answer.status_code}: {answer.text[:500]}",
                remedy=f"See {self._servers.running[name].log}.",
            )
        return msgspec.json.decode(answer.content, type=reply)

    def call_with_retry(self, name: str, now: datetime, reply: type[R], **body: Any) -> R:
        """Call a function again while the CRM makes it fail: each call goes on where the one before stopped."""
        for _ in range(ATTEMPTS):
            try:
                return self.call(name, now, reply, **body)
            except CRMUnavailable:
                continue
        return self.call(name, now, reply, **body)

    def page(self, name: str) -> str:
        """GET a function's page."""
        answer = self._session.get(self._servers.url(name), timeout=SECONDS)
        answer.raise_for_status()
        return answer.text

    def set_crm(self, path: str, settings: Mapping[str, object]) -> None:
        """Change settings of the local CRM, such as its clock."""
        url = self._servers.url("crm") + path
        self._session.post(url, json=settings, headers=self._crm, timeout=SECONDS).raise_for_status()

    def read_crm(self, path: str, reply: type[R]) -> R:
        """GET from the CRM."""
        answer = self._session.get(self._servers.url("crm") + path, headers=self._crm, timeout=SECONDS)
        answer.raise_for_status()
        return msgspec.json.decode(answer.content, type=reply)
