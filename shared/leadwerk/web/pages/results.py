"""Results: five questions, each answered by a computed sentence, a chart and its table; segments; CSV."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

from leadwerk.pipeline import wiring
from leadwerk.pipeline.customers import measure_customers, read_customers
from leadwerk.pipeline.read_results import ResultsRequest, read_results
from leadwerk.policy.kpi_limits import Segmentation
from leadwerk.report.results.customers import customers_view
from leadwerk.report.results.data import ResultsData
from leadwerk.report.results.outcome_counts import SEGMENTS
from leadwerk.report.results.questions import questions
from leadwerk.report.results.segments import segment_head, segment_views
from leadwerk.report.results.table_words import Cells
from leadwerk.report.results.view import results_view
from leadwerk.report.wording import Wording
from leadwerk.texts.message import Message
from leadwerk.web import Answer
from leadwerk.web.pages.cached import cached_figures
from leadwerk.web.pages.rendering import redirect, render
from leadwerk.web.pages.site import NoForm
from leadwerk.web.pages.table_csv import csv_answer
from leadwerk.web.pages.visit import Visit
from leadwerk.web.problem_document import NotFound

WEEKS = (13, 26, 52)


class ResultsForm(Struct, frozen=True):
    """The period in weeks, and the field that forms segments."""

    weeks: Literal[13, 26, 52] = 26
    by: Segmentation = "language"


def show(visit: Visit, form: ResultsForm) -> Answer:
    """The page."""
    wording = Wording(visit.policy, visit.language, visit.now)
    return render(
        visit,
        "results.html",
        menu_entry="results",
        form=form,
        periods=WEEKS,
        results=results_view(wording, _data(visit, form)),
        segment_names=SEGMENTS,
    )


def download(visit: Visit, form: ResultsForm, name: str) -> Answer:
    """A table of the page as CSV."""
    wording, data = Wording(visit.policy, visit.language, visit.now), _data(visit, form)
    table = _table(wording, data, form.by, name)
    if table is None:
        raise NotFound(Message("refusal.results.table", name=name[:60]), field="path")
    return csv_answer(name, table)


def _table(wording: Wording, data: ResultsData, by: Segmentation, name: str) -> Sequence[Cells] | None:
    """The head and the rows of a table; None where the reader has no such table."""
    if name == "segments":
        return [segment_head(wording, by), *((view.name, *view.figures) for view in segment_views(wording, data))]
    customers = customers_view(wording, data.customers)
    if customers and name == "customers":
        return [customers.trait_head, *customers.trait_rows]
    if customers and name == "groups":
        return [customers.group_head, *customers.group_rows]
    return next(([entry.head, *entry.rows] for entry in questions(wording, data) if entry.name == name), None)


def measure(visit: Visit, _: NoForm) -> Answer:
    """Measure who the customers are, and which leads resemble each other; the figures are kept."""
    measure_customers(visit.warehouse, visit.policy, wiring.reports(visit.config), visit.now)
    return redirect("/results#customers", "measured")


def _data(visit: Visit, form: ResultsForm) -> ResultsData:
    oversees = visit.may("manager", "operator")
    request = ResultsRequest(
        now=visit.now,
        weeks=form.weeks,
        by=form.by,
        only_seller=None if oversees else visit.name,
        customers=read_customers(wiring.reports(visit.config)) if oversees else None,
    )
    return read_results(visit.warehouse, visit.policy, request, cached_figures)
