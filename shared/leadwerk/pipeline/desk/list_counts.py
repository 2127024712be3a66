"""List counts: how many open leads stand in each list of the desk."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby

from msgspec import Struct

from leadwerk.pipeline.desk.call_list import Served, open_lead_parameters
from leadwerk.policy.folding import is_same_name
from leadwerk.policy.model import Policy
from leadwerk.warehouse.protocol import Warehouse
from leadwerk.warehouse.statement import statement


class LeadCount(Struct, frozen=True):
    """A row of scores/list_counts: open leads of one language, cluster, progress and holder."""

    language: str
    cluster: str
    in_progress: bool
    held_by: str | None
    leads: int
    newest: datetime


class ListCounts(Struct, frozen=True):
    """Leads by list: HOT ones to call, those held by the reader, those the CRM works on, WARM ones, all open ones.

    `disqualified` ones belong to no other list. `newest`: moment of the newest score, None without leads.
    """

    tocall: int
    mine: int
    progress: int
    warm: int
    all: int
    disqualified: int
    newest: datetime | None


def list_counts(warehouse: Warehouse, policy: Policy, reader: str, *, now: datetime, served: Served) -> ListCounts:
    """The counts as of `now` (aware) for a reader of this name who serves these leads."""
    return _sums(_rows(warehouse, policy, now, served), reader)


def counts_by_language(
    warehouse: Warehouse, policy: Policy, reader: str, *, now: datetime, served: Served
) -> dict[str, ListCounts]:
    """The counts of `list_counts` for each language of the leads."""
    rows = sorted(_rows(warehouse, policy, now, served), key=_language)
    return {language: _sums(list(group), reader) for language, group in groupby(rows, key=_language)}


def _rows(warehouse: Warehouse, policy: Policy, now: datetime, served: Served) -> list[LeadCount]:
    parameters = open_lead_parameters(policy, now, now, served)
    return warehouse.rows(statement("scores/list_counts", record=LeadCount, tier=range(len(policy.tiers))), parameters)


def _language(row: LeadCount) -> str:
    return row.language


def _sums(rows: Sequence[LeadCount], reader: str) -> ListCounts:
    qualified = [row for row in rows if row.cluster != "DISQUALIFIED"]
    return ListCounts(
        tocall=sum(row.leads for row in qualified if row.cluster == "HOT" and not row.in_progress),
        mine=sum(row.leads for row in qualified if row.held_by is not None and is_same_name(row.held_by, reader)),
        progress=sum(row.leads for row in qualified if row.in_progress),
        warm=sum(row.leads for row in qualified if row.cluster == "WARM" and not row.in_progress),
        all=sum(row.leads for row in qualified),
        disqualified=sum(row.leads for row in rows if row.cluster == "DISQUALIFIED"),
        newest=max((row.newest for row in rows), default=None),
    )
