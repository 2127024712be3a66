"""Accounts out of the warehouse: which contacts, which facts, as of when; ledgers that add up; lists and pages."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, strategies as st
from msgspec.structs import asdict

from leadwerk.errors import InputError, UnknownAccount
from leadwerk.lead.submitted_form import read_submitted_form
from leadwerk.pipeline.desk import account_detail, accounts
from leadwerk.pipeline.desk.accounts import AccountFilter, AccountPage
from leadwerk.pipeline.desk.page_cursor import PageRequest
from leadwerk.pipeline.leads.points_input import points_input_of_leads
from leadwerk.pipeline.leads.read_lead_states import StoredLeadState
from leadwerk.pipeline.serving.form_rows import form_rows
from leadwerk.warehouse.duckdb import DuckDBWarehouse
from leadwerk.warehouse.records import LeadRow
from support.examples import examples
from support.selling import BORN, DAY, NOW, POLICY, lead, score, touch, warehouse

ACME = {"account_id": "acme.ch"}


@pytest.fixture
def acme(tmp_path: Path) -> DuckDBWarehouse:
    """Acme: a CEO who stated its size first, an expert who corrected it, an applicant; and the freemailer Zoe."""
    leads = [
        lead("ceo", **ACME, job_title="CEO", employees=40, industry="Software"),
        lead("expert", **ACME, job_title="Software engineer"),
        lead("expert", **ACME, event_id="e2", recorded_at=BORN + 5 * DAY, employees=400, revenue=6e7),
        lead("zoe", email_domain_kind="freemail"),
        lead("beta", account_id="beta.ch", employees=5),
    ]
    touches = [
        touch(1, "ceo", "webinar_attended", NOW - 2 * DAY),
        touch(2, "expert", "webinar_attended", NOW - DAY),
        touch(3, "expert", "chat", NOW - DAY),
    ]
    scores = [
        score("ceo", interest=20.25, points=50.25),
        score("expert", interest=30.5, points=40.0, phase="decision"),
        score("beta", interest=5.0, points=5.0, phase=None),
        score("zoe", interest=90.0),
    ]
    return warehouse(tmp_path, leads=leads, touchpoints=touches, scores=scores)


def page_of(desk: DuckDBWarehouse, *, limit: int = 50, cursor: str | None = None, **account_filter: Any) -> AccountPage:
    page_request = PageRequest(now=NOW, limit=limit, cursor=cursor)
    return accounts.page(desk, POLICY, AccountFilter(**account_filter), page_request)


def detail(desk: DuckDBWarehouse, account_id: str = "acme.ch", at: datetime = NOW) -> account_detail.AccountDetail:
    return account_detail.account(desk, POLICY, account_id, as_of=at)


def test_e4_an_account_has_its_contacts_newest_facts_and_the_interest_of_all(acme: DuckDBWarehouse) -> None:
    acme_detail = detail(acme)
    assert asdict(acme_detail.account.company) == {
        "employees": 400, "revenue": 6e7, "industry": "Software", "country": "CH", "region": "CH-ZH",
    }  # fmt: skip
    assert (acme_detail.account.tier, acme_detail.account.icp, acme_detail.account.traffic_light) == (
        "Enterprise",
        85,
        "green",
    )
    assert next(contact.lead_id for contact in acme_detail.contacts) == acme_detail.account.best_contact == "ceo"
    _, _, totals, _ = points_input_of_leads(acme, POLICY, ["ceo", "expert"], NOW)
    assert acme_detail.account.interest == totals.interest.sum() / 100 > 0


def test_a_contact_whose_version_only_repeats_its_figures_corrects_nobody(acme: DuckDBWarehouse) -> None:
    repeated = lead("ceo", **ACME, event_id="e3", recorded_at=NOW - DAY, job_title="CEO", employees=40, language="fr")
    acme.append("leads", [repeated])
    assert detail(acme).account.company.employees == 400
    acme.append("leads", [repeated | {"event_id": "e4", "recorded_at": NOW - DAY / 2, "employees": 50}])
    assert detail(acme).account.company.employees == 50


def test_before_the_expert_corrected_it_the_account_was_what_the_ceo_had_said(acme: DuckDBWarehouse) -> None:
    before = detail(acme, at=BORN + 4 * DAY)
    assert (before.account.company.employees, before.account.tier) == (40, "SMB")
    assert before.account.interest == 0


def test_an_account_is_unknown_before_its_first_contact_and_if_nobody_names_it(acme: DuckDBWarehouse) -> None:
    for account_id, at in (("acme.ch", BORN - DAY), ("bluewin.ch", NOW), ("", NOW)):
        with pytest.raises(UnknownAccount) as refusal:
            detail(acme, account_id, at)
        assert (refusal.value.field, bool(refusal.value.remedy)) == ("account_id", True)


def test_who_changes_company_takes_the_interest_along_and_leaves_the_facts(acme: DuckDBWarehouse) -> None:
    acme.append("leads", [lead("expert", event_id="e3", account_id="beta.ch", recorded_at=NOW - DAY)])
    assert [contact.lead_id for contact in detail(acme).contacts] == ["ceo"]
    assert detail(acme).account.company.employees == 400
    assert {contact.lead_id for contact in detail(acme, "beta.ch").contacts} == {"beta", "expert"}


def test_the_list_is_by_match_and_leaves_out_who_has_no_account(acme: DuckDBWarehouse) -> None:
    page = page_of(acme)
    assert [(account.account_id, account.icp, account.tier, account.contacts) for account in page.accounts] == [
        ("acme.ch", 85, "Enterprise", 2),
        ("beta.ch", 5, "SMB", 1),
    ]
    first = page.accounts[0]
    assert (first.interest, first.best_contact, first.phase) == (50.75, "ceo", "decision")


@pytest.mark.parametrize(
    ("account_filter", "account_ids"),
    [
        ({"light": "green"}, ["acme.ch"]),
        ({"tier": "SMB"}, ["beta.ch"]),
        ({"sort": "interest"}, ["acme.ch", "beta.ch"]),
        ({"sort": "contacts"}, ["acme.ch", "beta.ch"]),
    ],
    ids=str,
)
def test_the_list_is_cut_by_light_and_tier(
    acme: DuckDBWarehouse, account_filter: dict[str, Any], account_ids: list[str]
) -> None:
    assert [account.account_id for account in page_of(acme, **account_filter).accounts] == account_ids


@pytest.mark.parametrize("sort", ["icp", "points", "interest", "contacts"])
def test_pages_put_together_are_the_list(tmp_path: Path, sort: Any) -> None:
    sizes = [None, 5, 20, 60, 400]
    leads = [lead(f"l{n}", account_id=f"a{n % 30}", employees=sizes[n % 5]) for n in range(45)]
    desk = warehouse(tmp_path, leads=leads, scores=[score(f"l{n}", interest=float(n % 4)) for n in range(45)])
    whole = page_of(desk, limit=200, sort=sort)
    assert (len(whole.accounts), whole.next) == (30, None)
    keys = [getattr(account, sort) for account in whole.accounts]
    assert keys == sorted(keys, reverse=True)
    cursor, paged = None, []
    for _ in range(10):
        page = page_of(desk, limit=4, cursor=cursor, sort=sort)
        paged, cursor = [*paged, *page.accounts], page.next
        if cursor is None:
            break
    assert paged == list(whole.accounts)
    with pytest.raises(InputError, match="cursor"):
        page_of(desk, cursor="x", sort=sort)


def test_e2_with_an_equal_match_the_enterprise_comes_first(tmp_path: Path) -> None:
    leads = [lead("s", account_id="a", employees=60), lead("b", account_id="b", employees=300)]
    desk = warehouse(tmp_path, leads=leads, scores=[score("s", points=90.0, interest=90.0), score("b", interest=0.0)])
    page = page_of(desk)
    assert [(account.account_id, account.icp) for account in page.accounts] == [("b", 55), ("a", 55)]


kinds = st.sampled_from(["webinar_attended", "chat", "email_click", "event", "call_answered", "social"])
happenings = st.lists(st.tuples(st.sampled_from("pqr"), kinds, st.integers(1, 400)), max_size=40)
versions = st.lists(
    st.tuples(
        st.sampled_from("pqr"),
        st.integers(0, 300),
        st.sampled_from([None, 5, 60, 400]),
        st.sampled_from([None, "CEO", "Praktikant"]),
    ),
    min_size=1,
    max_size=8,
)


@pytest.mark.slow
@examples(15, suppress_health_check=list(HealthCheck))
@given(versions, happenings, st.lists(st.integers(0, 420), min_size=1, max_size=3))
def test_whatever_happened_the_ledger_of_any_past_moment_adds_up(
    tmp_path_factory: pytest.TempPathFactory, versions: list[Any], happenings: list[Any], moments: list[int]
) -> None:
    leads = [
        lead(name, **ACME, event_id=f"v{number}", recorded_at=NOW - ago * DAY, created_at=NOW - 300 * DAY,
             employees=employees, job_title=title)
        for number, (name, ago, employees, title) in enumerate(versions)
    ]  # fmt: skip
    touches = [touch(n, name, kind, NOW - timedelta(hours=ago)) for n, (name, kind, ago) in enumerate(happenings)]
    desk = warehouse(tmp_path_factory.mktemp("desk"), leads=leads, touchpoints=touches)
    with desk.unit_of_work():
        for ago in moments:
            account_detail = detail(desk, at=NOW - timedelta(hours=ago))
            hundredths = [round(entry.points * 100) for entry in account_detail.entries]
            assert sum(hundredths) == round(account_detail.account.fit * 100)
            added = sum(round(contact.adds * 100) for contact in account_detail.contacts) + round(
                account_detail.capped * 100
            )
            assert added == round(account_detail.account.interest * 100)
            assert round(account_detail.account.points * 100) == sum(hundredths) + added


def test_a_form_does_not_move_a_lead_to_another_account_but_an_id_does() -> None:
    def account(stored: dict[str, Any], **fields: str) -> str | None:
        raw = {"lead_id": "1", "email": "anna@elsewhere.ch", "web_consent": True, **fields}
        submitted = read_submitted_form(raw, policy=POLICY, now=NOW, person_key="k")
        version = msgspec.convert(stored, LeadRow)
        state = StoredLeadState(lead_id="1", as_of=NOW, features={}, stored_version=version)
        merged = form_rows(submitted, state, POLICY).version
        return merged and merged.account_id

    assert account(lead("1", account_id="crm-7")) == "crm-7"
    assert account(lead("1", account_id="crm-7"), company_id="crm-8") == "crm-8"
    assert account(lead("1")) == "elsewhere.ch"
