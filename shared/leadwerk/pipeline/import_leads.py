"""Import: the rows of a CSV file become leads and outcomes; the same file twice is once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from leadwerk.importing.leads import REJECTS_HEADER, FileLead, ParsedLeads, RejectedValue, leads, rejects
from leadwerk.importing.mapping import ColumnMapping, source_of
from leadwerk.importing.table import CsvTable, write
from leadwerk.lead.lead import identity_rows, lead_version
from leadwerk.policy.model import Policy
from leadwerk.policy.outcome import outcome_of
from leadwerk.warehouse.batches import batches
from leadwerk.warehouse.protocol import Row, Warehouse

BATCH = 5_000
# A file says what became of a lead, not when: an hour after it came, well within the horizon of an imported policy.
OUTCOME_AFTER = timedelta(hours=1)


@dataclass(frozen=True)
class ImportReport:
    """What one run read and what of it was new; `converted`, `lost`, `open` count leads by outcome."""

    file: str
    rows: int
    leads: int
    new_leads: int
    new_outcomes: int
    converted: int
    lost: int
    open: int
    rejected_rows: int
    rejected_values: int
    rejects_file: str | None
    time: str


def run(
    warehouse: Warehouse,
    policy: Policy,
    table: CsvTable,
    mapping: ColumnMapping,
    *,
    now: datetime,
    person_key: str,
    rejects_to: Path,
) -> ImportReport:
    """Store the leads and outcomes of a table; what cannot be used goes to the file `rejects_to` with line and reason.

    Raises:
        InputError: a column of the mapping is not in the file.
    """
    source = source_of(table.path)
    found = leads(table, mapping, policy, source, now=now)
    outcomes = [row for lead in found.leads if (row := _outcome(lead, policy))]
    found.rejected += [_unknown(lead, mapping) for lead in found.leads if _is_unknown(lead, policy)]
    with warehouse.unit_of_work():
        new_leads = _append(warehouse, "leads", _versions(found, policy, person_key))
        new_outcomes = _append(warehouse, "outcomes", outcomes)
        _append(warehouse, "identities", [row for lead in found.leads for row in _links(lead, policy)])
    positive = sum(row["outcome"] in policy.positive for row in outcomes)
    lost = sum(row["outcome"] != "open" for row in outcomes) - positive
    rows_lost = sum(not item.value_only for item in found.rejected)
    return ImportReport(
        file=str(table.path),
        rows=len(table.rows) + len(table.broken),
        leads=len(found.leads),
        new_leads=new_leads,
        new_outcomes=new_outcomes,
        converted=positive,
        lost=lost,
        open=len(found.leads) - positive - lost,
        rejected_rows=rows_lost,
        rejected_values=len(found.rejected) - rows_lost,
        rejects_file=_write_rejects(found.rejected, rejects_to, table.delimiter),
        time=f"column {mapping.time!r}" if mapping.time else "the file's order",
    )


def _is_unknown(lead: FileLead, policy: Policy) -> bool:
    return lead.status is not None and outcome_of(policy, lead.status) is None


def _unknown(lead: FileLead, mapping: ColumnMapping) -> RejectedValue:
    reason = "no outcome of the policy names this status; the lead counts as open"
    return RejectedValue(lead.line, mapping.outcome, reason, lead.status or "", True)


def _versions(found: ParsedLeads, policy: Policy, person_key: str) -> list[Row]:
    """The leads as rows; a value that cannot be used goes to the rejected ones."""
    versions = []
    for lead in found.leads:
        version, rejections = lead_version(
            lead.raw, policy=policy, recorded_at=lead.created_at, event_id=lead.event_id, person_key=person_key
        )
        assert version is not None, rejections  # id and time were checked when the row was read
        versions.append(version)
        found.rejected += [RejectedValue(lead.line, one.field, one.reason, one.value or "", True) for one in rejections]
    return versions


def _links(lead: FileLead, policy: Policy) -> list[Row]:
    return identity_rows(lead.raw, policy=policy, recorded_at=lead.created_at, source="import")[0]


def _outcome(lead: FileLead, policy: Policy) -> Row | None:
    kind = outcome_of(policy, lead.status) if lead.status else None
    if kind is None:
        return None
    at = lead.created_at + OUTCOME_AFTER
    return {
        "event_id": f"{lead.event_id}.outcome",
        "lead_id": lead.lead_id,
        "day": at.date(),
        "occurred_at": at,
        "recorded_at": at,
        "status": lead.status,
        "reason": None,
        "outcome": kind,
        "amount": None,
    }


def _append(warehouse: Warehouse, table: str, rows: Sequence[Row]) -> int:
    return sum(warehouse.append(table, batch) for batch in batches(rows, BATCH))


def _write_rejects(found: Sequence[RejectedValue], path: Path, delimiter: str) -> str | None:
    if not found:
        path.unlink(missing_ok=True)  # of an earlier run with a worse file
        return None
    write(path, REJECTS_HEADER, rejects(found), delimiter)
    return str(path)
