"""desk: the desk's pages (leadwerk.web.pages) and API (leadwerk.web.desk); GET /report shows the newest report, POST {}
writes it.

POST {"threshold": true} starts the day: decides where HOT starts and records lapsed picks.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import functions_framework

from leadwerk import settings
from leadwerk.pipeline import wiring
from leadwerk.pipeline.report_written import ReportWritten
from leadwerk.web import Answer, NotFound, Request, entry, page
from leadwerk.web.desk import StartOfDay, api, start_of_day
from leadwerk.web.door.admission import only_operators, only_readers

REPORT = "report.html"
# The report is one file that needs nothing but itself: its style stands in it, its charts too.
REPORT_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'"


class Body(Request, frozen=True):
    """`language` of the report (de, fr, it, en; default: the policy's first); `threshold`: start the day instead."""

    language: str | None = None
    threshold: bool = False


@entry(Body, stage="desk", door=only_operators)
def write(body: Body, now: datetime) -> StartOfDay | ReportWritten:
    """Write the report, or start the sellers' day."""
    if body.threshold:
        return start_of_day(now)
    from leadwerk.pipeline import report

    config = settings.read()
    inputs = wiring.warehouse(config), wiring.policy(config), wiring.registry(config), wiring.reports(config)
    return report.run(*inputs, report.ReportRequest(now=now, language=body.language, name=REPORT))


@page(stage="desk", door=only_readers)
def show(path: str) -> Answer:
    if path not in ("/", "/report"):
        raise NotFound(f"There is no page {path}.", field="path", remedy="GET / shows the newest report.")
    newest = wiring.reports(settings.read()).read(REPORT)
    if newest is None:
        raise NotFound("There is no report yet.", field="path", remedy="POST {} here, or run `leadwerk report`.")
    return Answer(newest.data, headers={"Content-Security-Policy": REPORT_POLICY})


@functions_framework.http
def desk(http: Any) -> Any:
    if api.know(http.path):
        return api(http)
    return write(http) if http.method == "POST" else show(http)
