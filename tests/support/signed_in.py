"""Clients of a local desk: each signs in by a one-time link, as a person's browser does."""

from __future__ import annotations

import re

import requests

SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin"}
LINK = re.compile(r'id="link"[^>]*>([^<]+)<')


class SignedIn:
    """Clients of one desk, by person; the link for the next person comes from the one before."""

    def __init__(self, base: str, link: str) -> None:
        self.base, self._link = base, link
        self._sessions: dict[str, requests.Session] = {}

    def client(self, name: str) -> requests.Session:
        """The session of a person."""
        if name not in self._sessions:
            session = requests.Session()
            session.headers.update(SAME_ORIGIN)
            fields = {"key": self._link.partition("key=")[2], "name": name}
            entered = session.post(f"{self.base}/enter", data=fields, timeout=60, allow_redirects=False)
            assert entered.status_code == 303, entered.text
            page = session.post(f"{self.base}/settings/link", timeout=60).text
            match = LINK.search(page)
            assert match is not None, page
            self._link, self._sessions[name] = match[1].strip(), session
        return self._sessions[name]

    def read(self, name: str, path: str) -> requests.Response:
        """The answer that a person gets."""
        return self.client(name).get(self.base + path, timeout=120)
