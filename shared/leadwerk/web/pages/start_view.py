"""What a file holds, as a person reads it: its frame, its columns and their use, its leads, what seems to leak."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from leadwerk.catalogue.languages import Language
from leadwerk.errors import InputError, LeadwerkError
from leadwerk.importing.column_guess import ColumnGuess, guess_columns
from leadwerk.importing.column_kinds import FEATURE_KINDS, Column, describe_columns
from leadwerk.importing.column_mapping import ROW_NUMBER
from leadwerk.importing.plan import ImportPlan, plan_import
from leadwerk.importing.rejections import rejected_rows
from leadwerk.importing.table import CsvTable
from leadwerk.learning.leak_texts import finding_text
from leadwerk.pipeline import import_leads
from leadwerk.pipeline.import_leads import PreparedImport
from leadwerk.report.wording import Wording
from leadwerk.stats.leak_finding import LeakFinding
from leadwerk.texts.message import Message, in_language
from leadwerk.web.pages.start_form import FileForm, Status

LONGEST_EXAMPLE = 24
_NO_PERSON = "preview"  # a key for hashes that are not stored


@dataclass(frozen=True)
class ColumnView:
    """A column: what it holds, what becomes of it, and what a person may change about that.

    `can_leave`: it would be learned from. `can_use`: its title names persons, so it is left out by default.
    """

    place: int
    name: str
    examples: str
    missing: str
    use: str
    can_leave: bool
    is_left: bool
    can_use: bool
    is_used: bool


@dataclass(frozen=True)
class FileReading:
    """A file as far as it could be read; `problem` is the first open question.

    `prepared` is None while a question is open.
    """

    table: CsvTable
    columns: Sequence[Column]
    guess: ColumnGuess
    statuses: Sequence[Status]
    plan: ImportPlan | None
    prepared: PreparedImport | None
    problem: LeadwerkError | None


def read_file(
    table: CsvTable,
    form: FileForm,
    languages: Sequence[Language],
    now: datetime,
    person_key: Callable[[], str] = lambda: _NO_PERSON,
) -> FileReading:
    """Read a table as stated; an open question becomes `problem`, and nothing is raised.

    `person_key` is needed where the reading is to be stored.
    """
    formats = form.formats
    columns = describe_columns(table, decimal=formats.decimal, order=formats.order)
    guess = guess_columns(table, columns)
    outcome = form.outcome(guess)
    statuses = form.statuses(table, outcome) if outcome and outcome in table.columns else []
    plan = prepared = problem = None
    choices = import_leads.ImportChoices(person_key, accept_rejects=form.accepts_rejects)
    try:
        if not len(table):
            raise InputError(
                Message("import.losses.no_rows", file=table.path.name),
                field="file",
                remedy=Message("import.losses.remedy"),
            )
        plan = plan_import(table, form.stated(table, columns, guess), formats, languages)
        prepared = import_leads.prepare(plan.policy, table, plan.mapping, choices, now=now)
    except LeadwerkError as error:
        problem = error
    return FileReading(table, columns, guess, statuses, plan, prepared, problem)


def frame_notes(table: CsvTable, wording: Wording) -> list[str]:
    """What surrounds the table in its file, a sentence each."""
    frame = table.frame
    counts = {
        "above": frame.lines_above,
        "footer": frame.footer_rows,
        "short": frame.short_rows,
        "repeated": frame.repeated_headers,
        "malformed": len(table.malformed),
    }
    return [
        wording.say(f"page.start.frame.{name}", count=count, figure=wording.number(count), line=frame.header_line)
        for name, count in counts.items()
        if count
    ]


def column_views(reading: FileReading, form: FileForm, wording: Wording) -> list[ColumnView]:
    """The columns in the file's order."""
    return [_column_view(at, column, reading, form, wording) for at, column in enumerate(reading.columns)]


def _column_view(at: int, column: Column, reading: FileReading, form: FileForm, wording: Wording) -> ColumnView:
    role = _role(column, reading, form)
    is_left, is_used = f"leave.{at}" in form.fields, f"use.{at}" in form.fields
    kind = "excluded" if is_left and not role else role or column.kind
    examples = ", ".join(text if len(text) <= LONGEST_EXAMPLE else text[:LONGEST_EXAMPLE] + "…"
                         for text in column.examples)  # fmt: skip
    return ColumnView(
        place=at,
        name=column.name,
        examples=examples,
        missing=wording.number(column.missing) if column.missing else "",
        use=wording.say(f"page.start.use.{kind}"),
        can_leave=not role and (column.kind in FEATURE_KINDS or is_left),
        is_left=is_left,
        can_use=(not role and column.kind in ("contact", "row_number")) or is_used,
        is_used=is_used,
    )


def _role(column: Column, reading: FileReading, form: FileForm) -> str:
    """The role that a column has by what is stated; empty for one that is learned from or not used."""
    fields, guess = form.fields, reading.guess
    roles = {
        fields.get("id", "") if form.is_stated else guess.id: "id",
        form.outcome(guess) or "": "outcome",
        (fields.get("time") if form.is_stated else guess.time) or "": "time",
    }
    return roles.get(column.name, "")


def id_choices(reading: FileReading) -> list[str]:
    """Columns that may hold the id, and the row number."""
    return [*reading.table.columns, ROW_NUMBER]


def lead_figures(reading: FileReading, wording: Wording) -> list[tuple[str, str]]:
    """Leads by outcome, and rows that cannot be used; empty while a question is open."""
    if reading.prepared is None or reading.plan is None:
        return []
    leads, counts = reading.prepared.leads, import_leads.counts_by_outcome(reading.prepared)
    won = sum(times for outcome, times in counts.items() if outcome in reading.plan.policy.positive)
    lost = sum(times for outcome, times in counts.items() if outcome != "open") - won
    figures = {
        "leads": len(leads),
        "won": won,
        "lost": lost,
        "open": len(leads) - won - lost,
        "rejected": rejected_rows(leads.rejections),
    }
    return [(wording.say(f"page.start.count.{name}"), wording.number(count)) for name, count in figures.items()]


def renamed_notes(table: CsvTable, language: str) -> list[str]:
    """Columns whose titles had to change, a sentence each."""
    return [in_language(change, language) for change in table.renamed]


def same_lead_notes(reading: FileReading, wording: Wording) -> list[str]:
    """That several rows became one lead, if some did."""
    if reading.prepared is None:
        return []
    leads = reading.prepared.leads
    rows = len(reading.table) - len(leads) - rejected_rows(leads.rejections)
    return [wording.say("page.start.same_lead", count=rows, figure=wording.number(rows))] if rows > 0 else []


def reject_notes(reading: FileReading, language: str) -> list[str]:
    """Why rows cannot be used."""
    groups = reading.prepared.leads.rejections if reading.prepared else ()
    return [in_language(group.description, language) for group in groups]


def leaks(reading: FileReading) -> tuple[LeakFinding, ...]:
    """Columns that seem to know the outcome; none while a question is open."""
    return reading.prepared.findings if reading.prepared else ()


def leak_texts(
    findings: Sequence[LeakFinding], columns: Sequence[Column], language: str
) -> list[tuple[str, str, bool]]:
    """Each finding: its text, the form's field that leaves the column out, and whether training would stop at it."""
    positions = {column.name: at for at, column in enumerate(columns)}
    return [
        (finding_text(finding, language), f"leave.{positions[finding.field]}" if finding.field in positions else "",
         finding.stops)
        for finding in findings
    ]  # fmt: skip
