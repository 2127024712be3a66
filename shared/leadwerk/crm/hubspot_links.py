"""Associations of HubSpot: which records of one kind belong to which of another."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from leadwerk.crm.http_client import HttpClient
from leadwerk.crm.hubspot_search import VERSION
from leadwerk.warehouse.batches import batches

IDS_AT_ONCE = 100


class _To(msgspec.Struct, frozen=True, rename="camel"):
    to_object_id: int | str


class _From(msgspec.Struct, frozen=True):
    id: str


class _Link(msgspec.Struct, frozen=True, rename={"source": "from"}):
    source: _From
    to: list[_To]


class _Links(msgspec.Struct, frozen=True):
    results: list[_Link]


def read_links(http: HttpClient, source: str, target: str, record_ids: Sequence[str]) -> dict[str, list[str]]:
    """Record id → ids of the records of another kind that it is associated with."""
    links: dict[str, list[str]] = {}
    for ids in batches(record_ids, IDS_AT_ONCE):
        path = f"/crm/associations/{VERSION}/{source}/{target}/batch/read"
        body = {"inputs": [{"id": record_id} for record_id in ids]}
        for link in http.call_repeatedly("POST", path, json=body).decoded(_Links).results:
            links[link.source.id] = [str(to.to_object_id) for to in link.to]
    return links
