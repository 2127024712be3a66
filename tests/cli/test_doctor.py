"""`leadwerk doctor` on deliveries: what waits, why, and the command that helps."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from leadwerk.cli.application import run
from leadwerk.warehouse.duckdb import DuckDBWarehouse
from support.export_rows import write_export
from support.selling import NOW, lead, score, warehouse


def delivery(lead_id: str, state: str, http_status: int | None) -> dict[str, Any]:
    row = {"delivery_id": f"d-{lead_id}", "score_id": score(lead_id)["score_id"], "lead_id": lead_id}
    times = {"day": NOW.date(), "attempted_at": NOW, "attempt": 1}
    return row | times | {"state": state, "http_status": http_status, "error": "refused"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("state", "http_status", "deliveries", "remedy"),
    [
        ("retry", 404, "1 waiting, 0 dead letters; of 1 the lead is not in the CRM", "`leadwerk ingest`"),
        ("dead_letter", 404, "0 waiting, 1 dead letters; of 1 the lead is not in the CRM", "`leadwerk ingest`"),
        ("dead_letter", 422, "0 waiting, 1 dead letters", "`leadwerk deliver --retry-dead-letters`"),
        ("retry", 503, "1 waiting, 0 dead letters", "`leadwerk deliver`"),
        ("repair", None, "1 waiting, 0 dead letters", "`leadwerk deliver`"),
        ("sent", 200, "1 sent, 0 waiting, 0 dead letters", ""),
    ],
)
def test_deliveries_name_what_helps(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    state: str,
    http_status: int | None,
    deliveries: str,
    remedy: str,
) -> None:
    monkeypatch.setenv("LEADWERK_HOME", str(tmp_path))
    monkeypatch.setenv("LEADWERK_POLICY", "b2b_swiss")
    monkeypatch.delenv("LEADWERK_CRM_TOKEN", raising=False)
    warehouse(tmp_path, leads=[lead("1")], scores=[score("1")], deliveries=[delivery("1", state, http_status)])
    run(["doctor", "--json", "--now", NOW.isoformat()])
    links = {link["link"]: link for link in json.loads(capsys.readouterr().out)}
    assert links["deliveries"]["summary"].endswith(deliveries)
    assert remedy in links["deliveries"]["remedy"]


@pytest.mark.slow
def test_an_export_that_forgets_is_named_with_what_helps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As in a project that was once a BigQuery sandbox: history goes after 60 days, and nothing says so."""
    monkeypatch.setenv("LEADWERK_HOME", str(tmp_path))
    monkeypatch.delenv("LEADWERK_CRM_TOKEN", raising=False)
    write_export(tmp_path, {f"{NOW:%Y%m%d}": []})

    def export_link() -> dict[str, Any]:
        run(["doctor", "--json", "--now", NOW.isoformat()])
        return next(link for link in json.loads(capsys.readouterr().out) if link["link"] == "GA4 export")

    assert export_link()["verdict"] == "good"
    monkeypatch.setattr(DuckDBWarehouse, "export_lifetime", lambda _: timedelta(days=60))
    assert export_link()["summary"].endswith("each deleted after 60 days")
    assert "expiration" in export_link()["remedy"]


@pytest.mark.slow
def test_the_remedy_for_rows_that_stayed_too_long_helps_without_a_crm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LEADWERK_HOME", str(tmp_path))
    monkeypatch.setenv("LEADWERK_POLICY", "b2b_swiss")
    monkeypatch.delenv("LEADWERK_CRM_TOKEN", raising=False)
    long_ago = NOW - timedelta(days=4000)
    read = {"lead_id": "1", "reader": "mila", "day": long_ago.date(), "read_at": long_ago}
    warehouse(tmp_path, leads=[lead("1")], lead_reads=[read])

    def privacy_link() -> dict[str, Any]:
        run(["doctor", "--json", "--now", NOW.isoformat()])
        return next(link for link in json.loads(capsys.readouterr().out) if link["link"] == "privacy")

    late = privacy_link()
    assert late["verdict"] == "look" and "lead_reads" in late["summary"]
    [command] = re.findall("`leadwerk (.+?)`", late["remedy"])
    assert run(command.split()) == 0
    assert "lead_reads" in capsys.readouterr().out
    assert privacy_link()["verdict"] == "good"
