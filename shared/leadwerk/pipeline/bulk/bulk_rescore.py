"""Bulk rescore: SQL that rescores a base of any size inside BigQuery, without moving lists of leads.

The stage rescore reads leads by id, batch by batch, in one process. Here the same feature query over the same open
leads is part of one statement that BigQuery spreads over many machines. docs/scale.md says when that pays.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from leadwerk.catalogue.periods import OPEN_LEAD_DAYS
from leadwerk.pipeline.leads.features import lead_states_parameters, rescore_remote_statement
from leadwerk.policy.model import Policy
from leadwerk.scoring.stage_change import FACTS, entry_reason
from leadwerk.warehouse import schema
from leadwerk.warehouse.protocol import AnyStatement, Parameters
from leadwerk.warehouse.statement import inlined, statement


def rescore_parameters(policy: Policy, *, now: datetime, stored_at: datetime) -> Parameters:
    """Parameters of `rescore_remote_statement` as of `now` (aware)."""
    since = now - timedelta(days=OPEN_LEAD_DAYS)
    return {
        **lead_states_parameters(policy, [], [], now),
        "created_since": since,
        "scored_since": since.date(),
        "stored_at": stored_at,
        "points_rank": policy.decision.rank_by != "model",
    }


def rescore_script(policy: Policy, *, now: datetime, stored_at: datetime) -> str:
    """INSERTs without parameters for `bq query`: new rows of `scores`, then the resulting stage changes."""
    parameters = rescore_parameters(policy, now=now, stored_at=stored_at)
    scores = _insert("scores", rescore_remote_statement(policy), parameters)
    if not policy.stages:
        return scores
    return f"{scores}\n{_insert('stage_changes', stages_statement(policy), stages_parameters(policy, now=now))}"


def stages_statement(policy: Policy) -> AnyStatement:
    """New rows of `stage_changes`: for all leads whose newest score has another stage than the last change."""
    positions = range(1, len(policy.stages) + 1)
    return statement("stage_changes/bulk_insert", number=("points", "interest"), fact=FACTS, place=positions)


def stages_parameters(policy: Policy, *, now: datetime) -> Parameters:
    """Parameters of `stages_statement` as of `now` (aware)."""
    stages_by_fact = {fact: entry_reason(policy, fact) for fact in FACTS}
    return {
        "as_of": now,
        "scored_since": (now - timedelta(days=OPEN_LEAD_DAYS)).date(),
        **{f"stage_{place}": stage.name for place, stage in enumerate(policy.stages, 1)},
        "asks_known": [stage.name for stage in policy.stages if stage.known],
        **{f"asks_{fact}": [stage.name for stage in stages] for fact, stages in stages_by_fact.items()},
    }


def _insert(table: str, rows: AnyStatement, parameters: Parameters) -> str:
    columns = ", ".join(f"`{field.name}`" for field in schema.table(table).fields)
    # A script of several statements has no parameters of its own in the console, where a person may run it.
    sql = inlined(rows, parameters)
    return f"INSERT INTO leadwerk.{table} ({columns})\nSELECT {columns} FROM (\n{sql}\n);\n"
