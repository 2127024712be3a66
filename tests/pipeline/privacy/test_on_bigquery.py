"""Erasure, access and export on the BigQuery double: the same statements by Google's client."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from leadwerk.pipeline.desk.outcome_counts import outcome_counts
from leadwerk.pipeline.desk.picks import Picks
from leadwerk.pipeline.policies.policy_store import PolicyStore
from leadwerk.pipeline.policies.shared_draft import DraftStore
from leadwerk.pipeline.privacy.access import access
from leadwerk.pipeline.privacy.erase import ErasurePlaces, erase, sweep
from leadwerk.pipeline.transfer.export import TransferPlaces, export
from leadwerk.pipeline.transfer.fill import fill as move
from leadwerk.pipeline.uploads import Uploads
from leadwerk.policy.load import load, shipped_text
from leadwerk.registry import FolderStore, open_registry
from leadwerk.report.results.outcome_counts import Totals, totals
from leadwerk.warehouse import schema
from leadwerk.warehouse.bigquery import BigQueryWarehouse
from leadwerk.warehouse.duckdb import DuckDBWarehouse
from support.bigquery_emulator import emulated
from support.cloud_warehouse import cloud_warehouse
from support.homes import home_warehouse
from support.person_rows import ANNA, BEAT, ERASED_AT, SECRET, fill, places_naming

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]
ALL_PLACES = [table.name for table in schema.tables_of_persons() for _ in table.privacy.subject]


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with emulated(tmp_path_factory.mktemp("emulator")) as address:
        yield address


@pytest.fixture
def warehouse(url: str, request: pytest.FixtureRequest) -> BigQueryWarehouse:
    dataset = f"privacy_{abs(hash(request.node.name))}"
    filled = cloud_warehouse(url, dataset)
    fill(filled, ANNA, BEAT)
    return filled


def test_a_person_is_erased_and_only_they(warehouse: BigQueryWarehouse, tmp_path: Path) -> None:
    picks = Picks(warehouse, load("mortgage"), FolderStore(tmp_path / "picks"))
    place = ErasurePlaces(
        warehouse,
        picks,
        open_registry(str(tmp_path / "models")),
        Uploads.of_home(tmp_path),
        DraftStore(FolderStore(tmp_path / "reports")),
        SECRET,
    )
    answer = access(warehouse, load("mortgage"), ANNA.visitor, secret=SECRET, now=ERASED_AT)
    assert {part.table for part in answer.tables} == set(ALL_PLACES)

    def results() -> Totals:
        counts = outcome_counts(warehouse, load("mortgage"), now=ERASED_AT, weeks=26, segment="none")
        return totals(counts)

    before = results()
    receipt = erase(place, ANNA.lead, by="Eva", reason="request 17", now=ERASED_AT)
    assert results() == before and before.leads == 2
    assert places_naming(warehouse, ANNA) == []
    assert places_naming(warehouse, BEAT) == ALL_PLACES
    assert receipt.deleted["leads"] == 1
    assert sweep(place, ERASED_AT) == {}


def test_a_laptop_takes_over_what_the_cloud_exports(warehouse: BigQueryWarehouse, tmp_path: Path) -> None:
    def deployment(engine: BigQueryWarehouse | DuckDBWarehouse, home: Path) -> TransferPlaces:
        policies = PolicyStore(FolderStore(home), "policy.yaml", shipped_text("mortgage"))
        return TransferPlaces(engine, FolderStore(home / "models"), FolderStore(home / "picks"), policies, "key")

    export(deployment(warehouse, tmp_path / "cloud"), tmp_path / "export", now=ERASED_AT)
    laptop = home_warehouse(tmp_path / "laptop")
    move(deployment(laptop, tmp_path / "laptop"), tmp_path / "export")
    assert places_naming(laptop, ANNA) == places_naming(laptop, BEAT) == ALL_PLACES
