"""Pages of a file that a person brought: what it holds, its import, and the first training. A laptop's alone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import get_args

import msgspec

from leadwerk.catalogue.languages import Language
from leadwerk.errors import InputError, LeadwerkError
from leadwerk.importing.table import CsvTable, read_table
from leadwerk.pipeline import import_leads, rescore, retrain as training, wiring
from leadwerk.pipeline.audit.trail import Act, record_act
from leadwerk.pipeline.import_home import prepared_files, refuse_overwriting, rejects_path
from leadwerk.pipeline.leak_gate import FieldChoices
from leadwerk.pipeline.serving.champion_cache import ChampionCache
from leadwerk.pipeline.uploads import Uploads
from leadwerk.report.wording import Wording
from leadwerk.texts.message import stored
from leadwerk.web import Answer
from leadwerk.web.pages import start_view as view
from leadwerk.web.pages.cached import forget
from leadwerk.web.pages.first_run_note import LastRun, last_run, remember
from leadwerk.web.pages.rendering import redirect, render
from leadwerk.web.pages.start_fixes import page_texts
from leadwerk.web.pages.start_form import FileForm
from leadwerk.web.pages.upload import UploadForm
from leadwerk.web.pages.visit import Visit


def store(visit: Visit, form: UploadForm) -> str:
    """Store an uploaded file and return its key."""
    return Uploads.of_home(visit.config.home).store(form.name, form.content)


def show(visit: Visit, fields: Mapping[str, str], key: str) -> Answer:
    """What the file holds and will become, with the first question that is open."""
    return _page(visit, FileForm(fields, visit.policy.time_zone), key)


def _page(visit: Visit, form: FileForm, key: str, refusal: LeadwerkError | None = None, status: int = 200) -> Answer:
    wording = Wording(visit.policy, visit.language, visit.now)
    path = Uploads.of_home(visit.config.home).path(key)
    try:
        table = _table(path, form)
    except LeadwerkError as error:
        return render(visit, "start_unread.html", menu_entry="start", status=422, problem=page_texts(error), form=form,
                      key=key, file=path.name)  # fmt: skip
    reading = view.read_file(table, form, _languages(visit), visit.now)
    findings = view.leaks(reading)
    problem = refusal or reading.problem
    return render(
        visit,
        "start_file.html",
        menu_entry="start",
        status=status,
        key=key,
        form=form,
        reading=reading,
        problem=page_texts(problem) if problem else None,
        asks_below=isinstance(problem, InputError) and problem.field not in ("outcome", "positive"),
        notes=[*view.frame_notes(table, wording), *view.renamed_notes(table, visit.language)],
        columns=view.column_views(reading, form, wording),
        ids=view.id_choices(reading),
        figures=view.lead_figures(reading, wording),
        rejects=[*view.same_lead_notes(reading, wording), *view.reject_notes(reading, visit.language)],
        leaks=view.leak_texts(findings, reading.columns, visit.language),
        rows=wording.number(len(table)),
    )


def _table(path: Path, form: FileForm) -> CsvTable:
    return read_table(path, form.read_options)


def _languages(visit: Visit) -> list[Language]:
    # The reader's language first: the default language of the policy that the import writes. The sort is stable.
    return sorted(get_args(Language), key=lambda language: language != visit.language)


def import_(visit: Visit, fields: Mapping[str, str], key: str) -> Answer:
    """Import the file as stated; a refusal is shown on the page, where it can be corrected."""
    form = FileForm(fields, visit.policy.time_zone)
    uploads, home = Uploads.of_home(visit.config.home), visit.config.home
    # Read and checked again: between page and button the file or the fields may have changed.
    table = _table(uploads.path(key), form)
    reading = view.read_file(table, form, _languages(visit), visit.now, lambda: wiring.person_key(visit.config))
    if reading.problem is not None:
        return _page(visit, form, key, reading.problem, 422)
    assert reading.plan is not None
    assert reading.prepared is not None
    try:
        refuse_overwriting(reading.plan, home, replace=form.replaces_policy)
    except InputError as error:
        return _page(visit, form, key, error, 409)
    with prepared_files(reading.plan, home) as commit:
        report = import_leads.run(
            visit.warehouse,
            reading.prepared,
            rejects_to=rejects_path(reading.plan, home),
            commit=commit,
        )
    remember(
        home,
        LastRun(table.path.name, visit.now, report.leads, report.converted, report.lost, report.open,
                report.rejected_rows, report.rejects_file),
    )  # fmt: skip
    act = Act(actor=visit.name, action="import", object=table.path.name, after=f"{report.leads} leads")
    record_act(visit.warehouse, act, visit.now)
    # Last: until everything is stored the upload can be imported again, which stores nothing twice.
    uploads.delete(key)
    forget()
    return redirect("/start", "imported")


def train(visit: Visit, fields: Mapping[str, str]) -> Answer:
    """Train a model, and score the open leads by it or by the points."""
    last = last_run(visit)
    parts = visit.warehouse, visit.policy, wiring.registry(visit.config)
    options = training.RetrainOptions(choices=_choices(fields, last))
    report = training.run(*parts, now=visit.now, options=options)
    champions = ChampionCache(parts[2], visit.policy)
    # Also where no model was promoted: then the leads get their points.
    rescore.run(visit.warehouse, visit.policy, champions.scorer(), now=visit.now, stored_at=visit.now)
    if last is not None:
        remember(
            visit.config.home,
            msgspec.structs.replace(
                last, trained_at=visit.now, model=report.model_version, is_promoted=report.promoted,
                reason=str(report.reason), reason_message=stored(report.reason), leaks=report.leaks,
            ),
        )  # fmt: skip
    forget()
    return redirect("/start", "trained")


def _choices(fields: Mapping[str, str], last: LastRun | None) -> FieldChoices:
    """What the person decided about fields at which training stopped."""
    leaks = last.leaks if last else ()
    names = list(dict.fromkeys(leak.field for leak in leaks))
    left = [name for at, name in enumerate(names) if fields.get(f"field.{at}") == "leave"]
    kept_fields = [name for at, name in enumerate(names) if fields.get(f"field.{at}") == "keep"]
    return FieldChoices(left, kept_fields, fields.get("reason", ""))
