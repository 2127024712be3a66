"""Entering a local desk: the one-time link leads to a choice of persons, and the choice to a session.

Who was not signed in for a page comes back to it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from urllib.parse import unquote

from leadwerk import settings
from leadwerk.policy.people import by_name
from leadwerk.texts.message import Message
from leadwerk.web import Answer, NotFound, Response, answered, status_of
from leadwerk.web.door.admission import people, sessions
from leadwerk.web.door.origin import check_origin
from leadwerk.web.door.rate_limit import check_address
from leadwerk.web.door.session import cookie_value, is_local_host
from leadwerk.web.door.sign_ins import record_sign_in
from leadwerk.web.pages.rendering import bare, redirect
from leadwerk.web.pages.site import (
    RETURN,
    browser_language,
    checked_next,
    failure_page,
    form_fields,
    return_cookie,
)
from leadwerk.web.problem_document import Forbidden, NotSignedIn
from leadwerk.web.routes import READING, QueriedRequest, query

PATH = "/enter"


def enter(http: QueriedRequest) -> Response:
    """GET with a link's key lists the people to choose from; POST uses the key up and starts the session."""
    return answered("desk_enter", http.headers, lambda: _answer(http), partial(_failure, http))


def _failure(http: QueriedRequest, error: Exception, request_id: str) -> Answer:
    # Who is at the door reads what refuses them: a link of another machine, too many calls.
    return failure_page(http, error, browser_language(http.headers), request_id, with_details=True)


def _answer(http: QueriedRequest) -> Answer:
    config = settings.read()
    if config.access != "local":  # elsewhere this path does not exist
        raise NotFound(Message("refusal.page", path=PATH), field="path", remedy=Message("refusal.sign_in"))
    if not is_local_host(http.headers.get("Host", "")):
        raise Forbidden(Message("refusal.local"), field="Host")
    check_address(http.headers)
    check_origin(http.method, http.headers)
    language = browser_language(http.headers)
    local = sessions(config.desk_key)
    fields = query(http.query_string) if http.method in READING else form_fields(http)
    key, name = fields.get("key", ""), fields.get("name", "")
    if http.method in READING and local.is_unused(key):
        address = unquote(cookie_value(http.headers, RETURN)) or "/"
        page = bare("enter.html", language=language, key=key, people=people(config), address=address)
        return replace(page, headers={**page.headers, "Set-Cookie": return_cookie("")})
    person = by_name(people(config), name)
    address = checked_next(fields.get("next", "/"))
    if http.method == "POST" and person is not None and local.use(key):
        now = datetime.now(UTC)
        record_sign_in(config, person.name, now)
        return redirect(address, headers={"Set-Cookie": local.cookie(person.name, now)})
    used = NotSignedIn("This link was used before.", field="key")
    return bare("signed_out.html", status=status_of(used), language=language, again="", is_lost=False)
