"""Record of processing (Art. 30 GDPR, Art. 12 DSG) and a draft of the impact assessment, from what is configured."""

from __future__ import annotations

from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Literal, get_args
from urllib.parse import urlsplit

from msgspec import Struct

from leadwerk.pipeline.privacy.retention import retention_days
from leadwerk.policy.crm import ShownField
from leadwerk.policy.model import Policy
from leadwerk.registry import Manifest
from leadwerk.settings import Settings
from leadwerk.texts import text
from leadwerk.warehouse import schema

FOLDER = Path(__file__).parent
RecordLanguage = Literal["de", "en"]
KEPT = {"en": ("days", "until the person is erased"), "de": ("Tage", "bis zur Löschung der Person")}
PROTECTED = (
    "age", "alter", "gender", "sex", "geschlecht", "nationality", "nationalität", "religion", "ethnicity", "ethnie",
    "marital", "zivilstand", "health", "gesundheit", "disability", "race", "âge", "sexe", "nationalité", "età", "sesso",
)  # fmt: skip
"""Parts of names of attributes that the law protects or that stand for such (Art. 9 GDPR, Art. 5 DSG)."""


class DescribedTable(Struct, frozen=True):
    """A row of the record's table."""

    name: str
    description: str
    kept: str
    ids: str


class ErasureTotals(Struct, frozen=True):
    """The row of erasures/totals."""

    erasures: int


def record_of_processing(
    settings: Settings,
    policy: Policy,
    champion: Manifest | None,
    *,
    erasures: int,
    language: RecordLanguage,
    now: datetime,
) -> str:
    """The record as Markdown in German or English; what only a person knows is marked as to be completed."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    # Markdown, not HTML: a policy's names are slugs, so nothing needs to be escaped.
    environment = Environment(loader=FileSystemLoader(FOLDER), autoescape=False, undefined=StrictUndefined)  # noqa: S701
    is_cloud = settings.engine == "bigquery"
    attributes = [attribute.name for attribute in policy.attributes]
    return environment.get_template(f"record.{language}.md").render(
        release=version("leadwerk"),
        written_at=f"{now:%Y-%m-%d}",
        policy=policy,
        tables=[_described(table, policy, language) for table in schema.tables_of_persons()],
        attributes=", ".join(attributes),
        signals=", ".join(signal.name for signal in policy.signals),
        crm_host=urlsplit(settings.crm_url).netloc or "–",
        crm_fields=", ".join([field.name or field.shows for field in policy.crm.fields] or get_args(ShownField)),
        storage=f"BigQuery, {settings.project}, {settings.location}" if is_cloud else "DuckDB",
        rule_count=len(policy.points.rules),
        model=champion,
        protected=", ".join(sorted(name for name in attributes if any(part in name for part in PROTECTED))),
        erasures=erasures,
        is_cloud=is_cloud,
    )


def _described(table: schema.Table, policy: Policy, language: RecordLanguage) -> DescribedTable:
    unit, for_ever = KEPT[language]
    days = retention_days(table, policy)
    retention_text = for_ever if days is None else f"{days} {unit}"
    return DescribedTable(
        table.name, text(language, f"privacy.table.{table.name}"), retention_text, ", ".join(table.privacy.subject)
    )
