"""A rejected row of the CRM is stored with its reason as a message, and read in each reader's language."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from leadwerk.crm.boma_cases import read_page
from leadwerk.pipeline.case_rows import CaseRows, add_case, rejection_of, rejection_row
from leadwerk.pipeline.desk.stations import rejections
from leadwerk.policy import load
from leadwerk.texts.message import in_language
from leadwerk.warehouse.duckdb import DuckDBWarehouse

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
PAGE = """{"next_cursor": "c", "more": false, "cases": [
 {"event_id": "e1", "changed_at": "2026-03-01T09:00:00Z", "status": "Parked", "lead": {"lead_id": "1",
  "created_at": "2026-02-01T09:00:00Z", "email": "nobody", "income": "a lot"}},
 {"event_id": "e2", "changed_at": "2026-04-01T09:00:00Z", "status": "New", "lead": {"lead_id": "2"}},
 {"event_id": "e3", "changed_at": "2026-03-01T09:00:00Z", "lead": {"lead_id": "3"}}
]}"""


@pytest.fixture
def warehouse(tmp_path: Path) -> DuckDBWarehouse:
    """A warehouse with what of the page is rejected."""
    page = read_page(PAGE.encode()).read()
    rows = [rejection_row(rejection_of(bad), "boma.cases", bad.row, NOW) for bad in page.bad]
    for case in page.cases:
        for rejection in add_case(CaseRows(), case, load("mortgage"), "key", NOW):
            rows.append(rejection_row(rejection, "boma.cases", case.event_id, NOW))
    warehouse = DuckDBWarehouse(tmp_path)
    warehouse.append("rejections", rows)
    return warehouse


@pytest.mark.parametrize(
    ("language", "status", "email", "amount", "moment", "form"),
    [
        (
            "de", "Das Regelwerk hat keinen Ausgang für den Status 'Parked'. Ergänzen Sie", "email ist nicht lesbar.",
            "'a lot' ist kein Betrag.", "liegt in der Zukunft. Prüfen Sie Uhr und Zeitzone des CRM.",
            "das CRM muss es in der vereinbarten Form senden.",
        ),
        (
            "fr", "Les règles n’ont pas d’issue pour le statut 'Parked'. Ajoutez", "email n’est pas lisible.",
            "'a lot' n’est pas un montant.", "est dans le futur. Vérifiez l’horloge",
            "le CRM doit l’envoyer sous la forme convenue.",
        ),
        (
            "it", "Le regole non hanno un esito per lo stato 'Parked'. Aggiungete", "email non è leggibile.",
            "'a lot' non è un importo.", "è nel futuro. Controllate orologio",
            "il CRM deve inviarlo nella forma concordata.",
        ),
        (
            "en", "The policy has no outcome for the status 'Parked'. Add a rule", "The email cannot be read.",
            "'a lot' is not an amount.", "lies in the future. Check the clock and time zone of the CRM.",
            "the CRM has to send it in the agreed form.",
        ),
    ],
)  # fmt: skip
def test_reasons_of_rejected_rows_are_in_the_readers_language(
    warehouse: DuckDBWarehouse, language: str, status: str, email: str, amount: str, moment: str, form: str
) -> None:
    texts = [in_language(row.reason_text, language) for row in rejections(warehouse, NOW + timedelta(hours=1))]
    for sentence in (status, email, amount, moment, form):
        assert [text for text in texts if sentence in text], (sentence, texts)


def test_a_reason_without_a_message_stays_as_it_was_stored(tmp_path: Path) -> None:
    stored_row = {
        "rejection_id": "r", "day": NOW.date(), "rejected_at": NOW, "source": "boma.cases", "row": "7",
        "field": "status", "reason": "The status 'Parked' is in no rule.",
    }  # fmt: skip
    warehouse = DuckDBWarehouse(tmp_path)
    warehouse.append("rejections", [stored_row])
    (row,) = rejections(warehouse, NOW)
    assert in_language(row.reason_text, "de") == "The status 'Parked' is in no rule."
