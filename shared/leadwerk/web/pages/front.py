"""Front of the desk: whether a request is for people, and which of its parts answers it.

Each part is imported when it is first asked for: the first page of a process waits for no other page and no API.
"""

from __future__ import annotations

from typing import Any

from leadwerk import settings
from leadwerk.web import Response
from leadwerk.web.pages.rendering import static

# Pages are for people: a private function has programs as its callers, whose person is not known.
WITHOUT_PERSON = "private"


def answer_people(http: Any) -> Response | None:
    """The page, the door or a file that a browser asked for; None for what programs ask."""
    # Before admission: style sheet and script hold nothing, and the door itself needs them.
    if http.path.startswith("/assets/"):
        return static(http)
    if http.path == "/enter":
        from leadwerk.web.pages.enter import enter

        return enter(http)
    if settings.read().access == WITHOUT_PERSON or (http.method == "POST" and http.path == "/"):
        return None
    from leadwerk.web.pages.desk_site import site

    return site(http) if site.know(http.path) else None


def answer_lost(http: Any) -> Response | None:
    """The page that says that nothing is there, to a browser; None to a program, which reads a problem document."""
    if settings.read().access == WITHOUT_PERSON or "text/html" not in http.headers.get("Accept", ""):
        return None
    from leadwerk.web.pages.desk_site import site

    return site(http)
