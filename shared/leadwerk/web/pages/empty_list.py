"""An empty list: what else waits, in the list of WARM leads and in other languages."""

from __future__ import annotations

from dataclasses import dataclass

from leadwerk.pipeline.desk.call_list import Served
from leadwerk.pipeline.desk.list_counts import ListCounts, counts_by_language
from leadwerk.report.wording import Wording
from leadwerk.web.pages.cached import cached
from leadwerk.web.pages.visit import Visit


@dataclass(frozen=True)
class OtherLanguage:
    """A language in which the list has leads; `address` of that list, empty where the reader does not serve it."""

    text: str
    address: str


def other_languages(visit: Visit, wording: Wording, list_name: str, language: str | None) -> list[OtherLanguage]:
    """The languages other than `language` in which the list has leads, those with the most first.

    Without `language` the list has all that the reader serves, and others' languages are left.
    """
    counts = {name: _of_list(sums, list_name) for name, sums in _counts(visit).items()}
    elsewhere = [
        (name, count)
        for name, count in counts.items()
        if count and name != language and (language or not _serves(visit, name))
    ]
    return [
        OtherLanguage(
            text=f"{wording.spoken(name)} {wording.number(count)}",
            address=f"/calls?list={list_name}&language={name}" if _serves(visit, name) else "",
        )
        for name, count in sorted(elsewhere, key=lambda pair: -pair[1])
    ]


def _serves(visit: Visit, language: str) -> bool:
    return not visit.served.languages or language in visit.served.languages


def _of_list(sums: ListCounts, list_name: str) -> int:
    count: int = getattr(sums, list_name)
    return count


def _counts(visit: Visit) -> dict[str, ListCounts]:
    """By language, also those that the reader does not serve: how many there are tells nothing of a lead."""
    everywhere = Served(regions=visit.served.regions)

    def read() -> dict[str, ListCounts]:
        return counts_by_language(visit.warehouse, visit.policy, visit.name, now=visit.now, served=everywhere)

    return cached(("counts_by_language", visit.policy.version, visit.name, everywhere), read)
