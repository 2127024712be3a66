"""From the policy's segments to scores on every path, over the market that docs/score.md tells of."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
import requests

from leadwerk.cli.application import run
from leadwerk.errors import CorruptModel
from leadwerk.importing.table import read_table
from leadwerk.pipeline import rescore, retrain
from leadwerk.pipeline.bulk import remote_scoring
from leadwerk.pipeline.serving.champion_cache import ChampionCache
from leadwerk.policy.model import Policy
from leadwerk.registry import Registry, open_registry
from leadwerk.report.page import render
from leadwerk.serve import FunctionServers, serving
from leadwerk.warehouse.duckdb import DuckDBWarehouse
from leadwerk.warehouse.statement import from_text
from support import romandie
from support.romandie import DOCS, NOW

TODAY = NOW + timedelta(days=1)
AT = TODAY.isoformat()
OPEN = {
    "geneva": romandie.lead("geneva", NOW - timedelta(days=2), 0.5, 150_000.0, "CH-GE"),
    "zurich": romandie.lead("zurich", NOW - timedelta(days=2), 0.5, 150_000.0, "CH-ZH"),
    "nowhere": romandie.lead("nowhere", NOW - timedelta(days=2), 0.5, None, None),
}
SEGMENT = {"geneva": "romandie", "zurich": None, "nowhere": None}


@dataclass(frozen=True)
class Home:
    """A home whose champion was trained on the market, with three open leads."""

    folder: Path
    policy: Policy
    trained: retrain.RetrainReport

    @property
    def warehouse(self) -> DuckDBWarehouse:
        return DuckDBWarehouse(self.folder)

    @property
    def registry(self) -> Registry:
        return open_registry(str(self.folder / "models"))

    def scores(self) -> dict[str, dict[str, Any]]:
        rows = self.warehouse.rows(from_text("SELECT * FROM leadwerk.scores ORDER BY scored_at"), {})
        return {row["lead_id"]: row for row in rows}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    folder = tmp_path_factory.mktemp("romandie")
    (folder / "policy.yaml").write_text(romandie.policy_text(), encoding="utf-8")
    policy = romandie.policy()
    warehouse = romandie.filled(folder)
    trained = retrain.run(warehouse, policy, open_registry(str(folder / "models")), now=NOW)
    warehouse.append("leads", list(OPEN.values()))
    return Home(folder, policy, trained)


@pytest.fixture
def command(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("POLICY", "REGISTRY", "REPORTS", "CRM_TOKEN", "ENGINE"):
        monkeypatch.delenv(f"LEADWERK_{name}", raising=False)
    monkeypatch.setenv("LEADWERK_HOME", str(home.folder))
    monkeypatch.setenv("COLUMNS", "250")


@pytest.fixture(scope="module")
def servers(home: Home) -> Iterator[FunctionServers]:
    policy = {"LEADWERK_POLICY": str(home.folder / "policy.yaml"), "LEADWERK_CRM_TOKEN": ""}
    with serving(home.folder, names=["score"], crm=False, environment=policy) as running:
        yield running


def posted(servers: FunctionServers, body: dict[str, Any]) -> dict[str, Any]:
    answer = requests.post(servers.url("score"), json=body, timeout=60)
    assert answer.status_code == 200, answer.text
    reply: dict[str, Any] = answer.json()
    return reply


def test_the_example_of_the_documents_is_what_comes_out(home: Home) -> None:
    assert home.trained.promoted
    documented = {
        line.split("`")[1]: line for line in DOCS.splitlines() if re.match(r"\| `(romandie|weekend|large)` \|", line)
    }
    for trial in home.trained.segments:
        cells = [cell.strip() for cell in documented[trial.name].strip("|").split("|")]
        assert cells[1] == str(trial.test_rows)
        assert (cells[7].startswith("a model of its own")) == trial.serves == (trial.name == "romandie")
        if trial.own is None:
            assert f"{trial.train_converted} conversions to learn from, 30 are needed" in cells[7]
            continue
        documented_values = [float(cell) for cell in cells[2:6]]
        assert documented_values == pytest.approx(trial.compared(), abs=0.02)
        gain, error = (float(part.replace("−", "-")) for part in cells[6].split(" ± "))
        assert (gain, error) == pytest.approx((trial.gain, trial.error), abs=0.01)
    auc = {name: home.trained.metrics[name].auc.value for name in ("general", "challenger")}
    sentence = re.search(r"Over all leads the AUC rises from (0\.\d+) to (0\.\d+)", DOCS)
    assert sentence
    assert [float(trial) for trial in sentence.groups()] == pytest.approx([auc["general"], auc["challenger"]], abs=0.01)


def test_one_version_holds_all_and_says_what_was_tried(home: Home) -> None:
    files = home.registry.champion_files()
    assert files.manifest.segments == home.trained.segments
    assert [(trial.name, trial.serves) for trial in files.manifest.segments] == [
        ("romandie", True),
        ("weekend", False),
        ("large", False),
    ]
    segment_files = {name for name in files.manifest.files if name.startswith("segments/")}
    assert segment_files == {"segments/romandie/calibration.json", "segments/romandie/model.json"}
    assert home.registry.versions() == [files.version]


@pytest.mark.slow
def test_rescoring_stores_whose_model_scored(home: Home) -> None:
    scorer = ChampionCache(home.registry, home.policy).scorer()
    report = rescore.run(home.warehouse, home.policy, scorer, now=TODAY, stored_at=TODAY)
    assert report.leads == 3
    scores = home.scores()
    assert {lead: scores[lead]["segment"] for lead in OPEN} == SEGMENT
    assert all(scores[lead]["reasons"] for lead in OPEN)
    assert rescore.run(home.warehouse, home.policy, scorer, now=TODAY, stored_at=TODAY).stored == 0


@pytest.mark.slow
def test_the_same_lead_gets_the_same_score_on_every_path(home: Home, servers: FunctionServers) -> None:
    scorer = ChampionCache(home.registry, home.policy).scorer()
    rescore.run(home.warehouse, home.policy, scorer, now=TODAY, stored_at=TODAY)
    stored = home.scores()
    requests = [{"lead_id": lead} for lead in OPEN]
    together = posted(servers, {"now": AT, "leads": requests, "dry_run": True})["scores"]
    alone = [posted(servers, {"now": AT, **request, "dry_run": True})["scores"][0] for request in requests]
    for answer in (together, alone):
        assert [request["probability"] for request in answer] == [stored[lead]["probability"] for lead in OPEN]
        assert [request["segment"] for request in answer] == list(SEGMENT.values())
    for request, lead in zip(alone, OPEN, strict=True):
        assert [reason["contribution"] for reason in request["reasons"]] == pytest.approx(
            [reason["contribution"] for reason in stored[lead]["reasons"]]
        )


def test_a_form_of_a_dry_run_is_scored_by_the_segment_that_it_makes(servers: FunctionServers) -> None:
    form = {"created_at": AT, "loan_amount": 450_000, "property_value": 900_000, "income": 150_000}
    french, german = (
        posted(servers, {"now": AT, "lead_id": "new", "form": form | {"postcode": postcode}, "dry_run": True})[
            "scores"
        ][0]
        for postcode in ("1201", "8001")
    )
    assert (french["segment"], german["segment"]) == ("romandie", None)
    assert german["probability"] > 1.5 * french["probability"]  # who needs to borrow little


def test_bigquerys_calls_are_answered_by_each_rows_own_model(home: Home, servers: FunctionServers) -> None:
    features = {lead: json.loads(msgspec.json.encode(row, enc_hook=str)) for lead, row in _features(home).items()}
    calls = [[json.dumps(row)] for row in features.values()]
    replies = [json.loads(reply) for reply in posted(servers, {"calls": calls})["replies"]]
    assert {reply["lead_id"]: reply["segment"] for reply in replies} == SEGMENT
    local = remote_scoring.run(ChampionCache(home.registry, home.policy).scorer(), home.policy, calls)
    assert [json.loads(reply)["probability"] for reply in local.replies] == [reply["probability"] for reply in replies]


def _features(home: Home) -> dict[str, dict[str, Any]]:
    from leadwerk.pipeline.leads.features import features_statement, scoring_parameters

    parameters = scoring_parameters(home.policy, list(OPEN), [], TODAY)
    return {row["lead_id"]: row for row in home.warehouse.rows(features_statement(home.policy), parameters)}


@pytest.mark.slow
def test_the_command_line_says_whose_model_it_was(
    home: Home, command: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["score", "geneva", "--now", AT, "--dry-run", "--output-language", "en"]) == 0
    assert "scored by the model of the segment romandie" in capsys.readouterr().out
    assert run(["score", "zurich", "--now", AT, "--dry-run", "--output-language", "en"]) == 0
    assert "of the segment" not in capsys.readouterr().out
    source, target = tmp_path / "new.csv", tmp_path / "scored.csv"
    source.write_text("lead_id,loan_amount,postcode,country\n1,450000,1003,CH\n2,450000,3011,CH\n", encoding="utf-8")
    assert run(["score", "--csv", str(source), "--out", str(target), "--now", AT]) == 0
    assert read_table(target).values("segment") == ["romandie", ""]
    capsys.readouterr()
    assert run(["models", "show"]) == 0
    output = " ".join(capsys.readouterr().out.split())
    assert "Segments" in output and "romandie own model" in output
    assert run(["models", "show", "--json"]) == 0
    assert [segment["name"] for segment in json.loads(capsys.readouterr().out)["segments"]] == [
        "romandie",
        "weekend",
        "large",
    ]


@pytest.mark.slow
def test_retrain_prints_the_trials_and_compares_a_segmented_champion_as_it_serves(
    home: Home, command: None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["retrain", "--now", AT]) == 0
    output = " ".join(capsys.readouterr().out.split())
    assert f"{home.trained.model_version} stays: only 0 conversions are new since it was trained" in output
    assert "Segments, out of time" in output
    assert "14 of its leads converted in the training period, 30 are needed there" in output


@pytest.mark.slow
def test_an_older_champion_is_judged_with_its_models_of_segments(home: Home, tmp_path: Path) -> None:
    registry = open_registry(str(tmp_path / "models"))
    few = msgspec.structs.replace(home.policy.training, trees=60)
    policy, bare = (
        msgspec.structs.replace(former, training=few) for former in (home.policy, romandie.policy("segments: []\n"))
    )
    early = retrain.run(home.warehouse, policy, registry, now=NOW - timedelta(days=60))
    assert early.segments[0].serves, early.segments
    late = retrain.run(home.warehouse, bare, registry, now=NOW)
    assert late.segments == []
    assert late.metrics["champion"].rows > 0
    assert not late.promoted, late.reason  # the general model alone is worse than a champion with models of segments
    assert f"{early.model_version} stays, it is better" in late.reason


def test_a_damaged_file_of_a_segment_is_refused(home: Home, tmp_path: Path) -> None:
    copy = open_registry(str(tmp_path / "models"))
    files = home.registry.champion_files()
    version = copy.save(files.files, files.manifest)
    assert version == files.version
    file = tmp_path / "models" / version / "segments" / "romandie" / "model.json"
    file.write_bytes(file.read_bytes().replace(b"1", b"2", 1))
    with pytest.raises(CorruptModel, match=r"segments/romandie/model\.json of model .* is damaged"):
        copy.load(version)


@pytest.mark.parametrize(("language", "sentence"), [("de", "Wochenende"), ("fr", "Week-end"), ("it", "Fine settimana")])
def test_the_report_shows_every_segment_in_its_language(home: Home, language: Any, sentence: str) -> None:
    from leadwerk.pipeline.report import gather

    facts = gather(home.warehouse, home.policy, home.registry, now=TODAY)
    page = render(facts, language)
    assert sentence in page
    assert 'id="segments"' in page
    quality = home.trained.segments[0].own
    assert quality is not None and quality.auc is not None
    assert f"{quality.auc:.3f}" in page or f"{quality.auc:.3f}".replace(".", ",") in page


def test_a_policy_without_segments_has_no_such_section(home: Home) -> None:
    from leadwerk.pipeline.report import gather

    facts = gather(home.warehouse, home.policy, open_registry(str(home.folder / "none")), now=TODAY)
    assert 'id="segments"' not in render(facts, "en")
