"""Bulk rescore: SQL that rescores a base of any size inside BigQuery, without moving lists of leads.

The stage rescore reads leads by id, batch by batch, in one process. Here the same feature query over the same open
leads is part of one statement that BigQuery spreads over many machines. docs/scale.md says when that pays.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from leadwerk.catalogue.periods import OPEN_LEAD_DAYS
from leadwerk.errors import WarehouseError
from leadwerk.pipeline.leads.features import (
    features_statement,
    lead_states_parameters,
    occurrences_statement,
)
from leadwerk.policy.model import Policy
from leadwerk.scoring.stage_change import FACTS, entry_reason
from leadwerk.warehouse import schema
from leadwerk.warehouse.protocol import AnyStatement, Parameters, Statement
from leadwerk.warehouse.statement import DECLARATION, inlined, statement

INSTEAD = {
    "lead_id IN UNNEST(@lead_ids)": "lead_id IN (SELECT lead_id FROM open_leads)",
    "FROM UNNEST(@lead_ids) AS lead_id": "FROM open_leads",
}
"""Selection of leads by id in lead_features/select and occurrences/select → selection of all open leads."""

SLOT, OCCURRENCES = "${lead_features}", "${occurrences}"
NOTHING = """SELECT
  CAST(NULL AS STRING) AS lead_id, CAST(NULL AS STRING) AS signal, CAST(NULL AS DATE) AS day,
  CAST(NULL AS INT64) AS events, CAST(NULL AS TIMESTAMP) AS last_at
FROM UNNEST([1]) AS one
WHERE FALSE"""


def features_of_open_leads(policy: Policy) -> AnyStatement:
    """`lead_features/select` for all rows of `leads/open` instead of a list of leads."""
    return _for_open_leads(features_statement(policy))


def occurrences_of_open_leads(policy: Policy) -> AnyStatement:
    """`occurrences/select` for all rows of `leads/open`; no rows without rules."""
    if not policy.points.rules:
        return Statement("occurrences/whole_base", NOTHING)
    return _for_open_leads(occurrences_statement(policy))


def _for_open_leads(named: AnyStatement) -> AnyStatement:
    leads, text = statement("leads/open"), body(named)
    for by_id, all_open in INSTEAD.items():
        # The statement is shared with the per-lead path: if it changes, this must fail rather than score all leads of
        # all time.
        if text.count(by_id) != 1:
            raise WarehouseError(f"{named.name} does not contain {by_id!r} once.", remedy="Adapt bulk_rescore.py.")
        text = text.replace(by_id, all_open)
    parameters = {**named.parameters, **leads.parameters}
    # An undeclared parameter would be refused; a declared one that is not used, too.
    del parameters["lead_ids"]
    before, start, rest = text.partition("WITH ")
    whole = f"{before}{start}open_leads AS (\n{body(leads)}\n),\n\n{rest}"
    return Statement(named.name.replace("/select", "/whole_base"), whole, parameters)


def rescore_statement(policy: Policy) -> AnyStatement:
    """New rows of `scores` for all open leads, scored by the remote function leadwerk.score."""
    features, outer = features_of_open_leads(policy), statement("scores/rescore_remote")
    occurrences = occurrences_of_open_leads(policy)
    text = body(outer).replace(SLOT, features.text).replace(OCCURRENCES, occurrences.text)
    return Statement(outer.name, text, {**features.parameters, **occurrences.parameters, **outer.parameters})


def rescore_parameters(policy: Policy, *, now: datetime, stored_at: datetime) -> Parameters:
    """Parameters of `rescore_statement` as of `now` (aware)."""
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
    scores = _insert("scores", rescore_statement(policy), parameters)
    if not policy.stages:
        return scores
    named = stages_statement(policy)
    stages: AnyStatement = Statement(named.name, body(named), named.parameters)
    return f"{scores}\n{_insert('stage_changes', stages, stages_parameters(policy, now=now))}"


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


def body(of: AnyStatement) -> str:
    """The text without its header and declarations, to be embedded in another statement."""
    last = max((declaration.end() for declaration in DECLARATION.finditer(of.text)), default=0)
    return of.text[last:].strip()
