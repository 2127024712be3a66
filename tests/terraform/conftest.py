"""One applied workspace for all tests of the infrastructure."""

from __future__ import annotations

import shutil

import pytest

from terraform import workspace


@pytest.fixture(scope="session")
def initialised(tmp_path_factory: pytest.TempPathFactory) -> workspace.Workspace:
    if shutil.which("terraform") is None:
        pytest.skip("terraform is not installed")
    if not workspace.OFFLINE.exists():
        pytest.skip("../shared/terraform-offline is not here, and nothing may be applied to Google")
    environment = workspace.offline_environment(tmp_path_factory.mktemp("terraform-offline"))
    return workspace.make(tmp_path_factory.mktemp("deployment"), environment)


@pytest.fixture(scope="session")
def applied(initialised: workspace.Workspace) -> list[dict]:
    return initialised.applied()
