"""Desk API for sellers: call list, picks, overrides, histories, accounts.

docs/desk.md documents it; a test runs its examples.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta, Struct

from leadwerk import settings
from leadwerk.catalogue.languages import Language
from leadwerk.catalogue.periods import TIMELINE_DAYS
from leadwerk.pipeline import wiring
from leadwerk.pipeline.desk import account_detail, account_picks, accounts, call_list, ledger_at, timeline
from leadwerk.pipeline.desk.call_list import LeadFilter, Text
from leadwerk.pipeline.desk.lead_reads import record_read
from leadwerk.pipeline.desk.page_cursor import PageRequest
from leadwerk.pipeline.desk.pick_state import Pick
from leadwerk.pipeline.desk.served import check_readable, served_by
from leadwerk.pipeline.policies.policy_in_force import PolicyRecords, Which, rules_at
from leadwerk.pipeline.policies.policy_store import cached_policies
from leadwerk.policy.people import Person, Role
from leadwerk.web import Moment, Request
from leadwerk.web.desk_overrides import ROUTES
from leadwerk.web.moments import clock, moment
from leadwerk.web.routes import Route, Routes

if TYPE_CHECKING:
    from leadwerk.pipeline.desk.picks import Picks

SELLERS: tuple[Role, ...] = ("seller",)
OVERSEERS: tuple[Role, ...] = ("manager", "operator")
"""A company's contacts may be of any language, of which a seller sees only some."""

CALLERS: tuple[Role, ...] = ("seller", *OVERSEERS)
Limit = Annotated[int, Meta(ge=1, le=200)]
Position = Annotated[str, Meta(min_length=1, max_length=1000)]
Days = Annotated[int, Meta(ge=1, le=1100)]


class LeadQuery(LeadFilter, frozen=True, forbid_unknown_fields=True):
    """Query of the call list: a page of at most `limit` leads, `labels` in `output_language`; `now` as in Request."""

    now: Moment | None = None
    limit: Limit = 50
    cursor: Position | None = None
    output_language: Language | None = None


class SellerBody(Request, frozen=True):
    """Body of a pick or release; `seller` is the person who is signed in; only a program names it."""

    seller: Text | None = None


class HistoryQuery(Request, frozen=True):
    """Query of a history of `days`, in `output_language`; with `at`, of the ledger at that moment.

    `policy`: count the ledger by the policy in force at that moment, or by the current one.
    """

    days: Days = TIMELINE_DAYS
    at: Moment | None = None
    policy: Which = "in_force"
    output_language: Language | None = None


class AccountQuery(accounts.AccountFilter, frozen=True, forbid_unknown_fields=True):
    """Query of the account list: a page of at most `limit` accounts; `now` as in Request."""

    tier: Text | None = None
    now: Moment | None = None
    limit: Limit = 50
    cursor: Position | None = None


class AccountDetailQuery(Request, frozen=True):
    """Query of an account; `at`: the moment (default: now)."""

    at: Moment | None = None


class ReleasedLead(Struct, frozen=True, kw_only=True):
    """A lead that no seller holds."""

    lead_id: str
    seller: None = None


def _picks() -> Picks:
    config = settings.read()
    return wiring.picks(config, wiring.policy(config))


def _leads(query: LeadQuery, now: datetime, *, person: Person) -> call_list.LeadPage:
    """List the open leads to call, best first."""
    picks = _picks()
    page_request = PageRequest(now=now, limit=query.limit, cursor=query.cursor)
    served = served_by(person, picks.policy)
    return call_list.page(picks.warehouse, picks.policy, query, page_request, query.output_language, served)


def _pick(body: SellerBody, now: datetime, lead_id: str, *, person: Person) -> Pick:
    """Pick a lead: for some hours it is this seller's alone."""
    picks = _picks()
    check_readable(picks.warehouse, picks.policy, lead_id, person=person, now=now)
    return picks.pick(lead_id, body.seller or "", now)


def _release(body: SellerBody, now: datetime, lead_id: str, *, person: Person) -> ReleasedLead:
    """Release a picked lead."""
    picks = _picks()
    check_readable(picks.warehouse, picks.policy, lead_id, person=person, now=now)
    picks.release(lead_id, body.seller or "", now)
    return ReleasedLead(lead_id=lead_id)


def _history(
    query: HistoryQuery, now: datetime, lead_id: str, *, person: Person
) -> timeline.History | ledger_at.LedgerAt:
    """Show a lead's history, or its ledger at a moment."""
    picks = _picks()
    check_readable(picks.warehouse, picks.policy, lead_id, person=person, now=now)
    history = _history_at(query, now, lead_id, picks)
    # After the answer is known: a lead that does not exist was not seen. By the clock: `now` may lie in the past.
    record_read(picks.warehouse, lead_id, person.name, clock())
    return history


def _history_at(
    query: HistoryQuery, now: datetime, lead_id: str, picks: Picks
) -> timeline.History | ledger_at.LedgerAt:
    if query.at is None:
        return timeline.history(picks, lead_id, now=now, days=query.days, output_language=query.output_language)
    at = moment(query.at, now, "at")
    # The policies come from the cache: a history that is asked for every few seconds must not read the bucket each
    # time.
    records = PolicyRecords(picks.warehouse, picks.policy, cached_policies(settings.read()))
    rules = rules_at(records, lead_id, at=at, now=now, which=query.policy)
    return ledger_at.ledger(picks.warehouse, picks.policy, rules, lead_id, at=at)


def _accounts(query: AccountQuery, now: datetime) -> accounts.AccountPage:
    """List the accounts, best first."""
    picks = _picks()
    page_request = PageRequest(now=now, limit=query.limit, cursor=query.cursor)
    return accounts.page(picks.warehouse, picks.policy, query, page_request)


def _account(query: AccountDetailQuery, now: datetime, account_id: str) -> account_detail.AccountDetail:
    """Show an account with its contacts and its ledger."""
    picks = _picks()
    return account_detail.account(picks.warehouse, picks.policy, account_id, as_of=moment(query.at, now, "at"))


def _pick_account(body: SellerBody, now: datetime, account_id: str, *, person: Person) -> account_picks.AccountPick:
    """Pick an account as a whole: all its contacts that the seller serves, or none."""
    picks = _picks()
    return account_picks.pick_account(picks, account_id, body.seller or "", now, served_by(person, picks.policy))


def _release_account(body: SellerBody, now: datetime, account_id: str) -> account_picks.ReleasedAccount:
    """Release the contacts of an account that the seller holds."""
    return account_picks.release_account(_picks(), account_id, body.seller or "", now)


api = Routes(
    "desk",
    (
        Route("GET", "/leads", LeadQuery, _leads, CALLERS, for_person=True),
        Route("POST", "/leads/{lead_id}/pick", SellerBody, _pick, SELLERS, "seller", for_person=True),
        Route("POST", "/leads/{lead_id}/release", SellerBody, _release, SELLERS, "seller", for_person=True),
        Route("GET", "/leads/{lead_id}/history", HistoryQuery, _history, CALLERS, for_person=True),
        Route("GET", "/accounts", AccountQuery, _accounts, OVERSEERS),
        Route("GET", "/accounts/{account_id}", AccountDetailQuery, _account, OVERSEERS),
        Route("POST", "/accounts/{account_id}/pick", SellerBody, _pick_account, SELLERS, "seller", for_person=True),
        Route("POST", "/accounts/{account_id}/release", SellerBody, _release_account, SELLERS, "seller"),
        *ROUTES,
    ),
)
