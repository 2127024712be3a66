"""Settings of a reader: language and theme, kept by the browser; on a laptop, a link for another browser."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from leadwerk.catalogue.languages import Language
from leadwerk.texts.message import Message
from leadwerk.web import Answer
from leadwerk.web.door.admission import sessions
from leadwerk.web.pages.rendering import redirect, render
from leadwerk.web.pages.site import NoForm
from leadwerk.web.pages.visit import LANGUAGES, THEMES, Preferences, Visit
from leadwerk.web.problem_document import NotFound

OWN_NAMES = {"de": "Deutsch", "fr": "Français", "it": "Italiano", "en": "English"}


class PreferencesForm(Struct, frozen=True):
    """What the reader prefers."""

    language: Language | None = None
    theme: Literal["system", "light", "dark"] = "system"


def show(visit: Visit, _: NoForm) -> Answer:
    """The page, with the link that was just made."""
    return _page(visit, "")


def save(visit: Visit, form: PreferencesForm) -> Answer:
    """Let the browser keep them."""
    return redirect("/settings", "settings", {"Set-Cookie": Preferences(form.language, form.theme).cookie})


def new_link(visit: Visit, _: NoForm) -> Answer:
    """A link for another browser, so that two people can try the desk on one machine."""
    if visit.config.access != "local":
        raise NotFound(Message("refusal.links"), field="path")
    key = sessions(visit.config.desk_key).new_link_key()
    return _page(visit, f"http://{visit.headers.get('Host', '')}/enter?key={key}")


def _page(visit: Visit, link: str) -> Answer:
    return render(
        visit,
        "settings.html",
        languages=LANGUAGES,
        own_names=OWN_NAMES,
        themes=THEMES,
        is_local=visit.config.access == "local",
        link=link,
    )
