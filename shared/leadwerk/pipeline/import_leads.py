"""Import: turns the rows of a file into leads and outcomes; a later file replaces an earlier one; idempotent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from leadwerk.errors import InputError
from leadwerk.importing.column_mapping import ColumnMapping
from leadwerk.importing.lead_rows import event_ids, lead_batches, outcome_batches
from leadwerk.importing.lead_values import AttributeValues, LeadValues, field_columns, lead_values
from leadwerk.importing.leads import ParsedLeads, parse_leads, refuse_losses
from leadwerk.importing.rejections import REJECTS_HEADER, RejectionGroup, rejected_rows, rejected_values, rejects
from leadwerk.importing.table import CsvTable
from leadwerk.importing.twice_encoded import twice_encoded
from leadwerk.importing.written_file import write_table
from leadwerk.lead.lead import identity_rows
from leadwerk.learning.leak_texts import finding_text
from leadwerk.learning.leakage import find_leaks, rows_to_check
from leadwerk.learning.open_leads import OpenLeads
from leadwerk.pipeline.privacy.delete_again import delete_again
from leadwerk.policy.folding import folded
from leadwerk.policy.model import Policy
from leadwerk.policy.outcome import outcome_of
from leadwerk.progress import Progress, part_of, silent
from leadwerk.stats.leak_finding import LeakFinding
from leadwerk.texts.counted_progress import watched
from leadwerk.texts.message import Message
from leadwerk.warehouse.protocol import Warehouse
from leadwerk.warehouse.records import IdentityRow
from leadwerk.warehouse.schema import STORED_AT

LEADS_SHARE, OUTCOMES_SHARE = (0.15, 0.85), (0.85, 1.0)
_MOSTLY = 0.5
_MOST_LEVEL_ROWS, _SHARE_OF_ROWS = 20, 50
"""A category level needs 20 rows, in small files a fiftieth of the rows: rarer ones may be personal names."""


@dataclass(frozen=True, kw_only=True)
class ImportCounts:
    """What a file holds, before anything is stored; `converted`, `lost`, `open` count leads by outcome.

    `later_rows`: further rows of the same leads; `continuation_rows`: rows that only continue the row above.
    `warnings`: columns with mostly unusable values. `leaks`: columns that seem to know the outcome.
    """

    file: str
    rows: int
    leads: int
    converted: int
    lost: int
    open: int
    rejected_rows: int
    rejected_values: int
    time: str
    later_rows: int = 0
    continuation_rows: int = 0
    warnings: tuple[str, ...] = ()
    leaks: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ImportReport(ImportCounts):
    """What a file holds, and what a run stored of it."""

    new_leads: int
    new_outcomes: int
    rejects_file: str | None


@dataclass(frozen=True)
class ImportChoices:
    """How a user imports: `keep_rare_levels` for a policy that a person wrote, which names its levels itself.

    `person_key` is asked for when nothing is left to refuse, for a home may create it then.
    """

    person_key: Callable[[], str]
    accept_rejects: bool = False
    keep_rare_levels: bool = False


@dataclass(frozen=True)
class PreparedImport:
    """Leads of a file ready to be stored, and the outcome of each of its statuses (None: no meaning)."""

    leads: ParsedLeads
    policy: Policy
    outcomes: tuple[str | None, ...]
    values: LeadValues
    person_key: str
    counts: ImportCounts
    findings: tuple[LeakFinding, ...] = ()


def prepare(
    policy: Policy, table: CsvTable, mapping: ColumnMapping, choices: ImportChoices, *, now: datetime
) -> PreparedImport:
    """Read the leads of a table under a policy, and look for columns that know the outcome; nothing is written.

    Raises:
        InputError: a column of the mapping is not in the file, no row can be used, more than a fifth cannot and
            rejects are not accepted, or statuses have no meaning under the policy.
    """
    parsed = parse_leads(table, mapping, now=now)
    refuse_losses(parsed, accepted=choices.accept_rejects)
    outcomes = _outcomes(parsed, policy)
    minimum = 1 if choices.keep_rare_levels else min(_MOST_LEVEL_ROWS, max(1, len(parsed) // _SHARE_OF_ROWS))
    person_key = choices.person_key()
    values = lead_values(parsed, policy, person_key=person_key, minimum_level_rows=minimum)
    findings = _findings(parsed, values, outcomes, policy)
    counts = _counts(parsed, policy, outcomes, values, findings)
    return PreparedImport(parsed, policy, outcomes, values, person_key, counts, findings)


def _counts(
    parsed: ParsedLeads,
    policy: Policy,
    outcomes: Sequence[str | None],
    values: LeadValues,
    findings: Sequence[LeakFinding],
) -> ImportCounts:
    groups = [*parsed.rejections, *values.rejections]
    by_outcome = _by_outcome(parsed, outcomes)
    positive = sum(times for outcome, times in by_outcome.items() if outcome in policy.positive)
    lost = sum(times for outcome, times in by_outcome.items() if outcome != "open") - positive
    table, mapping = parsed.table, parsed.mapping
    return ImportCounts(
        file=str(table.path),
        rows=len(table) + len(table.malformed),
        leads=len(parsed),
        converted=positive,
        lost=lost,
        open=len(parsed) - positive - lost,
        rejected_rows=rejected_rows(groups),
        rejected_values=rejected_values(groups),
        time=Message("import.time.column", column=mapping.time) if mapping.time else Message("import.time.file_order"),
        later_rows=parsed.later_rows,
        continuation_rows=parsed.continuation_rows,
        warnings=(*twice_encoded(table), *_mostly_rejected(parsed, values)),
        leaks=tuple(finding_text(finding, policy.languages[0]) for finding in findings if finding.stops),
    )


def run(
    warehouse: Warehouse,
    prepared: PreparedImport,
    *,
    rejects_to: Path,
    commit: Callable[[], object] = lambda: None,
    progress: Progress = silent,
) -> ImportReport:
    """Store leads and outcomes in one transaction, all or none.

    `commit` puts policy and mapping in their places when the rows are ready; if it fails, no row is stored. What could
    not be used goes to the file `rejects_to` with line and reason.
    """
    parsed, values = prepared.leads, prepared.values
    progress(Message("progress.reading_rows"), 0.0)
    ids = event_ids(parsed, prepared.policy)
    leads_progress, outcomes_progress = part_of(progress, *LEADS_SHARE), part_of(progress, *OUTCOMES_SHARE)
    outcomes = outcome_batches(parsed, prepared.outcomes, ids)
    new = warehouse.replace_imported(
        parsed.ids,
        {
            "leads": watched(lead_batches(parsed, values, ids), len(parsed), "leads", leads_progress),
            "outcomes": watched(outcomes, len(parsed), "outcomes", outcomes_progress),
            "identities": _links(parsed, prepared.policy),
        },
        commit,
    )
    # A person erased before may stand in the file: their rows go at once.
    delete_again(warehouse, prepared.person_key, ("leads", "outcomes", "identities"))
    groups = [*parsed.rejections, *values.rejections]
    return ImportReport(
        **asdict(prepared.counts),
        new_leads=new["leads"],
        new_outcomes=new["outcomes"],
        rejects_file=write_rejects(groups, rejects_to, parsed.table.frame.delimiter, prepared.policy.languages[0]),
    )


def _outcomes(parsed: ParsedLeads, policy: Policy) -> tuple[str | None, ...]:
    """What each status of the file means under the policy; lost rules and stated open statuses come first.

    Raises:
        InputError: a status means nothing.
    """
    mapping = parsed.mapping
    stated = {folded(status): "open" for status in mapping.open}
    stated |= {folded(v if c == mapping.outcome else f"{c}={v}"): "lost" for c, v in mapping.lost}
    outcomes = [outcome_of(policy, name) or stated.get(folded(name)) for name in parsed.status_names]
    counts = np.bincount(parsed.statuses[parsed.statuses >= 0], minlength=len(outcomes))
    unknown = [(int(counts[at]), parsed.status_names[at]) for at, outcome in enumerate(outcomes) if outcome is None]
    unknown = sorted((pair for pair in unknown if pair[0]), reverse=True)
    if unknown:
        examples = ", ".join(f"{name!r} ({times:,})" for times, name in unknown[:5])
        raise InputError(
            Message("import.outcome.unnamed", column=mapping.outcome, statuses=examples),
            field="outcome",
            value=unknown[0][1],
        )
    return tuple(outcomes)


def _by_outcome(parsed: ParsedLeads, outcomes: Sequence[str | None]) -> dict[str, int]:
    counts = np.bincount(parsed.statuses[parsed.statuses >= 0], minlength=len(outcomes))
    totals: dict[str, int] = {}
    for outcome, times in zip(outcomes, counts.tolist(), strict=True):
        if outcome is not None:
            totals[outcome] = totals.get(outcome, 0) + times
    return totals


def _findings(
    parsed: ParsedLeads, values: LeadValues, outcomes: Sequence[str | None], policy: Policy
) -> tuple[LeakFinding, ...]:
    """Columns that seem to be filled in when the outcome is near; training would stop at some of them."""
    decided = np.array([outcome not in (None, "open") for outcome in outcomes] + [False])[parsed.statuses]
    won = np.array([outcome in policy.positive for outcome in outcomes] + [False])[parsed.statuses]
    rows = (decided_rows := np.flatnonzero(decided))[rows_to_check(won[decided_rows])]
    waiting = np.flatnonzero(np.array([outcome == "open" for outcome in outcomes] + [False])[parsed.statuses])
    open_leads = OpenLeads(_fields(values, waiting), parsed.created_at[waiting])
    return find_leaks(_fields(values, rows), won[rows], parsed.created_at[rows], open_leads=open_leads).findings


def _fields(values: LeadValues, rows: NDArray[np.intp]) -> dict[str, NDArray[Any]]:
    return {of.attribute.source or of.attribute.name: _cells(of, rows) for of in values.attributes}


def _cells(of: AttributeValues, rows: NDArray[np.intp]) -> NDArray[Any]:
    if of.numbers is not None:
        return of.numbers[rows]
    codes = of.codes[rows] if of.codes is not None else np.full(len(rows), -1)
    # Code -1, a missing value, indexes the last element.
    return np.array([*of.levels, None], dtype=object)[codes]


def _links(parsed: ParsedLeads, policy: Policy) -> list[pa.Table]:
    """Links between web visitors and leads, where the file holds consents and client ids."""
    fields = field_columns(parsed)
    visitor, consent = fields.get("ga_client_id"), fields.get("web_consent")
    if visitor is None or consent is None:
        return []
    ids, created = parsed.ids.to_pylist(), parsed.created_at
    cells = {"ga_client_id": parsed.table.column(visitor), "web_consent": parsed.table.column(consent)}
    texts = {name: column.values(parsed.rows) for name, column in cells.items()}
    links: dict[IdentityRow, None] = {}
    for at, lead_id in enumerate(ids):
        moment = created[at].item().replace(tzinfo=UTC)
        raw = {"lead_id": lead_id, "created_at": moment, **{name: values[at] for name, values in texts.items()}}
        rows, _ = identity_rows(raw, policy=policy, recorded_at=moment, source="import")
        links |= dict.fromkeys(msgspec.convert(row, IdentityRow) for row in rows)
    # Rows of one lead may repeat its link; the table holds each once. The warehouse says when a row was stored.
    columns = [name for name in IdentityRow.__struct_fields__ if name != STORED_AT]
    return [pa.Table.from_pylist([{name: getattr(link, name) for name in columns} for link in links])] if links else []


def _mostly_rejected(parsed: ParsedLeads, values: LeadValues) -> list[Message]:
    titles = field_columns(parsed)
    warnings: list[Message] = []
    for group in values.rejections:
        title = titles.get(group.field, group.field)
        column = parsed.table.find(title)
        filled = column.filled if column is not None else len(parsed)
        if len(group.lines) > _MOSTLY * filled:
            warnings.append(
                Message(
                    "import.reject.mostly",
                    column=title,
                    rejected=f"{len(group.lines):,}",
                    filled=f"{filled:,}",
                    reason=group.reason,
                )
            )
    return warnings


def counts_by_outcome(prepared: PreparedImport) -> dict[str, int]:
    """Leads of a prepared import by outcome."""
    return _by_outcome(prepared.leads, prepared.outcomes)


def write_rejects(groups: list[RejectionGroup], path: Path, delimiter: str, language: str) -> str | None:
    """Write the rejected rows and values to `path`, in `language`; returns the path, or None without rejects."""
    if not groups:
        # It may be there from an earlier run with a worse file.
        path.unlink(missing_ok=True)
        return None
    write_table(path, REJECTS_HEADER, rejects(groups, language), delimiter=delimiter)
    return str(path)
