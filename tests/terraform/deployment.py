"""A deployment that runs: its functions over HTTP, each behind a guard of its roles, and the world behind them."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from leadwerk.pipeline import extract
from leadwerk.pipeline.extract_messages import RequestedDays
from leadwerk.policy.load import parse
from leadwerk.settings import read
from leadwerk.simulation.crm_server import CrmServer
from leadwerk.warehouse.bigquery import BigQueryWarehouse
from leadwerk.warehouse.duckdb import DuckDBWarehouse
from leadwerk.warehouse.statement import from_text
from terraform.cloud import Cloud
from terraform.guard import Guard
from terraform.workspace import PROJECT

TOKEN = "for tests only"
NOW = datetime(2026, 4, 21, 10, tzinfo=UTC)
LATER = NOW + timedelta(days=12)
WEB_DAYS = [date(2026, 4, 14) + timedelta(days=i) for i in range(7)]
START_SECONDS = 60


@dataclass
class Deployment:
    """The running functions, by name."""

    cloud: Cloud
    crm: CrmServer
    guards: dict[str, list[Guard]] = field(default_factory=dict)
    urls: dict[str, str] = field(default_factory=dict)
    logs: dict[str, Path] = field(default_factory=dict)

    def call(self, function: str, body: dict[str, Any] | None = None, now: datetime = NOW) -> Any:
        """The answer to a POST; fails with the answer and the end of the log unless it is 200."""
        return self.post(function, {"now": now.isoformat(), **(body or {})})

    def post(self, function: str, body: Any) -> Any:
        request = urllib.request.Request(self.urls[function], json.dumps(body).encode())
        try:
            with urllib.request.urlopen(request, timeout=300) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as refused:
            log = self.logs[function].read_text()[-3000:]
            pytest.fail(f"{function}: {refused.code} {refused.read().decode()}\n{log}")

    def ask_crm(self, path: str, body: Any = None) -> Any:
        request = urllib.request.Request(
            self.crm.url + path,
            None if body is None else json.dumps(body).encode(),
            {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)


def modest_policy() -> str:
    """The shipped policy without rules about money and research, for a model of a small market then knows more, and
    with a workflow.
    """
    shipped = yaml.safe_load((PROJECT / "shared/leadwerk/policy/defaults/mortgage.yaml").read_text("utf-8"))
    points, unknown = shipped["points"], {"affordability", "collateral", "research"}
    points["groups"] = [group for group in points["groups"] if group["name"] not in unknown]
    points["rules"] = [rule for rule in points["rules"] if rule["group"] not in unknown]
    points["grades"] = {"a": 15, "b": 10, "c": 5}
    shipped["workflows"] = {
        "channels": [{"name": "sales", "kind": "slack"}],
        "rules": [
            {"name": "moved", "when": {"change": "stage_changed"}, "actions": [{"do": "message", "channel": "sales"}]}
        ],
    }
    return yaml.safe_dump(shipped, allow_unicode=True)


POLICY = modest_policy()


def account(function: str) -> str:
    return f"leadwerk-{function.replace('_', '-')}"


def backfill(cloud: Cloud, home: Path) -> None:
    """The activity of the months before, as earlier runs would have left it: the export of a week is enough to read."""
    local, policy = DuckDBWarehouse(home), parse(POLICY)
    days = RequestedDays(date(2026, 1, 1), WEB_DAYS[0] - timedelta(days=1))
    extract.run(local, policy, now=NOW, requested=days)
    rows = local.rows(from_text("SELECT * FROM leadwerk.activity_daily"), {})
    settings = read(cloud.settings("extract_features", "http://127.0.0.1", TOKEN))
    BigQueryWarehouse.from_settings(settings).append("activity_daily", rows)


def wait(running: Deployment, name: str) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        try:
            urllib.request.urlopen(f"{running.urls[name]}/health", timeout=2).close()
            return
        except OSError:
            time.sleep(0.1)
    pytest.fail(f"{name} did not start:\n{running.logs[name].read_text()[-3000:]}")
