"""`leadwerk doctor` on deliveries: what waits, why, and the command that helps."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from leadwerk.cli.application import run
from pipeline.selling import NOW, lead, score, warehouse


def delivery(lead_id: str, state: str, http_status: int | None) -> dict[str, Any]:
    row = {"delivery_id": f"d-{lead_id}", "score_id": score(lead_id)["score_id"], "lead_id": lead_id}
    times = {"day": NOW.date(), "attempted_at": NOW, "attempt": 1}
    return row | times | {"state": state, "http_status": http_status, "error": "refused"}


@pytest.mark.parametrize(
    ("state", "http_status", "found", "remedy"),
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
    found: str,
    remedy: str,
) -> None:
    monkeypatch.setenv("LEADWERK_HOME", str(tmp_path))
    monkeypatch.setenv("LEADWERK_POLICY", "b2b_swiss")
    monkeypatch.delenv("LEADWERK_CRM_TOKEN", raising=False)
    warehouse(tmp_path, leads=[lead("1")], scores=[score("1")], deliveries=[delivery("1", state, http_status)])
    run(["doctor", "--json", "--now", NOW.isoformat()])
    links = {link["link"]: link for link in json.loads(capsys.readouterr().out)}
    assert links["deliveries"]["found"].endswith(found)
    assert remedy in links["deliveries"]["remedy"]
