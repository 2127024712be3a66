"""Processes of the function desk over one home, and what a client sends them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import requests

from leadwerk.serve import serving
from support.selling import NOW

AT = NOW.isoformat()
SIMULATED = {"LEADWERK_POLICY": "b2b_swiss", "LEADWERK_SIMULATION": "1"}


@contextmanager
def desks(home: Path, count: int = 1, **environment: str) -> Iterator[list[str]]:
    """URLs of so many processes of the function desk over one home."""
    with ExitStack() as stack:
        started = [
            stack.enter_context(serving(home, names=["desk"], crm=False, environment=SIMULATED | environment))
            for _ in range(count)
        ]
        yield [servers.url("desk") for servers in started]


def get(url: str, path: str, **fields: Any) -> requests.Response:
    """What the desk answers at NOW."""
    return requests.get(url + path, params={"now": AT, **fields}, timeout=60)


def pick(url: str, lead_id: str, seller: str, action: str = "pick", **body: Any) -> requests.Response:
    """A seller's pick or release at NOW."""
    place = f"{url}/leads/{quote(lead_id, safe='')}/{action}"
    return requests.post(place, json={"now": AT, "seller": seller, **body}, timeout=60)
