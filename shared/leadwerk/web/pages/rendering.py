"""Rendering: a template with its reader's wording becomes an Answer with the strictest headers."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leadwerk.drawing import marks
from leadwerk.drawing.plot import charts_css
from leadwerk.report.wording import Wording
from leadwerk.texts.message import in_language
from leadwerk.web import Answer, NotFound, page
from leadwerk.web.pages.menu import menu
from leadwerk.web.pages.visit import Visit

if TYPE_CHECKING:
    from jinja2 import Environment

FOLDER = Path(__file__).parents[1]
ASSETS = FOLDER / "assets"
ASSET_TYPES = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml"}
SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "script-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types desk",
    )
)
PAGE_HEADERS = {"Content-Security-Policy": SECURITY_POLICY, "Vary": "Cookie, X-Part"}


def render(visit: Visit, template: str, *, status: int = 200, menu_entry: str = "", **context: Any) -> Answer:
    """A page: `menu_entry` is its entry of the menu; texts come as t() and translated(), figures through `w`."""
    wording = Wording(visit.policy, visit.language, visit.now)
    html = (
        _environment()
        .get_template(template)
        .render(
            t=wording.say,
            translated=partial(in_language, language=visit.language),
            w=wording,
            visit=visit,
            menu_entry=menu_entry,
            menu=menu(visit.person, visit.policy),
            theme=visit.preferences.theme,
            assets=asset_paths(),
            message=message(visit, wording),
            meter=marks.meter,
            bar=marks.bar,
            **context,
        )
    )
    return Answer(html.encode(), status=status, headers=PAGE_HEADERS)


def bare(template: str, *, status: int = 200, language: str = "en", **context: Any) -> Answer:
    """A page for who is not signed in: without menu, and without anything of the deployment."""
    from leadwerk.texts import text

    def say(key: str, **values: Any) -> str:
        return text(language, key, **values)

    translated = partial(in_language, language=language)
    html = (
        _environment()
        .get_template(template)
        .render(t=say, translated=translated, language=language, assets=asset_paths(), **context)
    )
    return Answer(html.encode(), status=status, headers=PAGE_HEADERS)


def redirect(path: str, notice: str = "", headers: Mapping[str, str] | None = None) -> Answer:
    """See `path` next (303), which then shows the text of the key `page.said.{notice}`."""
    page_path, mark, place = path.partition("#")
    query = f"{'&' if '?' in page_path else '?'}said={notice}" if notice else ""
    location = f"{page_path}{query}{mark}{place}"
    return Answer(b"", status=303, headers={**PAGE_HEADERS, "Location": location, **(headers or {})})


def message(visit: Visit, wording: Wording) -> str:
    """What the page before wants to say; unknown keys say nothing."""
    notice = visit.query.get("said", "")
    return wording.say(f"page.said.{notice}") if notice in MESSAGES else ""


MESSAGES = frozenset(
    {"taken", "released", "company_taken", "company_released",
     "verdict", "override", "override_released", "settings", "held", "freed", "published",
     "reverted", "draft", "discarded", "replayed", "decided", "rolled_back", "sent_again", "imported",
     "trained", "repeated", "measured"}
)  # fmt: skip
"""Messages that an address may ask for: no other text of ours, and none of others."""


@cache
def asset_paths() -> Mapping[str, str]:
    """Addresses of the style sheet, the script and the icon: they carry the hash of the content, and are kept."""
    contents = {file.name: _content(file.name) for file in sorted(ASSETS.iterdir()) if file.suffix[1:] in ASSET_TYPES}
    digest = hashlib.sha256(b"".join(contents.values())).hexdigest()[:12]
    return {name: f"/assets/{digest}/{name}" for name in contents}


@cache
def _assets() -> Mapping[str, Answer]:
    headers = {"Cache-Control": "private, max-age=31536000, immutable"}
    return {
        path: Answer(_content(name), ASSET_TYPES[name.rpartition(".")[2]], headers=headers)
        for name, path in asset_paths().items()
    }


def style_sheet() -> str:
    """The style sheet as text, for a file that opens without the desk."""
    return _content("desk.css").decode()


def asset(path: str) -> Answer | None:
    """The file at an address of `asset_paths`; None at any other."""
    return _assets().get(path)


def _content(name: str) -> bytes:
    """The file; charts look the same on the desk's pages and in the report."""
    content = (ASSETS / name).read_bytes()
    return charts_css().encode() + content if name == "desk.css" else content


@page(stage="desk_static")
def static(path: str) -> Answer:
    """The style sheet, the script or the icon; who is not signed in gets them too."""
    answer = asset(path)
    if answer is None:
        raise NotFound(f"There is no file {path[:100]}.", field="path", remedy="Load the page again.")
    return answer


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
