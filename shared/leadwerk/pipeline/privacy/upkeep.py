"""Upkeep: what each night does for persons: expired rows leave, new entries of the audit trail are sealed."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from leadwerk.pipeline.audit.seal import seal
from leadwerk.pipeline.privacy.retention import expire
from leadwerk.policy.model import Policy
from leadwerk.warehouse.protocol import Warehouse


class UpkeepReport(Struct, frozen=True, kw_only=True):
    """Rows that expired, by table, and entries that were sealed."""

    expired: dict[str, int]
    sealed: int


def run(warehouse: Warehouse, policy: Policy, *, secret: str, now: datetime) -> UpkeepReport:
    """Expire and seal as of `now` (aware); `secret` is the key of the hashes of persons. Again it changes nothing."""
    with warehouse.kept_open():
        return UpkeepReport(expired=expire(warehouse, policy, now), sealed=seal(warehouse, secret, now))
