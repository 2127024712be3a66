"""The workspace that the tests of the infrastructure share: initialised, applied, and in emulators."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from leadwerk.serve import free_ports
from support.bigquery_emulator import emulated
from terraform import workspace
from terraform.cloud import Cloud


@pytest.fixture(scope="session")
def initialised(tmp_path_factory: pytest.TempPathFactory) -> workspace.Workspace:
    if shutil.which("terraform") is None:
        pytest.skip("terraform is not installed")
    folder = tmp_path_factory.mktemp("deployment")
    if workspace.OFFLINE.exists():
        return workspace.make(folder, workspace.offline_environment(tmp_path_factory.mktemp("terraform-offline")))
    environment = workspace.real_environment()
    if environment is None:
        pytest.skip("neither ../shared/terraform-offline is here, nor does registry.terraform.io answer")
    return workspace.make(folder, environment, mock=True)


@pytest.fixture(scope="session")
def deployed(initialised: workspace.Workspace) -> workspace.Workspace:
    """What is applied; its state lets a plan know all but what is changed."""
    initialised.applied()
    return initialised


@pytest.fixture(scope="session")
def resources(deployed: workspace.Workspace) -> list[dict]:
    return deployed.applied_resources()


@pytest.fixture(scope="session")
def cloud(resources: list[dict], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """What Terraform applied, in emulators of BigQuery and Cloud Storage."""
    pytest.importorskip("bqemulator")
    from gcp_storage_emulator.server import create_server

    [port] = free_ports(1)
    storage = create_server("127.0.0.1", port, in_memory=True)
    storage.start()
    try:
        program = [str(Path(__file__).with_name("emulator.py"))]
        with emulated(tmp_path_factory.mktemp("emulator"), program) as bigquery_url:
            built = Cloud(resources, bigquery_url, f"http://127.0.0.1:{port}", tmp_path_factory.mktemp("secrets"))
            built.build()
            yield built
    finally:
        storage.stop()
