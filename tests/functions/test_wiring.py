"""Real objects from settings, and the error when a setting is missing."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from gcp_storage_emulator.server import create_server

import leadwerk.policy
from leadwerk import settings
from leadwerk.errors import ConfigurationError
from leadwerk.pipeline import wiring
from leadwerk.private_files import private_folder
from leadwerk.registry import FolderStore
from leadwerk.serve import free_ports
from leadwerk.warehouse.duckdb import DuckDBWarehouse
from leadwerk.warehouse.statement import from_text


@pytest.fixture
def storage() -> Iterator[str]:
    """Cloud Storage, emulated, for Google's own client."""
    (port,) = free_ports(1)
    server = create_server("127.0.0.1", port, in_memory=True, default_bucket="private")
    server.start()
    yield f"http://127.0.0.1:{port}"
    server.stop()


def settings_of(home: Path, **other: str) -> settings.Settings:
    return settings.read({"LEADWERK_HOME": str(home)} | {f"LEADWERK_{name}": value for name, value in other.items()})


def test_a_laptop_needs_no_setting_but_the_crms_token(tmp_path: Path) -> None:
    mine = settings_of(tmp_path)
    assert wiring.policy(mine).name == "mortgage"
    assert wiring.warehouse(mine).export_tables() == []
    assert wiring.registry(mine).champion() is None
    wiring.reports(mine).write("report.html", b"page")
    assert (tmp_path / "reports" / "report.html").read_bytes() == b"page"


def test_the_policy_and_the_reports_may_lie_in_a_bucket(tmp_path: Path, storage: str) -> None:
    cloud = settings_of(tmp_path, POLICY="gs://private/rules/policy.yaml", REPORTS="gs://private", STORAGE_URL=storage)
    with pytest.raises(ConfigurationError, match=r"gs://private/rules/policy\.yaml"):
        wiring.policy(cloud)
    text = (Path(leadwerk.policy.__file__).parent / "defaults" / "b2b_swiss.yaml").read_bytes()
    wiring.reports(cloud).write("rules/policy.yaml", text)
    assert wiring.policy(cloud) == wiring.policy(settings_of(tmp_path, POLICY="b2b_swiss"))


def test_a_process_has_one_warehouse_a_place_whoever_asks(tmp_path: Path) -> None:
    asking = [settings_of(tmp_path, CRM_TOKEN=str(number)) for number in range(16)]
    with ThreadPoolExecutor(8) as pool:
        assert len({id(opened) for opened in pool.map(wiring.warehouse, asking)}) == 1
    assert wiring.warehouse(settings_of(tmp_path / "other")) is not wiring.warehouse(asking[0])


def test_a_missing_token_names_setting_and_secret(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"LEADWERK_CRM_TOKEN.*leadwerk-crm-token"):
        wiring.crm(settings_of(tmp_path))


def test_a_secret_may_lie_in_a_file_and_its_own_setting_comes_first(tmp_path: Path) -> None:
    files = {}
    for name in ("CRM_TOKEN", "PERSON_KEY"):
        (tmp_path / name).write_text(f"{name} of the file\n")
        files[f"{name}_FILE"] = str(tmp_path / name)
    from_files = settings_of(tmp_path, **files)
    assert (from_files.crm_token, from_files.person_key) == ("CRM_TOKEN of the file", "PERSON_KEY of the file")
    assert settings_of(tmp_path, **files, CRM_TOKEN="its own").crm_token == "its own"


def test_a_secret_whose_file_cannot_be_read_names_setting_and_file(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    for file in (tmp_path / "nowhere", tmp_path, tmp_path / "binary"):
        with pytest.raises(ConfigurationError, match=rf"{file} of LEADWERK_CRM_TOKEN_FILE cannot be read.*secret"):
            settings_of(tmp_path, CRM_TOKEN_FILE=str(file))


def test_the_key_of_persons_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    mine = settings_of(tmp_path / "home")
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: wiring.person_key(mine), range(16)))
    assert len(keys) == 1
    file = tmp_path / "home" / wiring.PERSON_KEY_FILE
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [key_file.name for key_file in file.parent.iterdir()] == [wiring.PERSON_KEY_FILE]


def test_a_home_is_made_for_its_owner_only_whoever_makes_it(tmp_path: Path) -> None:
    homes = {name: tmp_path / name / "deep" / "home" for name in ("warehouse", "models", "key")}
    DuckDBWarehouse(homes["warehouse"]).rows(from_text("SELECT 1 AS one"), {})
    FolderStore(homes["models"] / "models").write("x/y", b"z")
    wiring.person_key(settings_of(homes["key"]))
    folders = [path for path in tmp_path.rglob("*") if path.is_dir()]
    assert {path.name for path in folders} >= {"deep", "home", "models", "x"}
    assert {path.stat().st_mode & 0o077 for path in folders if path.name in ("deep", "home")} == {0}


def test_a_folder_that_exists_stays_as_it_is(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    private_folder(tmp_path / "home")
    private_folder(tmp_path)
    assert (tmp_path.stat().st_mode & 0o777, (tmp_path / "home").stat().st_mode & 0o777) == (0o755, 0o700)


def test_a_given_key_is_taken_and_the_cloud_makes_none(tmp_path: Path) -> None:
    assert wiring.person_key(settings_of(tmp_path, PERSON_KEY="k")) == "k"
    cloud = settings_of(tmp_path, ENGINE="bigquery", PROJECT="p", GA4_DATASET="analytics_1")
    with pytest.raises(ConfigurationError, match="leadwerk-person-key"):
        wiring.person_key(cloud)


@pytest.mark.parametrize("rate", ["0", "-1", "fast", "inf", "nan"])
def test_a_rate_that_is_none_is_refused(tmp_path: Path, rate: str) -> None:
    with pytest.raises(ConfigurationError, match="LEADWERK_CRM_PER_SECOND"):
        settings_of(tmp_path, CRM_PER_SECOND=rate)
