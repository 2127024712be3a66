"""The report as a page: one file that needs nothing but itself, written once a day."""

from __future__ import annotations

from datetime import datetime

from leadwerk import settings
from leadwerk.pipeline import wiring
from leadwerk.pipeline.report_written import ReportWritten
from leadwerk.web import Answer, NotFound, page
from leadwerk.web.door.admission import only_readers

NAME = "report.html"
# Its style stands in the file, and its charts too; a script has no business in it.
SECURITY_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'"


def write(now: datetime, language: str | None) -> ReportWritten:
    """Write the report of `now` into the reports of this deployment."""
    from leadwerk.pipeline import report

    config = settings.read()
    inputs = wiring.warehouse(config), wiring.policy(config), wiring.registry(config), wiring.reports(config)
    return report.run(*inputs, report.ReportRequest(now=now, language=language, name=NAME))


@page(stage="desk", door=only_readers)
def show(path: str) -> Answer:
    """The newest report, at / of a private function and at /report of every one."""
    if path not in ("/", "/report"):
        raise NotFound(f"There is no page {path}.", field="path", remedy="GET /report shows the newest report.")
    newest = wiring.reports(settings.read()).read(NAME)
    if newest is None:
        raise NotFound("There is no report yet.", field="path", remedy="POST {} here, or run `leadwerk report`.")
    return Answer(newest.data, headers={"Content-Security-Policy": SECURITY_POLICY})
