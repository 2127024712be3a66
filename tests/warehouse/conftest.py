"""A BigQuery emulator for the session."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.bigquery_emulator import emulated


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with emulated(tmp_path_factory.mktemp("emulator")) as url:
        yield url
