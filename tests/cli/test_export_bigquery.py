"""`leadwerk models export-bigquery`: what BigQuery ML needs, in a folder or in Cloud Storage."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from leadwerk.cli.application import run
from leadwerk.policy.load import load
from leadwerk.registry import open_registry, open_store
from leadwerk.serve import free_ports
from scoring import models, world
from scoring.world import NOW
from sql.imported_model import created

POLICY = load("mortgage")
NAMES = ["create_model.sql", "model/model.json", "rescore.sql"]


@pytest.fixture
def version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The champion of a home that the commands find by themselves."""
    for name in ("POLICY", "REGISTRY", "REPORTS", "ENGINE", "STORAGE_URL"):
        monkeypatch.delenv(f"LEADWERK_{name}", raising=False)
    monkeypatch.setenv("LEADWERK_HOME", str(tmp_path / "home"))
    return world.champion(tmp_path / "home", POLICY)[1].version


def exported(place: str, *arguments: str) -> int:
    return run(["models", "export-bigquery", *arguments, "--out", place, "--now", NOW.isoformat()])


def test_a_folder_gets_the_model_and_its_sql(version: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert exported(str(tmp_path / "out")) == 0
    assert "YOUR-BUCKET" in capsys.readouterr().out
    store = open_store(str(tmp_path / "out" / version))
    assert store.names() == NAMES
    names = json.loads((tmp_path / "out" / version / "model" / "model.json").read_bytes())["learner"]["feature_names"]
    model = created((tmp_path / "out" / version / "create_model.sql").read_text())
    assert [name for name, _ in model.inputs] == names
    assert model.options["MODEL_PATH"] == f"gs://YOUR-BUCKET/{version}/model/*"
    rescoring = (tmp_path / "out" / version / "rescore.sql").read_text()
    assert f"ML.PREDICT(MODEL {'.'.join(model.name)}," in rescoring
    assert "TIMESTAMP '2026-05-04 09:30:00.000000+00'" in rescoring


def test_cloud_storage_gets_it_where_create_model_looks(version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    server = pytest.importorskip("gcp_storage_emulator.server")
    [port] = free_ports(1)
    storage = server.create_server("127.0.0.1", port, in_memory=True, default_bucket="bucket")
    storage.start()
    try:
        monkeypatch.setenv("LEADWERK_STORAGE_URL", f"http://127.0.0.1:{port}")
        assert exported("gs://bucket/for bigquery/") == 0
        store = open_store(f"gs://bucket/for bigquery/{version}", f"http://127.0.0.1:{port}")
        assert store.names() == NAMES
        model = created(store.read("create_model.sql").data.decode())
        assert model.options["MODEL_PATH"] == f"gs://bucket/for bigquery/{version}/model/*"
    finally:
        storage.stop()


def test_another_version_than_the_champion_is_exported_by_name(version: str, tmp_path: Path) -> None:
    registry = open_registry(str(tmp_path / "home" / "models"))
    made = models.files(POLICY, seed=8)
    other = registry.save(made.files, made.manifest)
    assert exported(str(tmp_path / "out"), other) == 0
    assert [path.name for path in (tmp_path / "out").iterdir()] == [other]


def test_the_registry_is_left_as_it_was(version: str, tmp_path: Path) -> None:
    def registry() -> dict[str, bytes]:
        return {str(path): path.read_bytes() for path in (tmp_path / "home" / "models").rglob("*.*")}

    before = registry()
    assert exported(str(tmp_path / "out")) == 0
    assert registry() == before


def test_a_regression_is_refused_and_nothing_is_written(
    version: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = models.linear_files(POLICY)
    line = open_registry(str(tmp_path / "home" / "models")).save(made.files, made.manifest)
    assert exported(str(tmp_path / "out"), line) == 2
    assert "leadwerk.score" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
