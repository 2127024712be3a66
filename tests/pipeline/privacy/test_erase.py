"""Erasure: every table, pick and model of a person; resumable, provable, final for sources that bring it again."""

from __future__ import annotations

import multiprocessing
import signal
from datetime import timedelta
from pathlib import Path

import pytest

from benchmarks.killed_calls import kill_at_boundary
from leadwerk.errors import InputError, UnknownPerson
from leadwerk.lead.identity import person_key
from leadwerk.pipeline import deliver
from leadwerk.pipeline.desk.picks import Picks
from leadwerk.pipeline.policies.shared_draft import DraftStore
from leadwerk.pipeline.privacy import erase as stage
from leadwerk.pipeline.privacy.erase import ErasurePlaces, Receipt
from leadwerk.pipeline.uploads import Uploads
from leadwerk.policy.load import load
from leadwerk.registry import FolderStore, open_registry
from leadwerk.warehouse import schema
from leadwerk.warehouse.duckdb import DuckDBWarehouse
from leadwerk.warehouse.statement import from_text
from support.homes import home_warehouse
from support.numbered_scores import score
from support.person_rows import ANNA, BEAT, BEFORE, ERASED_AT, SECRET, Identity, fill, places_naming, row
from support.registry_files import FILES, manifest
from support.scripted_crm import ScriptedCRM

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
PROCESSES = multiprocessing.get_context("forkserver")
ALL_PLACES = [table.name for table in schema.tables_of_persons() for _ in table.privacy.subject]


@pytest.fixture
def place(tmp_path: Path) -> ErasurePlaces:
    fill(home_warehouse(tmp_path), ANNA, BEAT)
    return stores_of(tmp_path)


def stores_of(home: Path) -> ErasurePlaces:
    warehouse = DuckDBWarehouse(home)
    picks = Picks(warehouse, load("mortgage"), FolderStore(home / "picks"))
    drafts = DraftStore(FolderStore(home / "reports"))
    return ErasurePlaces(warehouse, picks, open_registry(str(home / "models")), Uploads.of_home(home), drafts, SECRET)


def erase(place: ErasurePlaces, name: str = ANNA.lead) -> Receipt:
    return stage.erase(place, name, by="Eva", reason="request 17", now=ERASED_AT)


def test_each_table_states_whose_rows_it_holds() -> None:
    for table in schema.own_tables():
        privacy = table.privacy
        assert bool(privacy.subject) != bool(privacy.reason), f"{table.name}: `privacy` names a subject, or why none"
        assert set(privacy.subject.values()) <= {"lead", "visitor", "event", "person", "account"}, table.name
        assert all(table.field(column) for column in privacy.subject), table.name
        of_persons = {field.name for field in table.fields} & {"lead_id", "visitor_id"}
        assert of_persons <= set(privacy.subject), f"{table.name}: rows that name a person are not found by it"
        assert not privacy.subject or table.field(privacy.moment), f"{table.name}: `moment` is no column"


@pytest.mark.parametrize("name", [ANNA.lead, ANNA.visitor, ANNA.key])
def test_any_id_of_a_person_erases_all_of_them_and_nobody_else(place: ErasurePlaces, name: str) -> None:
    assert places_naming(place.warehouse, ANNA) == ALL_PLACES
    receipt = erase(place, name)
    assert places_naming(place.warehouse, ANNA) == []
    assert places_naming(place.warehouse, BEAT) == ALL_PLACES
    assert all(receipt.deleted[table] == 1 for table in ALL_PLACES)


def test_an_address_finds_the_leads_that_share_its_hash(place: ErasurePlaces) -> None:
    anna, other = Identity("anna.b"), Identity("anna.c")
    anna.key = other.key = str(person_key("anna@example.ch", None, SECRET))
    fill(place.warehouse, anna, other)
    erase(place, "Anna@Example.ch")
    assert places_naming(place.warehouse, anna) == places_naming(place.warehouse, other) == []


@pytest.mark.parametrize("name", ["survivor", "merged", "merged-too"])
def test_leads_that_the_crm_merged_are_of_one_person(place: ErasurePlaces, name: str) -> None:
    """Without a shared address: the merged record of a person would stay, and with it the id of the erased one."""
    survivor, *merged = (Identity(each) for each in ("survivor", "merged", "merged-too"))
    fill(place.warehouse, survivor)
    for identity in merged:
        lead = row(schema.table("leads"), identity, BEFORE)
        place.warehouse.append("leads", [lead | {"merged_into": survivor.lead, "record_state": "merged"}])
    erase(place, Identity(name).lead)
    assert [places_naming(place.warehouse, identity) for identity in (survivor, *merged)] == [[], [], []]
    assert places_naming(place.warehouse, BEAT) == ALL_PLACES


def files_naming(home: Path, *ids: str) -> list[Path]:
    """Files below a home with the bytes of an id, whose warehouse nobody has open."""
    DuckDBWarehouse(home).rows(from_text("SELECT 1 AS one"), {})  # the file is closed, and its log is in it
    files = (file for file in home.rglob("*") if file.is_file())
    return [file for file in files if any(id_.encode() in file.read_bytes() for id_ in ids)]


IDS_OF_ANNA = (*ANNA.by_kind.values(), ANNA.key)


def test_no_byte_of_an_erased_person_is_left_in_the_home(place: ErasurePlaces, tmp_path: Path) -> None:
    place.picks.pick(ANNA.lead, "carla", ERASED_AT)
    place.uploads.store("leads.csv", ANNA.lead.encode())
    FolderStore(tmp_path / "reports").write("desk/replays/a-b.json", ANNA.lead.encode())
    (tmp_path / "appending" / "of-a-killed-process").mkdir(parents=True)
    (tmp_path / "appending" / "of-a-killed-process" / "leads.ndjson").write_text(ANNA.lead)
    receipt = erase(place)
    assert (receipt.deleted["uploads"], receipt.deleted["replays"]) == (1, 1)
    assert files_naming(tmp_path, *IDS_OF_ANNA) == []
    assert BEAT.lead.encode() in (tmp_path / "warehouse.duckdb").read_bytes()


def test_a_second_erasure_finds_nothing_and_names_the_first(place: ErasurePlaces) -> None:
    first = erase(place)
    again = erase(place)
    assert again.erasure_id == first.erasure_id
    assert again.already_erased
    assert again.deleted == {}


def test_nobody_is_erased_by_an_unknown_id(place: ErasurePlaces) -> None:
    with pytest.raises(UnknownPerson, match="Nothing is stored"):
        erase(place, "nobody")


def test_the_models_that_may_have_learned_from_a_person_are_marked_and_no_other(place: ErasurePlaces) -> None:
    save = place.registry.save
    trained = {
        when: save(FILES | {"encoder.json": when.isoformat().encode()}, manifest(created_at=when.isoformat()))
        for when in (BEFORE - HOUR, BEFORE + HOUR, ERASED_AT - HOUR, ERASED_AT + HOUR)
    }
    receipt = erase(place)
    marked = {when for when, version in trained.items() if place.registry.erasures_since(version)}
    assert marked == {BEFORE + HOUR, ERASED_AT - HOUR}
    assert set(receipt.models) == {trained[when] for when in marked}


@pytest.mark.parametrize("reason", ["", "x" * 501])
def test_an_erasure_needs_a_reason(place: ErasurePlaces, reason: str) -> None:
    with pytest.raises(InputError, match="reason"):
        stage.erase(place, ANNA.lead, by="Eva", reason=reason, now=ERASED_AT)
    assert places_naming(place.warehouse, ANNA) == ALL_PLACES


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("reason", "asked by anna@example.ch"),
        ("reason", "called from 079 123 45 67 on 4.5.2026"),
        ("reason", f"the lead {ANNA.lead.upper()}, twice"),
        ("reason", f"visits of {ANNA.visitor}"),
        ("by", f"Eva for {ANNA.lead}"),
    ],
)
def test_what_an_erasure_keeps_names_nobody(place: ErasurePlaces, field: str, text: str) -> None:
    """Author and reason stay in the receipt and in the trail."""
    order = {"by": "eva@example.ch", "reason": "request 2026-0017 of 04.05.2026 09:30"} | {field: text}
    with pytest.raises(InputError, match="names the person") as refused:
        stage.erase(place, ANNA.lead, **order, now=ERASED_AT)
    assert (refused.value.field, refused.value.value) == (field, None)
    assert places_naming(place.warehouse, ANNA) == ALL_PLACES


@pytest.mark.slow
def test_what_a_source_brings_again_is_deleted_again(place: ErasurePlaces, tmp_path: Path) -> None:
    erase(place)
    fill(place.warehouse, ANNA)
    assert places_naming(place.warehouse, ANNA) == ALL_PLACES
    assert set(stage.sweep(place, ERASED_AT + HOUR)) == set(ALL_PLACES)
    assert places_naming(place.warehouse, ANNA) == []
    assert files_naming(tmp_path, *IDS_OF_ANNA) == []
    assert stage.sweep(place, ERASED_AT + HOUR) == {}


@pytest.mark.slow
def test_a_kill_before_the_file_is_written_anew_leaves_no_byte_after_the_next_sweep(
    place: ErasurePlaces, tmp_path: Path
) -> None:
    """The rows are gone by then, so no search finds anything to delete: only the note tells."""
    erase(place)
    fill(place.warehouse, ANNA)
    process = PROCESSES.Process(target=_sweep_without_rewriting, args=(tmp_path,))
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL
    assert places_naming(place.warehouse, ANNA) == []
    assert files_naming(tmp_path, *IDS_OF_ANNA) == [tmp_path / "warehouse.duckdb"]
    assert stage.sweep(place, ERASED_AT + HOUR) == {}
    assert files_naming(tmp_path, *IDS_OF_ANNA) == []
    written = (tmp_path / "warehouse.duckdb").stat().st_ino
    assert stage.sweep(place, ERASED_AT + HOUR) == {}
    assert (tmp_path / "warehouse.duckdb").stat().st_ino == written, "nothing is owed any more"


def _sweep_without_rewriting(home: Path) -> None:
    kill_at_boundary(1, [(DuckDBWarehouse, "overwrite_deleted")])
    stage.sweep(stores_of(home), ERASED_AT + HOUR)


def test_rows_that_name_a_person_by_another_id_are_passed_over(place: ErasurePlaces) -> None:
    nameless = [
        (table, column)
        for table in schema.tables_of_persons()
        for column in table.privacy.subject
        if (described := table.field(column)) and described.mode == "NULLABLE"
    ]
    for table, column in nameless:
        place.warehouse.append(table.name, [row(table, BEAT, BEFORE) | {"event_id": f"no {column}", column: None}])
    erase(place)
    assert nameless
    assert stage.sweep(place, ERASED_AT + HOUR) == {}


def test_a_person_who_comes_again_later_is_a_new_one(place: ErasurePlaces) -> None:
    erase(place)
    fill(place.warehouse, ANNA, moment=ERASED_AT + HOUR)
    place.picks.pick(ANNA.lead, "carla", ERASED_AT + 2 * HOUR)
    assert stage.sweep(place, ERASED_AT + 3 * HOUR) == {}
    assert places_naming(place.warehouse, ANNA) == ALL_PLACES
    assert place.picks.holder(ANNA.lead, ERASED_AT + 3 * HOUR)


def test_what_is_in_flight_while_a_person_is_erased_is_neither_sent_nor_kept(place: ErasurePlaces) -> None:
    """A score that waits for the CRM, and one that was being made and is stored after the erasure."""
    before = {"day": ERASED_AT.date(), "scored_at": ERASED_AT - HOUR, "stored_at": ERASED_AT - HOUR}
    place.warehouse.append("scores", [score(ANNA.lead, 1, **before), score("C", 1, **before)])
    erase(place)
    place.warehouse.append("scores", [score(ANNA.lead, 2, **before)])
    stage.sweep(place, ERASED_AT + HOUR)
    crm = ScriptedCRM()
    deliver.run(place.warehouse, load("mortgage"), crm, now=ERASED_AT + 2 * HOUR)
    assert crm.scores_shown.keys() == {"C"}
    assert places_naming(place.warehouse, ANNA) == []


def test_each_table_of_leads_is_a_sources_or_of_decisions() -> None:
    """A new one has to say which: only decisions go where no source has a row of the lead."""
    sources = {"identities", "leads", "objections", "outcomes", "touchpoints"}
    of_leads = [table for table in schema.tables_of_persons() if "lead" in table.privacy.subject.values()]
    assert {table.name for table in of_leads if not table.privacy.decides} == sources
    assert [table.name for table in schema.tables_of_persons() if table.privacy.decides and table not in of_leads] == []


def test_what_was_decided_on_a_lead_while_it_was_erased_goes_with_the_next_sweep(place: ErasurePlaces) -> None:
    """Somebody had read the lead, and scored it as of a moment after the order."""
    erase(place)
    during = {"day": ERASED_AT.date(), "scored_at": ERASED_AT + MINUTE, "stored_at": ERASED_AT + MINUTE}
    place.warehouse.append("scores", [score(ANNA.lead, 1, **during), score("C", 1, **during)])
    assert stage.sweep(place, ERASED_AT + 2 * HOUR) == {"scores": 1}
    assert places_naming(place.warehouse, ANNA) == []
    assert stage.sweep(place, ERASED_AT + 4 * HOUR) == {}


class Crash(BaseException):
    """The process dies here."""


class DyingWarehouse(DuckDBWarehouse):
    """Dies at the n-th write of an erasure."""

    steps = 0

    def _step(self) -> None:
        self.steps -= 1
        if self.steps == 0:
            raise Crash

    def append(self, table, rows, *, is_moved=False):  # type: ignore[no-untyped-def]
        self._step()
        return super().append(table, rows)

    def delete(self, table, column, values, *, moment, until):  # type: ignore[no-untyped-def]
        self._step()
        return super().delete(table, column, values, moment=moment, until=until)

    def overwrite_deleted(self) -> None:
        self._step()
        super().overwrite_deleted()


WRITES = 3 + len(ALL_PLACES) + 2
"""Writes of an erasure: its beginning, hashes, counts, deletions, the file written anew, the receipt."""


@pytest.mark.slow
@pytest.mark.parametrize("step", range(1, WRITES + 1))
def test_an_erasure_that_died_at_any_step_is_completed(place: ErasurePlaces, tmp_path: Path, step: int) -> None:
    dying = DyingWarehouse(tmp_path)
    dying.steps = step
    with pytest.raises(Crash):
        erase(ErasurePlaces(dying, place.picks, place.registry, place.uploads, place.drafts, SECRET))
    erase(place) if step <= len(("begun", "hashes")) else stage.sweep(place, ERASED_AT + HOUR)
    assert places_naming(place.warehouse, ANNA) == []
    states = from_text("SELECT state FROM leadwerk.erasures ORDER BY state")
    assert place.warehouse.rows(states, {}) == [{"state": "begun"}, {"state": "completed"}]
