"""Coverage: of how many companies each fact is known, from people alone and with what was answered."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from leadwerk.pipeline.enrichment.company_work import column_of, open_accounts
from leadwerk.pipeline.leads.company_attributes import company_attributes
from leadwerk.policy.enrichment import Enrichment
from leadwerk.policy.model import Policy
from leadwerk.warehouse.protocol import Warehouse

MEASURED = 1_000
"""Companies that are looked at, those with the newest leads."""


class FactCoverage(Struct, frozen=True):
    """Companies of which a fact is known: `stated` by people or the CRM, `filled` with answers."""

    fact: str
    stated: int
    filled: int


class Coverage(Struct, frozen=True):
    """The facts of the policy's enrichment among `companies` of open leads."""

    companies: int
    facts: tuple[FactCoverage, ...]


def coverage(warehouse: Warehouse, policy: Policy, now: datetime) -> Coverage:
    """Coverage of the companies of open leads, as of `now`."""
    account_ids = open_accounts(warehouse, now, MEASURED)
    unenriched = replace(policy, enrichment=Enrichment())
    with warehouse.unit_of_work():
        stated = company_attributes(warehouse, unenriched, account_ids, now).values()
        filled = company_attributes(warehouse, policy, account_ids, now).values()
    columns = {fact.fills: column_of(fact) for fact in policy.enrichment.facts}
    return Coverage(
        len(account_ids),
        tuple(
            FactCoverage(
                name,
                sum(row.get(column) is not None for row in stated),
                sum(row.get(column) is not None for row in filled),
            )
            for name, column in columns.items()
        ),
    )
