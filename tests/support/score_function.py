"""A process of the function score over one home."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from leadwerk.serve import serving
from leadwerk.warehouse.duckdb import DuckDBWarehouse
from leadwerk.warehouse.statement import from_text
from support.example_leads import NOW

AT = {"now": NOW.isoformat()}


@dataclass(frozen=True)
class Function:
    """A running `score` and the home that it works in."""

    url: str
    home: Path

    def post(self, body: Any) -> tuple[int, dict[str, Any], str]:
        """Status, JSON and content type of the answer; bytes are sent as they are."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        request = urllib.request.Request(self.url, data, {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, json.load(answer), answer.headers["Content-Type"]
        except urllib.error.HTTPError as refused:
            return refused.code, json.load(refused), refused.headers["Content-Type"]

    def scores(self, body: dict[str, Any]) -> list[dict[str, Any]]:
        status, answer, _ = self.post(AT | body)
        assert status == 200, answer
        return answer["scores"]

    def tables(self) -> list[list[dict[str, Any]]]:
        warehouse = DuckDBWarehouse(self.home)
        return [
            warehouse.rows(from_text(f"SELECT * FROM leadwerk.{name} ORDER BY lead_id"), {})
            for name in ("leads", "identities", "scores", "deliveries")
        ]


def running(home: Path, **environment: str) -> Any:
    settings = {"LEADWERK_POLICY": "mortgage", "LEADWERK_CRM_TOKEN": "", "LEADWERK_SIMULATION": "1", **environment}
    return _Running(home, settings)


class _Running:
    def __init__(self, home: Path, environment: dict[str, str]) -> None:
        self.home = home
        self.serving = serving(home, names=["score"], crm=False, environment=environment)

    def __enter__(self) -> Function:
        return Function(self.serving.__enter__().url("score"), self.home)

    def __exit__(self, *error: Any) -> None:
        self.serving.__exit__(*error)
