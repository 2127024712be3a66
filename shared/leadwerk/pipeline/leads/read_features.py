"""Features of leads and visitors at their moments, read as records: few rows, without pandas."""

from __future__ import annotations

from datetime import datetime

import msgspec
from msgspec import Struct

from leadwerk.catalogue.features import FeatureValues
from leadwerk.pipeline.leads.features import features_statement
from leadwerk.policy.model import Policy
from leadwerk.scoring.lead_state import VISITOR
from leadwerk.warehouse.protocol import Parameters, Warehouse

PERSON_KEY = "person_key"


class LeadFeatures(Struct, frozen=True, kw_only=True):
    """Features of a lead, or of a visitor without one, from what was recorded strictly before `as_of` (UTC).

    `created_at`: None for an unknown lead. `values`: the row of lead_features/select, because its other columns follow
    from the policy; without the person's key, which is no feature and nobody's to see.
    """

    lead_id: str
    as_of: datetime
    created_at: datetime | None
    has_web_behaviour: int
    values: FeatureValues

    @property
    def is_known(self) -> bool:
        """Whether anything was known of the lead or visitor at that moment."""
        return bool(self.has_web_behaviour) if self.lead_id.startswith(VISITOR) else self.created_at is not None


def read_features(warehouse: Warehouse, policy: Policy, parameters: Parameters) -> list[LeadFeatures]:
    """Features for training_ or scoring_parameters: one record per lead (or visitor) and moment, in no order."""
    rows = warehouse.rows(features_statement(policy), parameters)
    # The columns stay among the values: models and rules read them by the names of the feature contract.
    shown = ({name: value for name, value in row.items() if name != PERSON_KEY} for row in rows)
    return msgspec.convert([{**row, "values": row} for row in shown], list[LeadFeatures])
