"""desk: the desk's pages (leadwerk.web.pages) and API (leadwerk.web.desk); GET /report shows the newest report, POST {}
writes it.

POST {"threshold": true} starts the day: decides where HOT starts, records lapsed picks, and measures the KPIs.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import functions_framework

from leadwerk import settings
from leadwerk.pipeline.report_written import ReportWritten
from leadwerk.web import Request, Response, entry
from leadwerk.web.desk import StartOfDay, api, start_of_day
from leadwerk.web.door.admission import only_operators
from leadwerk.web.pages import enter, rendering, report

# Pages are for people: a private function has programs as its callers, whose person is not known.
WITHOUT_PERSON = "private"


class Body(Request, frozen=True):
    """`language` of the report (de, fr, it, en; default: the policy's first); `threshold`: start the day instead."""

    language: str | None = None
    threshold: bool = False


@entry(Body, stage="desk", door=only_operators)
def write(body: Body, now: datetime) -> StartOfDay | ReportWritten:
    """Write the report, or start the sellers' day."""
    if body.threshold:
        return start_of_day(now)
    return report.write(now, body.language)


@functions_framework.http
def desk(http: Any) -> Response:
    # Before admission: style sheet and script hold nothing, and the door itself needs them.
    if http.path.startswith("/assets/"):
        return rendering.static(http)
    if http.path == enter.PATH:
        return enter.enter(http)
    if settings.read().access != WITHOUT_PERSON and not (http.method == "POST" and http.path == "/"):
        # Imported where it is used: the API of programs starts without templates and charts.
        from leadwerk.web.pages.desk_site import site

        if site.know(http.path):
            return site(http)
    if api.know(http.path):
        return api(http)
    return write(http) if http.method == "POST" else report.show(http)
