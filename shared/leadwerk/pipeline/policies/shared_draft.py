"""Shared draft: the policy that people work on in the desk, and its replay, kept as objects: a reload is free."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from leadwerk.registry.store import ABSENT, Store

if TYPE_CHECKING:
    from leadwerk.pipeline.policies.replayed import Replayed

DRAFT = "desk/draft.json"
REPLAYS = "desk/replays/"
JSON = "application/json"


class SharedDraft(Struct, frozen=True, kw_only=True):
    """A draft: `text` with the line that names what it was made from, who changed it last, and when."""

    text: str
    author: str
    changed_at: datetime


@dataclass(frozen=True)
class DraftStore:
    """The draft and the replays of a deployment."""

    store: Store

    def draft(self) -> SharedDraft | None:
        """The draft that people work on; None without one."""
        blob = self.store.read(DRAFT)
        return msgspec.json.decode(blob.data, type=SharedDraft | None) if blob else None

    def save(self, draft: SharedDraft | None) -> None:
        """Store the draft, or none, in place of the previous one.

        Raises:
            WriteConflict: somebody else saved at the same moment.
        """
        blob = self.store.read(DRAFT)
        generation = blob.generation if blob else ABSENT
        self.store.write(DRAFT, msgspec.json.encode(draft), generation=generation, content_type=JSON)

    def replay(self, before: str, after: str) -> Replayed | None:
        """The latest replay of policy `after` in place of `before`; None without one."""
        # Imported where it is used: it brings numpy, and most who open a draft look at no replay.
        from leadwerk.pipeline.policies.replayed import Replayed

        blob = self.store.read(_name(before, after))
        return msgspec.json.decode(blob.data, type=Replayed) if blob else None

    def keep(self, replayed: Any) -> None:
        """Keep a replay, and none against another policy: each names leads that it moves."""
        name = _name(replayed.from_version, replayed.to_version)
        for former in self.store.names(REPLAYS):
            if former == name or not former.startswith(f"{REPLAYS}{replayed.from_version}-"):
                self.store.delete(former)
        data = msgspec.json.encode(replayed, enc_hook=lambda value: value.item())
        self.store.write(name, data, generation=ABSENT, content_type=JSON)

    def delete_replays(self) -> int:
        """Delete all replays, as when a lead is erased that one may name; returns how many."""
        return sum(self.store.delete(name) for name in self.store.names(REPLAYS))


def _name(before: str, after: str) -> str:
    return f"{REPLAYS}{before}-{after}.json"
