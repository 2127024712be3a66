"""A visit: one request of a person to a page, with what pages need to answer it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, get_args

from leadwerk import settings
from leadwerk.catalogue.languages import Language
from leadwerk.pipeline import wiring
from leadwerk.pipeline.desk.served import served_by
from leadwerk.policy.folding import is_same_name
from leadwerk.policy.people import Person, Role
from leadwerk.settings import Settings
from leadwerk.web.door.admission import Visitor
from leadwerk.web.door.session import cookie_value

if TYPE_CHECKING:
    from leadwerk.pipeline.desk.call_list import Served
    from leadwerk.pipeline.desk.picks import Picks
    from leadwerk.policy.model import Policy
    from leadwerk.warehouse.protocol import Warehouse

PREFERENCES = "leadwerk_page"
THEMES = ("system", "light", "dark")
LANGUAGES: tuple[str, ...] = get_args(Language)


@dataclass(frozen=True)
class Preferences:
    """What a browser remembers of its reader: language (None: the person's), and theme."""

    language: Language | None = None
    theme: str = "system"

    @classmethod
    def of(cls, headers: Mapping[str, str]) -> Preferences:
        """The preferences in the request's cookie, as far as they can be read."""
        language, _, theme = cookie_value(headers, PREFERENCES).partition(".")
        # A cookie is what a browser sends: only values of the list are taken, so nothing of it reaches a page or a
        # header.
        chosen = next((name for name in get_args(Language) if name == language), None)
        return cls(chosen, theme if theme in THEMES else "system")

    @property
    def cookie(self) -> str:
        """Value of the header Set-Cookie that keeps them for a year."""
        value = f"{self.language or ''}.{self.theme}"
        # Not signed and without Secure: it holds no secret, and a desk on a laptop has no TLS.
        return f"{PREFERENCES}={value}; HttpOnly; SameSite=Lax; Path=/; Max-Age=31536000"


@dataclass(frozen=True)
class Visit:
    """One request: who, when (`now`, UTC), from which address, and with which preferences.

    `message`: what the page before wants to say, by its key in the language files.
    """

    visitor: Visitor
    now: datetime
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    config: Settings = field(default_factory=settings.read)

    @property
    def person(self) -> Person:
        """Who sends the request."""
        return self.visitor.person

    @property
    def name(self) -> str:
        """The name under which the person acts."""
        return self.person.name

    def is_me(self, name: str | None) -> bool:
        """Whether a stored name is that of the person who looks."""
        return name is not None and is_same_name(name, self.name)

    def may(self, *roles: Role) -> bool:
        """Whether the person has one of these roles."""
        return self.person.has(*roles)

    @property
    def preferences(self) -> Preferences:
        """What the browser remembers."""
        return Preferences.of(self.headers)

    @property
    def policy(self) -> Policy:
        """The policy in force."""
        return wiring.policy(self.config)

    @property
    def warehouse(self) -> Warehouse:
        """The warehouse of this deployment, kept open from page to page."""
        warehouse = wiring.warehouse(self.config)
        warehouse.stay_open(for_few_rows=False)
        return warehouse

    @property
    def picks(self) -> Picks:
        """The picks of this deployment."""
        return wiring.picks(self.config, self.policy)

    @property
    def language(self) -> Language:
        """The reader's language: the browser's choice, else the person's, else the policy's first."""
        return self.preferences.language or self.person.language or self.policy.languages[0]

    @property
    def served(self) -> Served:
        """The leads that the reader may see: a seller's languages and regions, everybody's for other roles."""
        return served_by(self.person, self.policy)

    @property
    def wants_part(self) -> bool:
        """Whether our own script asks for the panel alone."""
        # Another site cannot set X-Part without a preflight, which is never answered; Sec-Fetch-Site says it once more.
        return self.headers.get("X-Part") == "panel" and self.headers.get("Sec-Fetch-Site") in (None, "same-origin")
