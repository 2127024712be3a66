"""A person changes the champion: the registry's pointer moves, and the audit trail says who moved it and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from leadwerk.pipeline.audit.trail import Act, record_act
from leadwerk.registry import Registry
from leadwerk.registry.champion_pointer import Champion
from leadwerk.warehouse.protocol import Warehouse


@dataclass(frozen=True)
class ChampionChange:
    """Where a champion is changed, and who does it and why; `by` may be empty on a laptop."""

    registry: Registry
    warehouse: Warehouse
    by: str
    reason: str

    def promote(self, version: str, now: datetime) -> Champion:
        """Make `version` champion; raises as `Registry.promote`."""
        before = self.registry.champion()
        champion = self.registry.promote(version, expected=before, at=now, reason=self.reason, by=self.by)
        return self._recorded("promote", before, champion, now)

    def roll_back(self, now: datetime) -> Champion:
        """Make the champion before the present one champion again; raises as `Registry.rollback`."""
        before = self.registry.champion()
        champion = self.registry.rollback(at=now, reason=self.reason, by=self.by)
        return self._recorded("rollback", before, champion, now)

    def _recorded(self, action: str, before: Champion | None, champion: Champion, now: datetime) -> Champion:
        act = Act(
            actor=self.by or None,
            action=action,
            object=champion.version,
            reason=self.reason,
            before=before.version if before else None,
            after=champion.version,
        )
        record_act(self.warehouse, act, now)
        return champion
