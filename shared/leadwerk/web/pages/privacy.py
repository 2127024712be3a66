"""Privacy: the audit trail, and what a person may ask for: access, objection, erasure.

The body of a POST names the person, so that no address, log or browser history does. In the cloud the function
`privacy` alone may delete; there the desk shows the trail.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from leadwerk.errors import InputError
from leadwerk.pipeline import wiring
from leadwerk.pipeline.audit.trail import Act, AuditEntry, AuditFilter, read_trail, record_act
from leadwerk.pipeline.privacy import erase as erasure
from leadwerk.pipeline.privacy.access import AccessAnswer, TableOfPerson, access
from leadwerk.pipeline.privacy.objection import Objection, record_objection
from leadwerk.report.wording import Wording
from leadwerk.texts.message import Message
from leadwerk.web import Answer, NotFound
from leadwerk.web.pages.act_names import act_name
from leadwerk.web.pages.cached import forget
from leadwerk.web.pages.rendering import render
from leadwerk.web.pages.table_csv import csv_answer
from leadwerk.web.pages.visit import Visit
from leadwerk.web.persons import withhold_scores

MOST_SHOWN = 100
COLUMNS = ("occurred_at", "actor", "action", "object", "before", "after", "reason", "source")
Days = Annotated[int, Meta(ge=1, le=3660)]
LONGEST_CELL = 400


class TrailForm(Struct, frozen=True):
    """Which acts: of the last `days`, by a person, on a lead, of actions that begin so."""

    days: Days = 30
    actor: str | None = None
    lead: str | None = None
    action: str | None = None


class PersonForm(Struct, frozen=True):
    """The person: a lead's id, a visitor's id, an e-mail address or a number (+41 …)."""

    person: str = ""


class ObjectionForm(PersonForm, frozen=True):
    """An objection to profiling, or its withdrawal, with its reason."""

    reason: str = ""
    withdraw: bool = False


class ErasureForm(PersonForm, frozen=True):
    """An erasure: its reason, and the person typed again."""

    reason: str = ""
    confirmation: str = ""


@dataclass(frozen=True)
class TableView:
    """Rows of a person in a table, as a person reads them."""

    label: str
    rows: str
    retention: str
    head: Sequence[str]
    cells: Sequence[Sequence[str]]


def show(visit: Visit, form: TrailForm) -> Answer:
    """The trail, the newest act first, and the way to one person's data."""
    wording = Wording(visit.policy, visit.language, visit.now)
    recent = _entries(visit, TrailForm(days=form.days))
    entries = [entry for entry in recent if _filters(visit, form).accepts(entry)]
    return render(
        visit,
        "privacy.html",
        menu_entry="privacy",
        form=form,
        actions=sorted((act_name(wording, action), action) for action in {entry.action for entry in recent}),
        entries=[(wording.moment(entry.occurred_at), *_texts(wording, entry)) for entry in entries[:MOST_SHOWN]],
        total=len(entries),
        most=MOST_SHOWN,
        may_delete=may_delete(visit),
    )


def download(visit: Visit, form: TrailForm) -> Answer:
    """All acts that the filters let through, as CSV."""
    rows = ([str(getattr(entry, column) or "") for column in COLUMNS] for entry in _entries(visit, form))
    return csv_answer("trail", [COLUMNS, *rows])


def _entries(visit: Visit, form: TrailForm) -> list[AuditEntry]:
    return read_trail(visit.warehouse, _filters(visit, form))[::-1]


def _filters(visit: Visit, form: TrailForm) -> AuditFilter:
    return AuditFilter(
        until=visit.now,
        since=visit.now - timedelta(days=form.days),
        lead_ids=(form.lead,) if form.lead else (),
        actor=form.actor,
        action=form.action,
    )


def _texts(wording: Wording, entry: AuditEntry) -> tuple[str, ...]:
    change = " → ".join(text for text in (entry.before, entry.after) if text)
    return (
        entry.actor or "Leadwerk",
        act_name(wording, entry.action),
        entry.object or "",
        change[:LONGEST_CELL],
        entry.reason or "",
    )


def may_delete(visit: Visit) -> bool:
    """Whether this desk may write and delete all tables of persons: on a laptop, where they are files."""
    return visit.config.engine == "duckdb"


def find(visit: Visit, form: PersonForm) -> Answer:
    """What is stored of a person, by table, and what can be done."""
    answer = _access(visit, form)
    wording = Wording(visit.policy, visit.language, visit.now)
    return render(
        visit,
        "privacy_person.html",
        menu_entry="privacy",
        person=form.person,
        answer=answer,
        tables=[table_view(table, wording) for table in answer.tables],
    )


def export(visit: Visit, form: PersonForm) -> Answer:
    """Everything that is stored of the person, for a machine: the answer that a person may take elsewhere."""
    answer = _access(visit, form)
    body = msgspec.json.format(msgspec.json.encode(answer), indent=1)
    headers = {"Content-Disposition": f'attachment; filename="{answer.number}.json"'}
    return Answer(body, "application/json", headers=headers)


def _access(visit: Visit, form: PersonForm) -> AccessAnswer:
    _only_where_it_may_delete(visit)
    secret = wiring.person_key(visit.config)
    answer = access(visit.warehouse, visit.policy, _name(form), secret=secret, now=visit.now)
    record_act(visit.warehouse, Act(actor=visit.name, action="access", object=answer.number), visit.now)
    return answer


def table_view(table: TableOfPerson, wording: Wording) -> TableView:
    """A table with its label, how long its rows stay, and the columns that hold anything."""
    head = [name for name in table.columns if any(row[name] not in (None, "", [], {}) for row in table.rows)]
    days = table.retention_days
    return TableView(
        label=wording.say(f"privacy.table.{table.table}"),
        rows=wording.number(len(table.rows)),
        retention=wording.say("page.privacy.kept.days", count=days, figure=wording.number(days))
        if days
        else wording.say("page.privacy.kept.erased"),
        head=head,
        cells=[[_cell(row[name], wording) for name in head] for row in table.rows],
    )


def _cell(value: object, wording: Wording) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return f"{wording.day(value)} {wording.local(value):%H:%M}"
    if isinstance(value, bool):
        return wording.say("page.yes" if value else "page.no")
    if isinstance(value, (list, tuple)):
        return "; ".join(_cell(item, wording) for item in value)
    # A reason states itself in a sentence; the other fields of the record are for machines.
    return str(value["text"]) if isinstance(value, dict) and value.get("text") else str(value)


def object_(visit: Visit, form: ObjectionForm) -> Answer:
    """Record an objection, or its withdrawal; the person's leads follow at once."""
    _only_where_it_may_delete(visit)
    objection = Objection(visit.name, _reason(form.reason), is_withdrawn=form.withdraw)
    secret = wiring.person_key(visit.config)
    leads = record_objection(visit.warehouse, _name(form), objection, secret=secret, now=visit.now)
    if not form.withdraw:
        withhold_scores(visit.warehouse, visit.policy, leads, visit.now)
    forget()
    return render(
        visit, "privacy_done.html", menu_entry="privacy", receipt=None, leads=leads, is_withdrawn=form.withdraw
    )


def erase(visit: Visit, form: ErasureForm) -> Answer:
    """Erase the person and show the receipt; sent again, it says that nothing is left."""
    _only_where_it_may_delete(visit)
    reason = _reason(form.reason)
    if form.confirmation.strip() != _name(form):
        raise InputError(Message("refusal.privacy.confirmation"), field="confirmation")
    stores = wiring.erasure_places(visit.config, visit.policy)
    receipt = erasure.erase(stores, _name(form), by=visit.name, reason=reason, now=visit.now)
    forget()
    return render(visit, "privacy_done.html", menu_entry="privacy", receipt=receipt, leads=(), is_withdrawn=False)


def _name(form: PersonForm) -> str:
    name = form.person.strip()
    if not name:
        raise InputError(
            Message("refusal.privacy.nobody"),
            field="person",
            remedy=Message("refusal.privacy.name"),
        )
    return name


def _reason(text: str) -> str:
    if not text.strip():
        raise InputError(Message("refusal.privacy.reason"), field="reason")
    return text.strip()


def _only_where_it_may_delete(visit: Visit) -> None:
    if not may_delete(visit):
        raise NotFound(Message("refusal.privacy.cloud"), field="path")
