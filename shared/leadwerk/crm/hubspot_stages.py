"""Steps that deals of HubSpot have passed, with the moment and the kind of each, from the history of their stage.

The search returns the present stage only, so steps between two readings, and a deal's reopening, stand in the history.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import msgspec

from leadwerk.crm.case_page import StageKind
from leadwerk.crm.http_client import HttpClient
from leadwerk.crm.optional_reads import STAGES, OptionalObject
from leadwerk.crm.stage_steps import DealStep
from leadwerk.warehouse.batches import batches

# Fewer than without history: HubSpot's own limit.
DEALS_AT_ONCE = 50
STAGE = "dealstage"
HISTORY = OptionalObject("stages of deals", STAGES, "the scope crm.objects.deals.read")


class _Version(msgspec.Struct, frozen=True):
    timestamp: datetime
    value: str | None = None


class _Deal(msgspec.Struct, frozen=True, rename="camel"):
    id: str
    properties_with_history: dict[str, list[_Version]] = {}


class _Deals(msgspec.Struct, frozen=True):
    results: list[_Deal]


class _Metadata(msgspec.Struct, frozen=True, rename="camel"):
    probability: str | None = None
    is_closed: str | None = None

    def kind(self) -> StageKind:
        """HubSpot has closed stages of two probabilities: 1.0 is won, 0.0 is lost."""
        if self.is_closed == "true" or self.probability in ("0.0", "1.0"):
            return "won" if self.probability == "1.0" else "lost"
        return "open"


class _Stage(msgspec.Struct, frozen=True):
    id: str
    metadata: _Metadata = _Metadata()


class _Pipeline(msgspec.Struct, frozen=True):
    stages: list[_Stage] = []


class _Pipelines(msgspec.Struct, frozen=True):
    results: list[_Pipeline]


def read_steps(http: HttpClient, version: str, deal_ids: Sequence[str]) -> Mapping[str, Sequence[DealStep]]:
    """Deal id → its steps in order of time, the present one last; of deals that can be read."""
    if not deal_ids:
        return {}
    kinds = read_kinds(http, version)
    steps: dict[str, list[DealStep]] = {}
    for ids in batches(deal_ids, DEALS_AT_ONCE):
        body = {
            "inputs": [{"id": deal_id} for deal_id in ids],
            "properties": [STAGE],
            "propertiesWithHistory": [STAGE],
        }
        answer = http.call_repeatedly("POST", f"/crm/objects/{version}/deals/batch/read", json=body)
        if answer.status not in (200, 207):
            raise answer.unreadable("deals")
        for deal in answer.decoded(_Deals).results:
            versions = deal.properties_with_history.get(STAGE, [])
            steps[deal.id] = [
                DealStep(entry.value, entry.timestamp.astimezone(UTC), kinds.get(entry.value))
                for entry in sorted(versions, key=lambda entry: entry.timestamp)
                if entry.value
            ]
    return steps


def read_kinds(http: HttpClient, version: str) -> Mapping[str, StageKind]:
    """Stage id → its kind, over all pipelines of deals.

    Raises:
        CRMRejected: the token may not read them.
    """
    answer = http.call_repeatedly("GET", f"/crm/pipelines/{version}/deals")
    if answer.status != 200:
        raise answer.unreadable("pipelines")
    pipelines = answer.decoded(_Pipelines).results
    return {stage.id: stage.metadata.kind() for pipeline in pipelines for stage in pipeline.stages}
