"""The note of the last import and training of a home, as the start page shows them."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import msgspec
from msgspec import Struct

from leadwerk.errors import UNREADABLE_JSON
from leadwerk.learning.leak_texts import finding_text
from leadwerk.stats.leak_finding import LeakFinding
from leadwerk.texts.message import restored
from leadwerk.web.pages.upload import FIRST_RUN_NOTE
from leadwerk.web.pages.visit import Visit


class LastRun(Struct, frozen=True):
    """The last import and training of this home, as the start page shows them.

    `model`: the version that serves, None without one; `reason` of the promotion gate; `leaks` that stopped training.
    """

    file: str
    imported_at: datetime
    leads: int
    won: int
    lost: int
    open: int
    rejected: int
    rejects_file: str | None
    trained_at: datetime | None = None
    model: str | None = None
    is_promoted: bool = False
    reason: str = ""
    reason_message: str = ""
    leaks: tuple[LeakFinding, ...] = ()

    def why(self) -> str:
        """Why the model was promoted or not, as a message."""
        return restored(self.reason_message, self.reason)

    def leak_texts(self, language: str) -> list[tuple[str, str, bool]]:
        """The findings: field, text, and whether training stopped at it."""
        return [(leak.field, finding_text(leak, language), leak.stops) for leak in self.leaks]


def last_run(visit: Visit) -> LastRun | None:
    """The last import of this home; None without one, or where its note cannot be read."""
    try:
        return msgspec.json.decode((visit.config.home / FIRST_RUN_NOTE).read_bytes(), type=LastRun)
    except (OSError, *UNREADABLE_JSON):
        return None


def remember(home: Path, run: LastRun) -> None:
    """Store the note in place of the one before."""
    (home / FIRST_RUN_NOTE).write_bytes(msgspec.json.encode(run))
