"""Erasure, access and export on the BigQuery double: the same statements by Google's client."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from leadwerk import settings
from leadwerk.pipeline import deliver
from leadwerk.pipeline.desk.outcome_counts import outcome_counts
from leadwerk.pipeline.desk.picks import Picks
from leadwerk.pipeline.policies.policy_store import PolicyStore
from leadwerk.pipeline.policies.shared_draft import DraftStore
from leadwerk.pipeline.privacy.access import access
from leadwerk.pipeline.privacy.erase import ErasurePlaces, erase, sweep
from leadwerk.pipeline.privacy.person import find_person
from leadwerk.pipeline.transfer.export import TransferPlaces, export
from leadwerk.pipeline.transfer.fill import fill as move
from leadwerk.pipeline.uploads import Uploads
from leadwerk.policy.load import load, shipped_text
from leadwerk.registry import FolderStore, open_registry
from leadwerk.report.results.outcome_counts import Totals, totals
from leadwerk.warehouse import schema
from leadwerk.warehouse.bigquery import BigQueryWarehouse
from leadwerk.warehouse.duckdb import DuckDBWarehouse
from leadwerk.warehouse.protocol import WrittenRow
from leadwerk.warehouse.statement import from_text
from support.bigquery_emulator import emulated
from support.cloud_warehouse import TRANSLATING, bigquery_environment, cloud_warehouse
from support.homes import home_warehouse
from support.numbered_scores import score
from support.person_rows import ANNA, BEAT, ERASED_AT, SECRET, fill, places_naming
from support.scripted_crm import ScriptedCRM

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]
HOUR = timedelta(hours=1)
ALL_PLACES = [table.name for table in schema.tables_of_persons() for _ in table.privacy.subject]


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with emulated(tmp_path_factory.mktemp("emulator"), TRANSLATING) as address:
        yield address


@pytest.fixture
def warehouse(url: str, request: pytest.FixtureRequest) -> BigQueryWarehouse:
    filled = cloud_warehouse(url, dataset_of(request))
    fill(filled, ANNA, BEAT)
    return filled


def dataset_of(request: pytest.FixtureRequest) -> str:
    return f"privacy_{abs(hash(request.node.name))}"


def places(warehouse: BigQueryWarehouse, folder: Path) -> ErasurePlaces:
    return ErasurePlaces(
        warehouse,
        Picks(warehouse, load("mortgage"), FolderStore(folder / "picks")),
        open_registry(str(folder / "models")),
        Uploads.of_home(folder),
        DraftStore(FolderStore(folder / "reports")),
        SECRET,
    )


def test_a_person_is_erased_and_only_they(warehouse: BigQueryWarehouse, tmp_path: Path) -> None:
    place = places(warehouse, tmp_path)
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


class Died(BaseException):
    """The process ended here, as by kill -9: nothing behind it runs."""


class DyingWarehouse(BigQueryWarehouse):
    """Dies ahead of a write to BigQuery, when as many as `writes_left` were begun."""

    writes_left = 0

    def _begin_write(self) -> None:
        self.writes_left -= 1
        if self.writes_left == 0:
            raise Died

    def append(self, table: str, rows: Sequence[WrittenRow], *, is_moved: bool = False) -> int:
        self._begin_write()
        return super().append(table, rows, is_moved=is_moved)

    def _stream_new(self, target: schema.Table, rows: Sequence[WrittenRow]) -> None:
        self._begin_write()
        super()._stream_new(target, rows)

    def delete(self, table: str, column: str, values: Sequence[str], *, moment: str, until: datetime) -> int:
        self._begin_write()
        return super().delete(table, column, values, moment=moment, until=until)


def test_an_erasure_that_dies_at_every_write_in_turn_is_completed(
    warehouse: BigQueryWarehouse, url: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Order and hashes are begun again until both are stored; from then on each run makes one write and dies."""
    dying = DyingWarehouse.from_settings(settings.read(bigquery_environment(url, dataset_of(request))))
    place = places(dying, tmp_path)
    deaths = 0
    for writes in (1, 2, 3, *[2] * 60):
        dying.writes_left = writes
        try:
            sweep(place, ERASED_AT + HOUR)
            if find_person(dying, ANNA.lead, SECRET):
                erase(place, ANNA.lead, by="Eva", reason="request 17", now=ERASED_AT)
        except Died:
            deaths += 1
        else:
            break
    assert deaths >= len(ALL_PLACES)
    assert places_naming(warehouse, ANNA) == []
    assert places_naming(warehouse, BEAT) == ALL_PLACES
    assert sweep(places(warehouse, tmp_path), ERASED_AT + HOUR) == {}
    open_orders = from_text("""
        SELECT erasure_id FROM leadwerk.erasures GROUP BY erasure_id HAVING COUNTIF(state = 'completed') = 0
    """)
    assert warehouse.rows(open_orders, {}) == []
    completed = from_text("SELECT erasure_id FROM leadwerk.erasures WHERE state = 'completed'")
    assert len(warehouse.rows(completed, {})) >= 1


def test_what_is_in_flight_while_a_person_is_erased_is_neither_sent_nor_kept(
    warehouse: BigQueryWarehouse, tmp_path: Path
) -> None:
    """A score that waits for the CRM, and one that was being made and is stored after the erasure."""
    place = places(warehouse, tmp_path)
    before = {"day": ERASED_AT.date(), "scored_at": ERASED_AT - HOUR, "stored_at": ERASED_AT - HOUR}
    place.warehouse.append("scores", [score(ANNA.lead, 1, **before), score("C", 1, **before)])
    erase(place, ANNA.lead, by="Eva", reason="request 17", now=ERASED_AT)
    place.warehouse.append("scores", [score(ANNA.lead, 2, **before)])
    sweep(place, ERASED_AT + HOUR)
    crm = ScriptedCRM()
    deliver.run(place.warehouse, load("mortgage"), crm, now=ERASED_AT + 2 * HOUR)
    assert crm.scores_shown.keys() == {"C"}
    assert places_naming(place.warehouse, ANNA) == []


def test_a_laptop_takes_over_what_the_cloud_exports(warehouse: BigQueryWarehouse, tmp_path: Path) -> None:
    def deployment(engine: BigQueryWarehouse | DuckDBWarehouse, home: Path) -> TransferPlaces:
        policies = PolicyStore(FolderStore(home), "policy.yaml", shipped_text("mortgage"))
        return TransferPlaces(engine, FolderStore(home / "models"), FolderStore(home / "picks"), policies, "key")

    export(deployment(warehouse, tmp_path / "cloud"), tmp_path / "export", now=ERASED_AT)
    laptop = home_warehouse(tmp_path / "laptop")
    move(deployment(laptop, tmp_path / "laptop"), tmp_path / "export")
    assert places_naming(laptop, ANNA) == places_naming(laptop, BEAT) == ALL_PLACES
