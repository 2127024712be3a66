"""The site: a section of its pages is loaded once, with the first request to it."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

from leadwerk.web import Answer
from leadwerk.web.pages.site import NoForm, Page, Site


def site_of(loaded: list[str]) -> Site:
    """A site of two sections, which notes what was loaded."""

    def section(name: str) -> tuple[Page, ...]:
        loaded.append(name)
        time.sleep(0.01)  # other threads get their turn
        paths = (f"/{name}", f"/{name}/{{lead_id}}", f"/{name}.csv")
        return tuple(Page("GET", path, NoForm, lambda visit, form, **names: Answer(b"")) for path in paths)

    return Site({"calls": lambda: section("calls"), "rules": lambda: section("rules")})


def test_a_request_loads_its_own_section_and_no_other() -> None:
    loaded: list[str] = []
    site = site_of(loaded)
    answers = [site.know(path) for path in ("/calls", "/calls/a/b.c", "/calls.csv")]
    assert answers == [True, True, True]
    assert [site.know(path) for path in ("/", "/leads/1", "//calls", "/callsx", "/.csv")] == [False] * 5
    assert loaded == ["calls"]
    assert site.loaded.keys() == {"calls"}  # a path that nobody has takes no memory


def test_requests_that_arrive_together_load_a_section_once() -> None:
    loaded: list[str] = []
    site = site_of(loaded)
    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(site.know, ["/rules", "/calls"] * 8))
    assert sorted(loaded) == ["calls", "rules"]
