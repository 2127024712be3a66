"""The desk in a browser, as people of several roles see it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page


@dataclass
class Desk:
    """Opens the desk as a person, in a browser context of its own; whatever a console reports is kept."""

    base: str
    browser: Browser
    link: str
    errors: list[str] = field(default_factory=list)
    cookies: dict[str, list[Any]] = field(default_factory=dict)

    def page(self, name: str, **options: Any) -> Page:
        context = self.browser.new_context(**options)
        if name not in self.cookies:
            self.cookies[name] = self._enter(name)
        context.add_cookies(self.cookies[name])
        page = context.new_page()
        page.on("console", lambda message: self._note(message.type, message.text, page.url))
        page.on("pageerror", lambda error: self.errors.append(f"{error} at {page.url}"))
        return page

    def enter(self, page: Page, name: str) -> None:
        """Sign a person in by the link for the next browser; what follows needs a new one."""
        page.goto(self.link)
        page.check(f"input[value={name}]")
        page.click("button.primary")

    def renew_link(self, page: Page) -> None:
        """Get the link for one more browser from the page of who is signed in."""
        page.goto(f"{self.base}/settings")
        page.click("form[action='/settings/link'] button")
        self.link = page.inner_text("#link")

    def _enter(self, name: str) -> list[Any]:
        context: BrowserContext = self.browser.new_context()
        page = context.new_page()
        self.enter(page, name)
        self.renew_link(page)
        cookies: list[Any] = context.cookies()
        context.close()
        return cookies

    def _note(self, kind: str, text: str, url: str) -> None:
        # A refusal on purpose (409, 403) is reported by the browser too; a violation of the content policy is not that.
        if kind in ("error", "warning") and "Failed to load resource" not in text:
            self.errors.append(f"{text} at {url}")

    @contextmanager
    def quiet(self) -> Iterator[None]:
        """Fails if the console reported anything meanwhile."""
        self.errors.clear()
        yield
        assert self.errors == []
