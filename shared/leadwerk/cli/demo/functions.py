"""The functions and the CRM as the demo calls them: over HTTP, like anybody else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Any

from leadwerk.errors import CRMUnavailable, LeadwerkError
from leadwerk.serve import FunctionServers

SECONDS = 900.0  # a training takes minutes where others use the machine
ATTEMPTS = 30  # of a stage against a CRM that fails now and then


class FunctionFailed(LeadwerkError):
    """A function answered with an error; says which and with what."""


class Functions:
    """Functions by name; `now` is the simulated moment that every call carries."""

    def __init__(self, servers: FunctionServers) -> None:
        import requests

        self._servers, self._session = servers, requests.Session()
        self._crm = {"Authorization": f"Bearer {servers.environment['LEADWERK_CRM_TOKEN']}"}

    def call(self, name: str, now: datetime, **body: Any) -> dict[str, Any]:
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
        report: dict[str, Any] = answer.json()
        return report

    def call_with_retry(self, name: str, now: datetime, **body: Any) -> dict[str, Any]:
        """Call a function again while the CRM makes it fail: each call goes on where the one before stopped."""
        for _ in range(ATTEMPTS):
            try:
                return self.call(name, now, **body)
            except CRMUnavailable:
                continue
        return self.call(name, now, **body)

    def page(self, name: str) -> str:
        """GET a function's page."""
        answer = self._session.get(self._servers.url(name), timeout=SECONDS)
        answer.raise_for_status()
        return answer.text

    def crm(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """Ask the CRM (GET), or tell it something (POST with a body)."""
        url = self._servers.url("crm") + path
        method = "GET" if body is None else "POST"
        answer = self._session.request(method, url, json=body, headers=self._crm, timeout=SECONDS)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    def crm_leads(self, lead_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        """What the CRM holds of each lead."""
        return {lead_id: self.crm(f"/api/v1/leads/{lead_id}") for lead_id in lead_ids}
