"""Subject access: every row of a person in every table, and no row of another."""

from __future__ import annotations

import html
from pathlib import Path

import msgspec
import pytest

from leadwerk.catalogue.languages import LANGUAGES, Language
from leadwerk.errors import UnknownPerson
from leadwerk.pipeline.privacy.access import AccessAnswer, access
from leadwerk.pipeline.privacy.answer_page import answer_page
from leadwerk.policy.load import load
from leadwerk.texts import text
from leadwerk.warehouse import schema
from support.homes import home_warehouse
from support.person_rows import ANNA, BEAT, BEFORE, ERASED_AT, SECRET, Identity, fill, row


def answer(tmp_path: Path, name: str) -> AccessAnswer:
    warehouse = home_warehouse(tmp_path)
    fill(warehouse, ANNA, BEAT)
    return access(warehouse, load("mortgage"), name, secret=SECRET, now=ERASED_AT)


@pytest.mark.parametrize("name", [ANNA.lead, ANNA.visitor, ANNA.key])
def test_the_answer_has_every_table_and_nobody_elses_rows(tmp_path: Path, name: str) -> None:
    person = answer(tmp_path, name)
    assert [part.table for part in person.tables] == [table.name for table in schema.tables_of_persons()]
    assert all(len(part.rows) == 1 for part in person.tables)
    written = msgspec.json.encode(person).decode()
    assert ANNA.lead in written
    assert "beat" not in written


def test_each_column_and_retention_is_explained(tmp_path: Path) -> None:
    parts = {part.table: part for part in answer(tmp_path, ANNA.lead).tables}
    assert parts["scores"].retention_days == load("mortgage").retention.scores
    assert parts["leads"].retention_days is None
    assert all(part.columns[name] for part in parts.values() for row in part.rows for name in row)


def test_the_answer_states_purpose_source_and_how_to_object(tmp_path: Path) -> None:
    person = answer(tmp_path, ANNA.lead)
    language = load("mortgage").languages[0]
    assert (person.purpose, person.source) == (text(language, "privacy.purpose"), text(language, "privacy.source"))
    assert person.rights[0] == text(language, "privacy.right.object")
    assert person.number in person.rights[-1]
    page = answer_page(person, load("mortgage"), "fr")
    assert html.escape(text("fr", "privacy.right.how", number=person.number)).replace("&#x27;", "&#39;") in page


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_explains_every_table_in_the_readers_language(tmp_path: Path, language: Language) -> None:
    person = answer(tmp_path, ANNA.lead)
    page = answer_page(person, load("mortgage"), language)
    assert f'<html lang="{language}">' in page and person.number in page
    purposes = [text(language, f"privacy.table.{table.name}") for table in schema.tables_of_persons()]
    assert [purpose for purpose in purposes if html.escape(purpose) not in page.replace("&#39;", "&#x27;")] == []


def test_a_value_never_becomes_part_of_the_page(tmp_path: Path) -> None:
    warehouse = home_warehouse(tmp_path)
    rude = Identity("<script>alert(1)</script>")
    fill(warehouse, rude)
    person = access(warehouse, load("mortgage"), rude.lead, secret=SECRET, now=ERASED_AT)
    page = answer_page(person, load("mortgage"), "de")
    assert "alert(1)" in page and "<script" not in page


def test_a_decision_is_told_with_what_spoke_for_and_against_it(tmp_path: Path) -> None:
    facts = msgspec.json.encode({"fr": "revenu annuel: CHF 150’000", "de": "Jahreseinkommen: CHF 150’000"}).decode()
    score = row(schema.table("scores"), ANNA, BEFORE) | {
        "score_cluster": "HOT",
        "predictive_score": 83,
        "points": 55.0,
        "reasons": [{"feature": "income", "contribution": -0.3, "text": "Dagegen: Einkommen", "facts": facts}],
        "ledger": [],
    }
    warehouse = home_warehouse(tmp_path)
    warehouse.append("leads", [row(schema.table("leads"), ANNA, BEFORE)])
    warehouse.append("scores", [score])
    person = access(warehouse, load("mortgage"), ANNA.lead, secret=SECRET, now=ERASED_AT)
    page = answer_page(person, load("mortgage"), "fr")
    assert "score 83 sur 100, 55 points" in page
    assert f"<li>{text('fr', 'reason.against', fact='revenu annuel: CHF 150’000')}</li>" in page


def test_nobody_is_found_by_an_unknown_id(tmp_path: Path) -> None:
    with pytest.raises(UnknownPerson):
        answer(tmp_path, "nobody")
