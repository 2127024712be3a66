"""First run: leads a newcomer from an empty home to scored leads, by a file or by connecting GA4 and the CRM.

Files are for a laptop (engine duckdb, access local); their pages are in `start_file`, which is loaded there only.
"""

from __future__ import annotations

from dataclasses import dataclass

from leadwerk.pipeline import wiring
from leadwerk.pipeline.totals import LeadTotals, OutcomeTotal
from leadwerk.report.wording import Wording
from leadwerk.texts.message import Message
from leadwerk.warehouse.statement import statement
from leadwerk.web import Answer, NotFound
from leadwerk.web.pages.menu import menu, roles_of
from leadwerk.web.pages.rendering import redirect, render
from leadwerk.web.pages.site import FreeForm, NoForm
from leadwerk.web.pages.upload import FIRST_RUN_NOTE, UPLOAD_BYTES, UploadForm
from leadwerk.web.pages.visit import Visit
from leadwerk.web.problem_document import Forbidden

PATH = "/start"


@dataclass(frozen=True)
class HomeState:
    """How far a deployment is: its leads, those with an outcome, and whether a model serves."""

    leads: int
    decided: int
    has_model: bool


@dataclass(frozen=True)
class Connection:
    """A source of leads or behaviour: its `name` (page.start.source.NAME), what is set, and whether that suffices."""

    name: str
    value: str
    is_set: bool


def is_laptop(visit: Visit) -> bool:
    """Whether files can be brought in the browser: the home is a folder of this machine."""
    return visit.config.access == "local" and visit.config.engine == "duckdb"


def progress(visit: Visit) -> HomeState:
    """How far this deployment is."""
    [totals] = visit.warehouse.rows(statement("leads/totals", LeadTotals), {"as_of": visit.now})
    outcomes = visit.warehouse.rows(statement("outcomes/totals", OutcomeTotal), {"as_of": visit.now})
    decided = sum(row.leads for row in outcomes if row.outcome != "open")
    return HomeState(totals.leads, decided, wiring.registry(visit.config).champion() is not None)


def is_empty(visit: Visit) -> bool:
    """Whether there is no data yet."""
    [totals] = visit.warehouse.rows(statement("leads/totals", LeadTotals), {"as_of": visit.now})
    return totals.leads == 0


def first_page(visit: Visit, _: NoForm) -> Answer:
    """Redirect to the first run while there is no data, else to the first page that the person may open."""
    entries = menu(visit.person, visit.policy)
    if not entries:
        raise Forbidden(Message("refusal.role.none", name=visit.name), field="role")
    if is_laptop(visit) and visit.may(*roles_of("start")) and is_empty(visit):
        return redirect(PATH)
    return redirect(entries[0].path)


def show(visit: Visit, _: NoForm) -> Answer:
    """The page: three steps, and how to connect what brings leads every night."""
    wording = Wording(visit.policy, visit.language, visit.now)
    reached_steps = progress(visit)
    last = None
    # Asked before the import: most pages of a process's start have no such note, and reading it brings the learning.
    if is_laptop(visit) and (visit.config.home / FIRST_RUN_NOTE).is_file():
        from leadwerk.web.pages.first_run_note import last_run

        last = last_run(visit)
    return render(
        visit,
        "start.html",
        menu_entry="start",
        progress=reached_steps,
        is_laptop=is_laptop(visit),
        megabytes=wording.number(UPLOAD_BYTES // 1_000_000),
        connections=_connections(visit),
        last=last,
    )


def _connections(visit: Visit) -> list[Connection]:
    config = visit.config
    has_token = bool(config.crm_token or config.crm_client_id)
    return [
        Connection("ga4", config.ga4_dataset, bool(config.ga4_dataset)),
        Connection("crm", f"{config.crm}, {config.crm_url}", has_token),
    ]


def upload(visit: Visit, form: UploadForm) -> Answer:
    """Keep the file and show what it holds."""
    _only_on_a_laptop(visit)
    from leadwerk.web.pages import start_file

    return redirect(f"{PATH}/file/{start_file.store(visit, form)}")


def show_file(visit: Visit, form: FreeForm, key: str) -> Answer:
    """What a file holds and will become; nothing is stored."""
    _only_on_a_laptop(visit)
    from leadwerk.web.pages import start_file

    return start_file.show(visit, form.fields, key)


def import_file(visit: Visit, form: FreeForm, key: str) -> Answer:
    """Import the file as the page showed it."""
    _only_on_a_laptop(visit)
    from leadwerk.web.pages import start_file

    return start_file.import_(visit, form.fields, key)


def train(visit: Visit, form: FreeForm) -> Answer:
    """Train a model and score the open leads."""
    _only_on_a_laptop(visit)
    from leadwerk.web.pages import start_file

    return start_file.train(visit, form.fields)


def _only_on_a_laptop(visit: Visit) -> None:
    if not is_laptop(visit):
        raise NotFound(Message("refusal.start.laptop"), field="path")
