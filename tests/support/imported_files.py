"""Files of leads for tests of the import: from a text to a plan and its leads."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from leadwerk.catalogue.languages import LANGUAGES
from leadwerk.importing.column_mapping import StatedColumns
from leadwerk.importing.leads import ParsedLeads, parse_leads
from leadwerk.importing.plan import ImportPlan, StatedFormats, plan_import
from leadwerk.importing.table import CsvTable, read_table

NOW = datetime(2026, 11, 1, tzinfo=UTC)


def table(folder: Path, text: str | bytes, name: str = "Meine Leads.csv") -> CsvTable:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_table(path)


def plan(content: CsvTable, id: str, outcome: str, **stated: Any) -> ImportPlan:
    return plan_import(content, StatedColumns(id=id, outcome=outcome, **stated), StatedFormats(), LANGUAGES)


def parsed(how: ImportPlan) -> ParsedLeads:
    return parse_leads(how.table, how.mapping, now=NOW)
