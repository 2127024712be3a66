"""The site: routes of the pages, who may open them, and what stands there when something goes wrong."""

from __future__ import annotations

import re
import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from urllib.parse import quote, urlencode

import msgspec
from msgspec import Struct

from leadwerk import settings
from leadwerk.errors import InputError, LeadwerkError
from leadwerk.policy.people import STAFF, Role
from leadwerk.texts.message import Message, placed_message
from leadwerk.web import Answer, NotFound, Response, allow, answered, log, retry_after, status_of
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
FAULT = (Message("page.error.ours"), Message("page.error.ours.remedy"))
RETURN = "leadwerk_return"
"""Cookie of the address that nobody was signed in for; `/enter` alone receives it."""

LONGEST_RETURN = 2_000


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
        call = _PageCall(self, http, browser_language(http.headers))
        return answered("desk_page", http.headers, call.answer, call.failure)

    def page(self, visit: Visit, http: QueriedRequest) -> Answer:
        """The page that answers a request.

        Raises:
            NotFound, MethodNotAllowed: no page has this path, or not by this method.
            Forbidden: the person's roles do not allow it.
        """
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


@dataclass
class _PageCall:
    """A request to the site; `language` is the browser's, and `reads_details` is False, until the reader is known."""

    site: Site
    http: QueriedRequest
    language: str
    reads_details: bool = False

    def answer(self) -> Answer:
        http = self.http
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
        self.reads_details = reads_details(visit)
        self.language = visit.language
        try:
            if visitor.is_program:
                raise Forbidden(Message("refusal.people"), field="role")
            return self.site.page(visit, http)
        except LeadwerkError as error:
            return error_page(visit, error, _again(http))

    def failure(self, error: Exception, request_id: str) -> Answer:
        """The page of an error that nobody foresaw, or that leaves no page with a menu, such as a policy's mistake."""
        return failure_page(self.http, error, self.language, request_id, with_details=self.reads_details)


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
    """Nobody is signed in: the page that says how, in the browser's language. Entering leads back to the address."""
    language, again = browser_language(http.headers), _again(http)
    page = bare("signed_out.html", status=status_of(error), language=language, again=again, is_lost=not again)
    return replace(page, headers={**page.headers, "Set-Cookie": return_cookie(again)}) if again else page


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


def _again(http: QueriedRequest) -> str:
    """The address that was asked for; empty for a form, which only its page sends again."""
    if http.method not in READING:
        return ""
    return quote(http.path) + (f"?{urlencode(fields)}" if (fields := _query(http)) else "")


def return_cookie(address: str) -> str:
    """Value of the header Set-Cookie that keeps the address of a page for who enters; of an empty one, that ends it."""
    is_kept = 0 < len(address) <= LONGEST_RETURN
    value, seconds = (quote(address, safe=""), 43_200) if is_kept else ("", 0)
    return f"{RETURN}={value}; HttpOnly; SameSite=Strict; Path=/enter; Max-Age={seconds}"


def reads_details(visit: Visit) -> bool:
    """Whether a fault of ours is shown with its object and remedy; a seller can do nothing with them."""
    return visit.may("manager", "operator", "privacy")


def error_page(visit: Visit, error: LeadwerkError, again: str = "") -> Answer:
    """What happened, that nothing was changed, and what to do; the id finds the line in the log.

    `again`: the address to try again where the fault is ours.
    """
    status, request_id = status_of(error), secrets.token_hex(4)
    log.refused_or_failed(f"desk_page {request_id}", error, 0.0)
    texts = error.texts if status < HTTPStatus.INTERNAL_SERVER_ERROR or reads_details(visit) else FAULT
    page = render(visit, "error.html", status=status, error=error, texts=texts, code=status, request_id=request_id,
                  again=again)  # fmt: skip
    return replace(page, headers={**page.headers, **retry_after(error), **allow(error)})


def failure_page(
    http: QueriedRequest, error: Exception, language: str, request_id: str, *, with_details: bool = False
) -> Answer:
    """The page of an error without menu; `with_details`: the reader may know what an error of Leadwerk says."""
    foreseen = error if isinstance(error, LeadwerkError) else None
    page = bare(
        "failed.html",
        status=status_of(foreseen) if foreseen else HTTPStatus.INTERNAL_SERVER_ERROR,
        language=language,
        texts=(placed_message(foreseen), foreseen.texts[1]) if foreseen and with_details else FAULT,
        request_id=request_id,
        again=_again(http),
    )
    return replace(page, headers={**page.headers, **(retry_after(foreseen) if foreseen else {})})


def checked_next(path: str) -> str:
    """An address of this desk; any other would lead its reader away.

    >>> checked_next("/calls?list=mine")
    '/calls?list=mine'

    Raises:
        InputError: the address is that of another site.
    """
    if not path.startswith("/") or path.startswith("//") or "\\" in path or not path.isprintable():
        raise InputError(Message("refusal.next"), field="next", value=path[:60])
    return path


def lead_path(lead_id: str, action: str = "") -> str:
    """Address of a lead's page, or of what is done there; an id may hold any sign."""
    return f"/calls/{quote(lead_id, safe='')}{'/' + action if action else ''}"


def company_path(account_id: str, action: str = "") -> str:
    """Address of a company's page, or of what is done there; an id may hold any sign."""
    return f"/companies/{quote(account_id, safe='')}{'/' + action if action else ''}"
