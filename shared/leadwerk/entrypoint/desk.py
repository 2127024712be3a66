"""The sellers' API: the list, picks, overrides, histories, accounts.

docs/desk.md describes it, with examples that a test runs.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

from msgspec import Meta, to_builtins

from leadwerk import settings
from leadwerk.entrypoint import Moment, Request, moment
from leadwerk.entrypoint.overrides import ROUTES
from leadwerk.entrypoint.routes import Route, Routes
from leadwerk.pipeline import wiring
from leadwerk.pipeline.desk import accounts, call_list, history
from leadwerk.pipeline.desk.call_list import Text, Wanted
from leadwerk.pipeline.desk.lapsed import settle_lapsed
from leadwerk.pipeline.policies.past_policy import Which, rules_at
from leadwerk.pipeline.policies.versions import kept_policies
from leadwerk.pipeline.thresholds import daily as threshold
from leadwerk.policy.section import Language

if TYPE_CHECKING:
    from leadwerk.pipeline.desk.picks import Picks

Limit = Annotated[int, Meta(ge=1, le=200)]
Position = Annotated[str, Meta(min_length=1, max_length=1000)]
Days = Annotated[int, Meta(ge=1, le=1100)]


class LeadsAsked(Wanted, frozen=True, forbid_unknown_fields=True):
    """The leads wanted, a page of at most `limit`, with `words` in the language `speak`; `now` as in Request."""

    now: Moment | None = None
    limit: Limit = 50
    cursor: Position | None = None
    speak: Language | None = None


class BySeller(Request, frozen=True):
    """Who picks or releases. The function is private: whoever may call it at all is believed."""

    seller: Text


class HistoryAsked(Request, frozen=True):
    """`days` back, told in `speak`; or the ledger `at` a moment, by the `rules` of then or of now."""

    days: Days = history.DAYS
    at: Moment | None = None
    rules: Which = "then"
    speak: Language | None = None


class AccountsAsked(Request, frozen=True):
    """See accounts.page."""

    sort: accounts.Sort = "icp"
    light: accounts.Light | None = None
    tier: Text | None = None
    limit: Limit = 50
    cursor: Position | None = None


class AccountAsked(Request, frozen=True):
    """`at`: the moment, by default now."""

    at: Moment | None = None


def _picks() -> Picks:
    here = settings.read()
    return wiring.picks(here, wiring.policy(here))


def _leads(asked: LeadsAsked, now: datetime) -> call_list.Page:
    here = _picks()
    return call_list.page(
        here.warehouse, here.policy, asked, now=now, limit=asked.limit, cursor=asked.cursor, speak=asked.speak
    )


def _pick(asked: BySeller, now: datetime, lead_id: str) -> Any:
    return _picks().pick(lead_id, asked.seller, now)


def _release(asked: BySeller, now: datetime, lead_id: str) -> Any:
    _picks().release(lead_id, asked.seller, now)
    return {"lead_id": lead_id, "seller": None}


def _history(asked: HistoryAsked, now: datetime, lead_id: str) -> Any:
    here = _picks()
    if asked.at is not None:
        at, kept = moment(asked.at, now, "at"), kept_policies(settings.read())
        rules = rules_at(here.warehouse, here.policy, kept, lead_id, at=at, now=now, which=asked.rules)
        return history.ledger(here.warehouse, rules, lead_id, at=at)
    return history.history(here, lead_id, now=now, days=asked.days, speak=asked.speak)


def _accounts(asked: AccountsAsked, now: datetime) -> accounts.Page:
    here = _picks()
    wanted = {name: getattr(asked, name) for name in ("sort", "light", "tier", "limit", "cursor")}
    return accounts.page(here.warehouse, here.policy, now=now, **wanted)


def _account(asked: AccountAsked, now: datetime, account_id: str) -> accounts.Detail:
    here = _picks()
    return accounts.account(here.warehouse, here.policy, account_id, as_of=moment(asked.at, now, "at"))


def morning(now: datetime) -> dict[str, Any]:
    """What begins the sellers' day: the day's thresholds, and yesterday's picks that lapsed, in one report."""
    here = _picks()
    decided = threshold.run(here.warehouse, here.policy, now)
    report: dict[str, Any] = to_builtins(decided) | to_builtins(settle_lapsed(here, now))
    return report


api = Routes(
    "desk",
    (
        Route("GET", "/leads", LeadsAsked, _leads),
        Route("POST", "/leads/{lead_id}/pick", BySeller, _pick),
        Route("POST", "/leads/{lead_id}/release", BySeller, _release),
        Route("GET", "/leads/{lead_id}/history", HistoryAsked, _history),
        Route("GET", "/accounts", AccountsAsked, _accounts),
        Route("GET", "/accounts/{account_id}", AccountAsked, _account),
        *ROUTES,
    ),
)
