"""docs/workflows.md: its example is a right policy, its tables list what there is, a trial shows what it says."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from leadwerk.cli.application import run
from leadwerk.pipeline.workflows.outgoing_texts import EVENT_TYPES
from leadwerk.policy.load import shipped_text
from leadwerk.policy.workflows import ActionKind, ChangeKind, ChannelKind
from leadwerk.warehouse.duckdb import DuckDBWarehouse
from leadwerk.warehouse.statement import from_text
from support.standins.frame import serving
from support.workflow_market import MINUTE, NOW, becomes_hot
from support.workflow_receivers import ReceiverStandIn, texts

DOCS = (Path(__file__).parents[3] / "docs" / "workflows.md").read_text("utf-8")
(EXAMPLE,) = re.findall(r"```yaml\n(.*?)```", DOCS, re.DOTALL)
SELLERS = "capacity:\n  sellers:\n    - {name: anna, hours_per_week: 20}\n"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shipped = shipped_text("b2b_swiss")
    text = re.sub(r"(?ms)^capacity:.*?(?=^\w)", SELLERS, shipped) if "\ncapacity:" in shipped else shipped + SELLERS
    (tmp_path / "policy.yaml").write_text(text + "\n" + EXAMPLE, encoding="utf-8")
    monkeypatch.setenv("LEADWERK_HOME", str(tmp_path))
    monkeypatch.setenv("LEADWERK_SIMULATION", "1")
    monkeypatch.setenv("LEADWERK_PRIVATE_RECEIVERS", "1")
    return tmp_path


@pytest.fixture
def standin(monkeypatch: pytest.MonkeyPatch) -> Iterator[ReceiverStandIn]:
    with serving(ReceiverStandIn()) as served:
        assert isinstance(served, ReceiverStandIn)
        monkeypatch.setenv("LEADWERK_CHANNELS", json.dumps({"sales": f"{served.url}/chat"}))
        yield served


def actions(home: Path) -> list[str]:
    rows = DuckDBWarehouse(home).rows(from_text("SELECT state FROM leadwerk.workflow_actions ORDER BY state"), {})
    return [row["state"] for row in rows]


def test_the_tables_list_every_change_action_channel_and_event() -> None:
    for name in (*get_args(ChangeKind), *get_args(ActionKind), *get_args(ChannelKind), *EVENT_TYPES.values()):
        assert f"`{name}`" in DOCS, name


def test_a_trial_shows_each_workflow_in_every_language_and_stores_nothing(
    home: Path, standin: ReceiverStandIn, capsys: pytest.CaptureFixture[str]
) -> None:
    becomes_hot(DuckDBWarehouse(home), "102938", NOW)
    assert run(["workflow", "test", "102938", "--now", (NOW + MINUTE).isoformat(), "--json"]) == 0
    trials = json.loads(capsys.readouterr().out)
    assert [entry["workflow"] for entry in trials] == [
        "hot", "hot", "romandie", "romandie", "forgotten", "everything",
    ]  # fmt: skip
    assert [entry["is_meant"] for entry in trials] == [True, True, False, False, True, True]
    assert {language: written[0] for language, written in trials[0]["texts"].items()} == {
        "de": "Lead 102938 ist jetzt heiss (Score 88)",
        "fr": "Le lead 102938 est chaud (score 88)",
        "it": "Il lead 102938 è ora caldo (punteggio 88)",
        "en": "Lead 102938 is hot now (score 88)",
    }
    assert trials[1]["due_at"] == "2026-03-03T11:01:00Z"
    assert trials[4]["texts"]["fr"][0] == "anna : le lead 102938 attend"
    assert not standin.messages
    assert actions(home) == []


def test_a_trial_that_sends_says_how_it_ended(
    home: Path, standin: ReceiverStandIn, capsys: pytest.CaptureFixture[str]
) -> None:
    becomes_hot(DuckDBWarehouse(home), "102938", NOW)
    assert run(["workflow", "test", "102938", "--now", NOW.isoformat(), "--send", "--json"]) == 0
    results = [entry["result"] for entry in json.loads(capsys.readouterr().out)]
    assert results[:4] == ["sent", "not carried out in a trial", "", ""]
    assert all("LEADWERK_CHANNELS" in result for result in results[4:])
    assert texts(standin)[0].startswith("*Lead 102938 ist jetzt heiss")
    assert run(["workflow", "test", "102938", "--now", NOW.isoformat()]) == 0
    assert "hot: message sales" in capsys.readouterr().out
    assert actions(home) == []


def test_an_unknown_lead_is_named_with_a_remedy(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["workflow", "test", "7"]) == 2
    error = capsys.readouterr().err
    assert "Lead 7 has no score." in error
    assert "Run `leadwerk rescore` first." in error


@pytest.mark.slow
def test_run_and_replay_report_what_they_did(
    home: Path, standin: ReceiverStandIn, capsys: pytest.CaptureFixture[str]
) -> None:
    def command(*words: str, minutes: int) -> dict[str, object]:
        assert run(["workflow", *words, "--now", (NOW + minutes * MINUTE).isoformat(), "--json"]) == 0
        report: dict[str, object] = json.loads(capsys.readouterr().out)
        return report

    command("run", minutes=0)
    becomes_hot(DuckDBWarehouse(home), "102938", NOW + MINUTE)
    standin.status = 400
    report = command("run", minutes=5)
    assert (report["decided"], report["dead_letter"], report["pending"]) == (2, 1, 1)
    assert "CRM" in str(report["stopped"])
    standin.status = 200
    assert command("replay", "--channel", "sales", minutes=6)["sent"] == 1
    assert actions(home) == ["dead_letter", "pending", "pending", "sent"]
