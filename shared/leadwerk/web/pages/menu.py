"""Menu: the pages that a person's roles open. The same table lets a request in, so that no page is but hidden."""

from __future__ import annotations

from dataclasses import dataclass

from leadwerk.policy.model import Policy
from leadwerk.policy.people import Person, Role


@dataclass(frozen=True)
class MenuEntry:
    """An entry of the menu: its `name` (page.menu.NAME says it), where it leads, and who sees it."""

    name: str
    path: str
    roles: tuple[Role, ...]


MENU: tuple[MenuEntry, ...] = (
    MenuEntry("calls", "/calls", ("seller", "manager", "operator")),
    MenuEntry("companies", "/companies", ("manager", "operator")),
    MenuEntry("results", "/results", ("seller", "manager", "operator")),
    MenuEntry("review", "/review", ("manager", "operator")),
    MenuEntry("thresholds", "/thresholds", ("manager", "operator")),
    MenuEntry("rules", "/rules", ("seller", "manager", "operator")),
    MenuEntry("operations", "/operations", ("manager", "operator")),
    MenuEntry("privacy", "/privacy", ("privacy",)),
    MenuEntry("start", "/start", ("manager", "operator")),
)


def roles_of(name: str) -> tuple[Role, ...]:
    """Who may open the page of this entry."""
    return next(entry.roles for entry in MENU if entry.name == name)


def menu(person: Person, policy: Policy) -> tuple[MenuEntry, ...]:
    """The entries that the person may open, in order; companies only where the policy has rules on them."""
    rates_companies = any(group.level == "account" for group in policy.points.groups)
    return tuple(entry for entry in MENU if person.has(*entry.roles) and (rates_companies or entry.name != "companies"))
