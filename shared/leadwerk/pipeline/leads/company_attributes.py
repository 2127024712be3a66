"""Attributes of companies: what their contacts stated, else what providers answered."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from leadwerk.catalogue.features import FeatureValues
from leadwerk.pipeline.leads.features import attribute_lists
from leadwerk.policy.model import Policy
from leadwerk.warehouse.protocol import Warehouse
from leadwerk.warehouse.statement import statement


def company_attributes(
    warehouse: Warehouse, policy: Policy, account_ids: Sequence[str], as_of: datetime
) -> dict[str, FeatureValues]:
    """Account id → its columns of accounts/attributes as of a moment (aware, UTC), in the order of the ids.

    Accounts of which nothing is stored by then are left out.
    """
    if not account_ids:
        return {}
    attributes = statement("accounts/attributes", None, **attribute_lists(policy))
    rows = warehouse.rows(attributes, {"account_ids": list(account_ids), "as_of": as_of})
    companies = {str(row["account_id"]): row for row in rows}
    return {account_id: companies[account_id] for account_id in sorted(companies)}
