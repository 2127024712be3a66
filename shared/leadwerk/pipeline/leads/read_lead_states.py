"""Read lead states: one statement for all that scoring needs to know of some leads and visitors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from msgspec.structs import replace

from leadwerk.catalogue.periods import SCORE_LOOK_BACK_DAYS
from leadwerk.lead.submitted_form import SubmittedForm
from leadwerk.pipeline.leads.features import lead_states_parameters, lead_states_statement
from leadwerk.pipeline.leads.signal_features import with_signal_columns
from leadwerk.policy.model import Policy
from leadwerk.scoring.lead_state import LeadState
from leadwerk.warehouse.protocol import Warehouse
from leadwerk.warehouse.records import LeadRow


class StoredLeadState(LeadState, frozen=True, kw_only=True):
    """A row of lead_states/select.

    Where the selection has forms: `stored_version`, the lead's latest version without its form, and `is_linked`,
    whether the form's visitor is a stored one of the lead.
    """

    stored_version: LeadRow | None = None
    is_linked: bool = False


@dataclass(frozen=True)
class LeadSelection:
    """The leads and visitors to read; a form, whose lead is among `lead_ids`, counts as if it were stored."""

    lead_ids: Sequence[str] = ()
    visitor_ids: Sequence[str] = ()
    forms: Sequence[SubmittedForm] = ()


def read_lead_states(
    warehouse: Warehouse,
    policy: Policy,
    selection: LeadSelection,
    as_of: datetime,
    *,
    score_days: int = SCORE_LOOK_BACK_DAYS,
) -> list[StoredLeadState]:
    """The states as of `as_of` (aware), one per lead and visitor, an unknown one included; nothing selected, no query.

    Scores older than `score_days` do not count.
    """
    if not selection.lead_ids and not selection.visitor_ids:
        return []
    parameters = {
        **lead_states_parameters(policy, selection.lead_ids, selection.visitor_ids, as_of),
        "scored_since": (as_of - timedelta(days=score_days)).date(),
        "forms": selection.forms,
    }
    statement = lead_states_statement(policy, StoredLeadState, with_forms=bool(selection.forms))
    states = warehouse.rows(statement, parameters)
    return [replace(state, features=with_signal_columns(policy, state.features)) for state in states]
