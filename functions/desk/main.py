"""desk: the desk's pages (leadwerk.web.pages) and API (leadwerk.web.desk); GET /report shows the newest report, POST {}
writes it.

POST {"threshold": true} starts the day: decides where HOT starts, records lapsed picks, and measures the KPIs.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import functions_framework

from leadwerk.pipeline.report_written import ReportWritten
from leadwerk.web import Request, Response, entry
from leadwerk.web.door.admission import only_operators
from leadwerk.web.pages.front import answer_lost, answer_people
from leadwerk.web.start_of_day import StartOfDay, start_of_day


class Body(Request, frozen=True):
    """`language` of the report (de, fr, it, en; default: the policy's first); `threshold`: start the day instead."""

    language: str | None = None
    threshold: bool = False


@entry(Body, stage="desk", door=only_operators)
def write(body: Body, now: datetime) -> StartOfDay | ReportWritten:
    """Write the report, or start the sellers' day."""
    if body.threshold:
        return start_of_day(now)
    from leadwerk.web.pages.report import write as write_report

    return write_report(now, body.language)


@functions_framework.http
def desk(http: Any) -> Response:
    return answer_people(http) or _answer_programs(http)


def _answer_programs(http: Any) -> Response:
    from leadwerk.web.desk import api
    from leadwerk.web.pages.report import show

    if api.know(http.path):
        return api(http)
    if http.method == "POST":
        return write(http)
    return show(http) if http.path in ("/", "/report") else answer_lost(http) or show(http)
