"""Retention: rows leave when the policy says, and what stayed too long is named."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from leadwerk.pipeline.privacy.retention import GRACE_DAYS, expire, overdue
from leadwerk.policy.load import load
from leadwerk.policy.model import Policy, Retention
from leadwerk.warehouse import schema
from leadwerk.warehouse.duckdb import DuckDBWarehouse
from leadwerk.warehouse.table_statements import row_count
from support.homes import home_warehouse
from support.person_rows import ANNA, BEAT, ERASED_AT, fill

DAYS = 50
KEPT = {table.name for table in schema.own_tables() if table.retention}


@pytest.fixture
def policy() -> Policy:
    return msgspec.structs.replace(load("mortgage"), retention=Retention(activity=DAYS, scores=DAYS, deliveries=DAYS))


def rows(warehouse: DuckDBWarehouse) -> dict[str, int]:
    return {t.name: warehouse.rows(row_count(t), {})[0].row_count for t in schema.tables_of_persons()}


def test_rows_of_every_table_that_expires_leave_on_their_day(tmp_path: Path, policy: Policy) -> None:
    warehouse = home_warehouse(tmp_path)
    fill(warehouse, ANNA, moment=ERASED_AT - timedelta(days=DAYS + 1))
    fill(warehouse, BEAT, moment=ERASED_AT - timedelta(days=DAYS))
    expired = expire(warehouse, policy, ERASED_AT)
    persons = KEPT & set(rows(warehouse))
    assert expired == dict.fromkeys(sorted(persons), 1)
    assert {name: count for name, count in rows(warehouse).items() if name in persons} == dict.fromkeys(persons, 1)
    assert expire(warehouse, policy, ERASED_AT) == {}


def test_what_stayed_too_long_is_named(tmp_path: Path, policy: Policy) -> None:
    warehouse = home_warehouse(tmp_path)
    fill(warehouse, ANNA, moment=ERASED_AT - timedelta(days=DAYS + GRACE_DAYS + 1))
    late = overdue(warehouse, policy, ERASED_AT)
    assert {table.table for table in late} == KEPT & set(rows(warehouse))
    assert {table.retention_days for table in late} == {DAYS}
    expire(warehouse, policy, ERASED_AT)
    assert overdue(warehouse, policy, ERASED_AT) == []


def test_a_table_without_retention_states_so_on_purpose() -> None:
    """The rest stays until the lead is erased: training and audit need it."""
    unlimited = {table.name for table in schema.own_tables() if not table.retention}
    assert unlimited == {
        "audit_log", "audit_seals", "company_answers", "cursors", "drift_checks", "erased_ids", "erasures",
        "extract_runs", "identities", "kpis_daily", "leads", "model_runs", "objections", "outcomes", "overrides",
        "picks", "policy_changes", "suggestions", "threshold_holds", "verdicts",
    }  # fmt: skip
