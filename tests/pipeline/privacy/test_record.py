"""The record of processing is written from what is configured, in German and English."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec import structs

from leadwerk import settings, texts
from leadwerk.pipeline.privacy.record import RecordLanguage, record_of_processing
from leadwerk.policy.enrichment import Enrichment, EnrichmentProvider
from leadwerk.policy.load import load
from leadwerk.policy.workflows import Channel, Workflows
from leadwerk.warehouse import schema

NOW = datetime(2026, 5, 4, tzinfo=UTC)
CLOUD = {
    "LEADWERK_ENGINE": "bigquery", "LEADWERK_PROJECT": "acme", "LEADWERK_GA4_DATASET": "analytics_1",
    "LEADWERK_LOCATION": "europe-west6", "LEADWERK_CRM_URL": "https://crm.example.ch/api", "LEADWERK_PERSON_KEY": "k3y",
}  # fmt: skip


def record(language: RecordLanguage, environment: dict[str, str], policy: str = "mortgage") -> str:
    return record_of_processing(settings.read(environment), load(policy), None, erasures=3, language=language, now=NOW)


@pytest.mark.parametrize("language", ["de", "en"])
def test_the_record_names_tables_places_recipients_and_retention(language: RecordLanguage) -> None:
    text = record(language, CLOUD)
    names = [table.name for table in schema.tables_of_persons()]
    described = [f"| {name} | {texts.text(language, f'privacy.table.{name}')} |" for name in names]
    assert [row for row in described if row not in text] == []
    for part in ("BigQuery, acme, europe-west6", "crm.example.ch", "2026-05-04", "mortgage", "1100"):
        assert part in text
    staff = ("Notizen nach einem Anruf", "Anmeldungen") if language == "de" else ("notes after a call", "sign-ins")
    assert [part for part in staff if part not in text] == []
    assert "k3y" not in text
    assert not re.search(r"\{\{|\{%|None", text)


@pytest.mark.parametrize("language", ["de", "en"])
def test_every_recipient_that_the_policy_names_is_in_the_record(language: RecordLanguage) -> None:
    provider = EnrichmentProvider(name="zefix")
    policy = structs.replace(
        load("mortgage"),
        enrichment=Enrichment(providers=(provider,)),
        workflows=Workflows(
            channels=(Channel(name="sales-chat", kind="slack"), Channel(name="partner", kind="webhook"))
        ),
    )
    text = record_of_processing(settings.read(CLOUD), policy, None, erasures=0, language=language, now=NOW)
    recipients = text.partition("## 4.")[2].partition("## 5.")[0]
    assert [name for name in ("crm.example.ch", "zefix", "sales-chat", "partner") if name not in recipients] == []


def test_both_languages_have_the_same_sections_and_figures(tmp_path: Path) -> None:
    local = {"LEADWERK_HOME": str(tmp_path)}
    german, english = (record(language, local, "b2b_swiss") for language in ("de", "en"))
    assert len(re.findall(r"^## ", german, re.M)) == len(re.findall(r"^## ", english, re.M)) == 9
    assert sorted(set(re.findall(r"\b\d{3,4} (?:Tage|days)", german))) == sorted(
        figure.replace("days", "Tage") for figure in set(re.findall(r"\b\d{3,4} (?:Tage|days)", english))
    )
    assert str(tmp_path) not in german + english
