"""What there is to ask: companies of open leads, what nobody stated of them, and what was asked before."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import msgspec
from msgspec import Struct

from leadwerk.catalogue.features import FeatureValues
from leadwerk.catalogue.periods import OPEN_LEAD_DAYS
from leadwerk.pipeline.enrichment.answers import Provider
from leadwerk.pipeline.enrichment.identity import CompanyIdentity, company_identity
from leadwerk.pipeline.leads.company_attributes import company_attributes
from leadwerk.policy.enrichment import LEAD_COLUMNS, EnrichedFact, Enrichment
from leadwerk.policy.model import Policy
from leadwerk.warehouse.protocol import Warehouse
from leadwerk.warehouse.statement import statement

MOST_COMPANIES = 5_000
"""Companies that a run looks at, those with the newest leads: more than any daily budget."""


class OpenAccount(Struct, frozen=True):
    """A row of company_answers/open_accounts: an account of open leads."""

    account_id: str


class UnexpiredQuestion(Struct, frozen=True):
    """A row of company_answers/unexpired: a question whose answer still counts as the provider's word."""

    account_id: str
    question: str


class DailySpend(Struct, frozen=True):
    """The row of company_answers/spent: calls and money of a day."""

    calls: int
    cost: float


@dataclass(frozen=True)
class CompanyToAsk:
    """A company, what is known of it to others, and the facts that nobody stated or answered."""

    account_id: str
    identity: CompanyIdentity
    missing: tuple[EnrichedFact, ...]


def open_accounts(warehouse: Warehouse, now: datetime, most: int = MOST_COMPANIES) -> list[str]:
    """The accounts of open leads, those with the newest lead first."""
    parameters = {"created_since": now - timedelta(days=OPEN_LEAD_DAYS), "as_of": now, "most": most}
    rows = warehouse.rows(statement("company_answers/open_accounts", OpenAccount), parameters)
    return [row.account_id for row in rows]


def companies_to_ask(
    warehouse: Warehouse, policy: Policy, account_ids: Sequence[str], now: datetime
) -> list[CompanyToAsk]:
    """The companies of which a fact is missing, in the order of the ids."""
    facts = company_attributes(warehouse, policy, account_ids, now)
    companies = (_company(policy.enrichment, account_id, facts.get(account_id, {})) for account_id in account_ids)
    return [company for company in companies if company.missing]


def _company(enrichment: Enrichment, account_id: str, company: FeatureValues) -> CompanyToAsk:
    name, uid = (
        company.get(f"attribute_{attribute}") if attribute else None
        for attribute in (enrichment.company_name, enrichment.company_uid)
    )
    missing = tuple(fact for fact in enrichment.facts if company.get(column_of(fact)) is None)
    return CompanyToAsk(account_id, company_identity(account_id, name, uid), missing)


def column_of(fact: EnrichedFact) -> str:
    """The column of accounts/attributes that a fact fills.

    >>> column_of(EnrichedFact(fills="employees")), column_of(EnrichedFact(fills="seat", asks="canton"))
    ('employees', 'attribute_seat')
    """
    return fact.fills if fact.fills in LEAD_COLUMNS else f"attribute_{fact.fills}"


def unexpired_questions(warehouse: Warehouse, now: datetime) -> Mapping[str, set[str]]:
    """Account id → questions that are not asked again yet."""
    questions: defaultdict[str, set[str]] = defaultdict(set)
    for row in warehouse.rows(statement("company_answers/unexpired", UnexpiredQuestion), {"as_of": now}):
        questions[row.account_id].add(row.question)
    return questions


def spent(warehouse: Warehouse, day: date) -> DailySpend:
    """What the calls of a day by the policy's clock took so far."""
    [row] = warehouse.rows(statement("company_answers/spent", DailySpend), {"day": day})
    return row


def question_hash(provider: Provider, company: CompanyIdentity, facts: tuple[EnrichedFact, ...]) -> str:
    """The same for the same question: who is asked, what is sent of the company, and which answers are taken."""
    content = [provider.name, provider.model, company, sorted(facts, key=lambda fact: fact.fills)]
    return hashlib.sha256(msgspec.json.encode(content, order="deterministic")).hexdigest()[:32]
