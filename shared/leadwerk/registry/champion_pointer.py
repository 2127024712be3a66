"""Champion pointer: champion.json, which names the model version that scores and those before it."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from leadwerk.errors import UNREADABLE_JSON, CorruptModel, PromotionConflict
from leadwerk.registry.store import Blob
from leadwerk.texts.message import Message, restored

POINTER = "champion.json"
REMEMBERED = 20
"""Promotions that the pointer remembers, for rollback."""


class Promotion(msgspec.Struct, frozen=True, omit_defaults=True):
    """When and why a version became champion; `by` is the person who said so, empty where training did.

    `reason_message`: the reason of a training, for readers of other languages (texts.message.stored).
    """

    version: str
    promoted_at: str
    reason: str
    by: str = ""
    reason_message: str = ""


class StoodDown(msgspec.Struct, frozen=True, omit_defaults=True):
    """When and why the champion `version` stepped back without a successor: the points decide."""

    version: str
    stood_down_at: str
    reason: str
    reason_message: str = ""

    def why(self) -> str:
        """The reason, as a message where a training stated it."""
        return restored(self.reason_message, self.reason)


class Pointer(msgspec.Struct, frozen=True):
    """The content of champion.json; `previous` has the newest first.

    Without a `champion` the newest of them is the one that stood down.
    """

    champion: Promotion | None
    previous: tuple[Promotion, ...] = ()
    stood_down: StoodDown | None = None


@dataclass(frozen=True)
class Champion:
    """The champion as it was read, its reason as a message; a promotion names the champion that it replaces."""

    version: str
    promoted_at: str
    reason: str
    previous: tuple[str, ...]
    generation: int
    by: str = ""


def read_pointer(blob: Blob) -> Pointer:
    """The content of champion.json.

    Raises:
        CorruptModel: it is not the JSON of a pointer.
    """
    try:
        return msgspec.json.decode(blob.data, type=Pointer)
    except UNREADABLE_JSON as error:
        message = Message("refusal.model.pointer", file=POINTER, error=error)
        raise CorruptModel(message, remedy=Message("refusal.model.pointer.remedy")) from error


def champion_of(blob: Blob) -> Champion | None:
    """The champion that the pointer names, at the generation at which it was read."""
    pointer = read_pointer(blob)
    now = pointer.champion
    if now is None:
        return None
    reason, previous = restored(now.reason_message, now.reason), tuple(p.version for p in pointer.previous)
    return Champion(now.version, now.promoted_at, reason, previous, blob.generation, now.by)


def check_present(blob: Blob | None, expected: Champion | None) -> None:
    """Refuse a decision on a champion that is gone or was never known."""
    present = None if blob is None else champion_of(blob)
    # By generation and not by version: A, then B, then A again is a change too.
    if (present and present.generation) != (expected and expected.generation):
        raise promoted_meanwhile()


def promoted_meanwhile() -> PromotionConflict:
    """The error of a decision on a champion that was replaced since."""
    return PromotionConflict(Message("refusal.promotion.meanwhile"))


def history_of(blob: Blob) -> tuple[Promotion, ...]:
    """The promotions before the next one, the newest first."""
    pointer = read_pointer(blob)
    now = (pointer.champion,) if pointer.champion else ()
    return (*now, *pointer.previous)[:REMEMBERED]
