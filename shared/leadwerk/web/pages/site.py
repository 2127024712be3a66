"""The site: routes of the pages, who may open them, and what stands there when something goes wrong."""

from __future__ import annotations

import re
import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import quote, urlencode

import msgspec
from msgspec import Struct

from leadwerk import settings
from leadwerk.errors import InputError, LeadwerkError
from leadwerk.policy.people import STAFF, Role
from leadwerk.texts.message import Message
from leadwerk.web import Answer, NotFound, Response, answered, log, retry_after, status_of
from leadwerk.web.door.admission import admit
from leadwerk.web.door.origin import check_origin
from leadwerk.web.door.rate_limit import check_address
from leadwerk.web.moments import clock
from leadwerk.web.pages.rendering import bare, render
from leadwerk.web.pages.upload import UploadForm, read_upload
from leadwerk.web.pages.visit import Preferences, Visit
from leadwerk.web.problem_document import Forbidden, MethodNotAllowed, NotSignedIn
from leadwerk.web.request_body import read_body
from leadwerk.web.routes import NAME, READING, QueriedRequest, query

# Forms carry a pasted policy or a file of leads, and nothing larger.
FORM_BYTES = 2_000_000
MOST_FIELDS = 2_000  # a file's columns have a field each


class NoForm(Struct, frozen=True):
    """A page without fields; whatever stands in its query is left alone."""


class FreeForm(Struct, frozen=True):
    """A form whose fields follow from the data: the page reads them itself."""

    fields: Mapping[str, str]


@dataclass(frozen=True)
class Page:
    """A page: GET answers `show`, POST runs `act` with the form's fields and redirects."""

    method: str
    path: str
    form: type[Struct]
    handle: Callable[..., Answer]
    roles: tuple[Role, ...] = STAFF
    pattern: re.Pattern[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "pattern", re.compile(NAME.sub(r"(?P<\1>.+)", self.path), re.DOTALL))
        # msgspec crashes the process if two threads inspect a type at the same time: inspected here, once.
        msgspec.inspect.type_info(self.form)

    def fields(self, raw: Mapping[str, str]) -> Struct:
        """The form's fields; a page ignores what it does not know, a form's mistake names its field.

        Raises:
            InputError: a field has another type or an unknown value.
        """
        if self.form is FreeForm:
            return FreeForm(raw)
        try:
            return msgspec.convert(raw, self.form, strict=False)
        except msgspec.ValidationError as error:
            what, _, where = str(error).partition(" - at `")
            name = where.rstrip("`").removeprefix("$.")
            raise InputError(
                f"{what}.", field=name or "form", value=raw.get(name), remedy=Message("refusal.choose_again")
            ) from error


@dataclass(frozen=True)
class Site:
    """The pages by section, the first part of their paths; the first match decides."""

    sections: Mapping[str, Callable[[], Sequence[Page]]]
    loaded: dict[str, Sequence[Page]] = field(default_factory=dict)
    loading: threading.Lock = field(default_factory=threading.Lock)

    @property
    def pages(self) -> Sequence[Page]:
        """All pages."""
        return [page for section in self.sections for page in self._section(section)]

    def know(self, path: str) -> bool:
        """Whether a page has this path."""
        return bool(self._matches(path))

    def _matches(self, path: str) -> list[tuple[Page, re.Match[str]]]:
        pages = self._section(path.removeprefix("/").partition("/")[0].partition(".")[0])
        return [(page, match) for page in pages if (match := page.pattern.fullmatch(path))]

    def _section(self, name: str) -> Sequence[Page]:
        if name not in self.sections:
            return ()
        # One thread at a time: msgspec inspects the forms' types, and two threads at that crash the process.
        with self.loading:
            if name not in self.loaded:
                self.loaded[name] = self.sections[name]()
        return self.loaded[name]

    def __call__(self, http: QueriedRequest) -> Response:
        return answered("desk_page", http.headers, lambda: self._answer(http))

    def _answer(self, http: QueriedRequest) -> Answer:
        fields = _query(http)
        try:
            check_address(http.headers)
            check_origin(http.method, http.headers)
            visitor = admit(settings.read(), http.headers)
        except NotSignedIn as error:
            return _door(http, error)
        except (Forbidden, LeadwerkError) as error:
            return _refusal_at_door(http, error)
        visit = Visit(visitor=visitor, now=clock(), path=http.path, query=fields, headers=http.headers)
        try:
            if visitor.is_program:
                raise Forbidden(Message("refusal.people"), field="role")
            return self._page(visit, http)
        except LeadwerkError as error:
            again = _address(visit) if http.method in READING else ""
            return error_page(visit, error, again)

    def _page(self, visit: Visit, http: QueriedRequest) -> Answer:
        matches = self._matches(http.path)
        if not matches:
            remedy = Message("refusal.page.menu")
            raise NotFound(Message("refusal.page", path=http.path[:200]), field="path", remedy=remedy)
        method = "GET" if http.method in READING else http.method
        for page, match in matches:
            if page.method == method:
                visit.visitor.check(page.roles)
                answer: Answer = page.handle(visit, _form_of(page, visit, http), **match.groupdict())
                return answer
        allowed = tuple(dict.fromkeys(page.method for page, _ in matches))
        raise MethodNotAllowed(f"{http.method} {http.path[:200]} is not answered.", allowed=allowed)


def _form_of(page: Page, visit: Visit, http: QueriedRequest) -> Struct:
    if page.form is UploadForm:
        return read_upload(http)
    return page.fields(visit.query if page.method == "GET" else form_fields(http))


def form_fields(http: QueriedRequest) -> Mapping[str, str]:
    """The fields of a form; empty ones are left out, so that they count as not given."""
    return query(read_body(http, FORM_BYTES), MOST_FIELDS)


def _query(http: QueriedRequest) -> Mapping[str, str]:
    try:
        return query(http.query_string, MOST_FIELDS)
    except InputError:
        return {}


def _door(http: QueriedRequest, error: NotSignedIn) -> Answer:
    """Nobody is signed in: the page that says how, in the browser's language."""
    language = browser_language(http.headers)
    return bare("signed_out.html", status=status_of(error), language=language, is_lost=http.method not in READING)


def _refusal_at_door(http: QueriedRequest, error: LeadwerkError) -> Answer:
    language = browser_language(http.headers)
    refused = bare("refused.html", status=status_of(error), language=language, error=error)
    return replace(refused, headers={**refused.headers, **retry_after(error)})


def browser_language(headers: Mapping[str, str]) -> str:
    """The first of our languages that the browser prefers; English without one."""
    preferred = Preferences.of(headers).language
    if preferred:
        return preferred
    for part in headers.get("Accept-Language", "").split(","):
        if (name := part.strip()[:2].lower()) in ("de", "fr", "it", "en"):
            return name
    return "en"


def _address(visit: Visit) -> str:
    """The address that the visit asked for."""
    return quote(visit.path) + (f"?{urlencode(visit.query)}" if visit.query else "")


def error_page(visit: Visit, error: LeadwerkError, again: str = "") -> Answer:
    """What happened, that nothing was changed, and what to do; the id finds the line in the log.

    `again`: the address to try again where the fault is ours; empty: it was a form, which only its page sends again.
    """
    status, request_id = status_of(error), secrets.token_hex(4)
    log.refused_or_failed(f"desk_page {request_id}", error, 0.0)
    return render(visit, "error.html", status=status, error=error, code=status, request_id=request_id, again=again)


def lead_path(lead_id: str, action: str = "") -> str:
    """Address of a lead's page, or of what is done there; an id may hold any sign."""
    return f"/calls/{quote(lead_id, safe='')}{'/' + action if action else ''}"


def company_path(account_id: str, action: str = "") -> str:
    """Address of a company's page, or of what is done there; an id may hold any sign."""
    return f"/companies/{quote(account_id, safe='')}{'/' + action if action else ''}"
