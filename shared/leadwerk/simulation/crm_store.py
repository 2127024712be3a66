"""What the CRM "BOMA" knows, over cases.sqlite: leads, cases up to its simulated clock, and fields patched in."""

from __future__ import annotations

import base64
import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from leadwerk.errors import InputError, UnknownLead
from leadwerk.simulation.calendar import micros, moment

FILE = "cases.sqlite"
"""The simulated CRM's own database; times in UTC microseconds."""

STATUS_NEW = "Neu"
SCHEMA = """
PRAGMA journal_mode = WAL;
CREATE TABLE leads (lead_id TEXT PRIMARY KEY, created_at INTEGER NOT NULL, form TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE changes (
    sequence INTEGER PRIMARY KEY, at INTEGER NOT NULL, lead_id TEXT NOT NULL, status TEXT NOT NULL,
    reason TEXT, amount REAL, touchpoint TEXT
);
CREATE INDEX changes_at ON changes (at);
CREATE INDEX changes_lead ON changes (lead_id, at);
CREATE TABLE patches (key TEXT PRIMARY KEY, lead_id TEXT NOT NULL, fields TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE custom_fields (lead_id TEXT PRIMARY KEY, fields TEXT NOT NULL, score INTEGER) WITHOUT ROWID;
CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""


Json = dict[str, Any]
CLOCK = "now"
BUSY_SECONDS = 10.0
CASES = """
SELECT c.sequence, c.at, c.status, c.reason, c.amount, c.touchpoint, l.form
FROM changes AS c JOIN leads AS l USING (lead_id)
WHERE (c.at, c.sequence) > (?, ?) AND c.at <= ?
ORDER BY c.at, c.sequence LIMIT ?
"""
LATEST = "SELECT status, reason, amount, at FROM changes WHERE lead_id = ? AND at <= ? ORDER BY at DESC, sequence DESC"
RANKED = """
SELECT l.lead_id FROM leads AS l LEFT JOIN custom_fields AS f USING (lead_id)
WHERE l.created_at <= ? ORDER BY f.score IS NULL, f.score DESC, l.created_at DESC LIMIT ?
"""


class CaseStore:
    """One CRM's data; safe for many threads, every call is a transaction of its own."""

    def __init__(self, folder: Path) -> None:
        """Open `folder`/cases.sqlite, or start an empty one."""
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / FILE
        is_new = not file.exists()
        # One connection for all threads, which take turns: whoever closes the last one waits for the disk.
        self._turn = threading.RLock()
        self._connection = sqlite3.connect(file, timeout=BUSY_SECONDS, check_same_thread=False)
        # With a write-ahead log a crash of this process loses nothing; only one of the machine may.
        self._connection.execute("PRAGMA synchronous = NORMAL")
        with self._open() as crm:
            if is_new:
                crm.executescript(SCHEMA)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with self._turn, self._connection as crm:
            yield crm

    def now(self) -> int:
        """The simulated clock, or the real one until somebody sets it."""
        with self._open() as crm:
            row = crm.execute("SELECT value FROM settings WHERE name = ?", (CLOCK,)).fetchone()
        return int(row[0]) if row else micros(datetime.now(UTC))

    def set_now(self, now: datetime) -> None:
        """Set the clock; what happens after it is not visible."""
        with self._open() as crm:
            crm.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", (CLOCK, str(micros(now))))

    def lead(self, lead_id: str) -> Json:
        """A lead as the CRM shows it.

        Raises:
            UnknownLead: there is no lead of this id, or not yet.
        """
        now = self.now()
        with self._open() as crm:
            return _lead(crm, lead_id, now)

    def ranked(self, limit: int) -> list[Json]:
        """The leads with the highest predictive scores (before a model: points) first, those without either last."""
        now = self.now()
        with self._open() as crm:
            return [_lead(crm, lead_id, now) for (lead_id,) in crm.execute(RANKED, (now, limit)).fetchall()]

    def patch(self, lead_id: str, fields: Json, key: str) -> Json:
        """Merge custom fields into a lead; the same `key` (if any) again changes nothing.

        Raises:
            UnknownLead: there is no such lead.
            InputError: the key was used for something else.
        """
        now = self.now()
        with self._open() as crm:
            before = _lead(crm, lead_id, now)["custom_fields"]
            if not key or _is_new(crm, key, lead_id, fields):
                whole = {**before, **fields}
                score = whole.get("points") if whole.get("predictive_score") is None else whole["predictive_score"]
                merged = json.dumps(whole, ensure_ascii=False)
                crm.execute("INSERT OR REPLACE INTO custom_fields VALUES (?, ?, ?)", (lead_id, merged, score))
            return _lead(crm, lead_id, now)

    def create(self, form: Json) -> Json:
        """Take a new lead, created now."""
        now = self.now()
        with self._open() as crm:
            newest = crm.execute("SELECT coalesce(max(CAST(lead_id AS INTEGER)), 0) FROM leads").fetchone()[0]
            lead_id = str(form.get("lead_id") or newest + 1)
            whole = {**form, "lead_id": lead_id, "created_at": _written(now)}
            if crm.execute("SELECT 1 FROM leads WHERE lead_id = ?", (lead_id,)).fetchone():
                raise InputError(f"Lead {lead_id} is already there.", field="lead_id", value=lead_id)
            crm.execute("INSERT INTO leads VALUES (?, ?, ?)", (lead_id, now, json.dumps(whole, ensure_ascii=False)))
            insert = "INSERT INTO changes (at, lead_id, status) VALUES (?, ?, ?)"
            crm.execute(insert, (now, lead_id, STATUS_NEW))
            return _lead(crm, lead_id, now)

    def cases(self, cursor: str | None, limit: int) -> tuple[list[Json], str, bool]:
        """Changes after the cursor in order of time, the cursor behind them, and whether there are more.

        Raises:
            InputError: the cursor is not one of ours.
        """
        at, sequence = _place(cursor)
        with self._open() as crm:
            # One more than asked for shows whether there are more.
            rows = crm.execute(CASES, (at, sequence, self.now(), limit + 1)).fetchall()
        page_rows = rows[:limit]
        if page_rows:
            sequence, at = page_rows[-1][:2]
        return [_case(row) for row in page_rows], _cursor(at, sequence), len(rows) > limit

    def counts(self) -> Json:
        """How many leads, changes and patches there are, whatever the clock says."""
        with self._open() as crm:
            tables = {"leads": "leads", "changes": "changes", "patches": "patches", "patched_leads": "custom_fields"}
            count = "SELECT count(*) FROM "
            return {name: crm.execute(count + table).fetchone()[0] for name, table in tables.items()}


def _lead(crm: sqlite3.Connection, lead_id: str, now: int) -> Json:
    row = crm.execute("SELECT form FROM leads WHERE lead_id = ? AND created_at <= ?", (lead_id, now)).fetchone()
    if row is None:
        raise UnknownLead(f"There is no lead {lead_id!r}.", field="lead_id", value=lead_id)
    status, reason, amount, at = crm.execute(LATEST, (lead_id, now)).fetchone() or (STATUS_NEW, None, None, now)
    fields = crm.execute("SELECT fields FROM custom_fields WHERE lead_id = ?", (lead_id,)).fetchone()
    return {
        "lead_id": lead_id,
        "lead": json.loads(row[0]),
        "status": status,
        "reason": reason,
        "amount": amount,
        "changed_at": _written(at),
        "custom_fields": json.loads(fields[0]) if fields else {},
    }


def _is_new(crm: sqlite3.Connection, key: str, lead_id: str, fields: Json) -> bool:
    """Whether a key was never used; remembers it."""
    written = json.dumps(fields, ensure_ascii=False, sort_keys=True)
    row = crm.execute("SELECT lead_id, fields FROM patches WHERE key = ?", (key,)).fetchone()
    if row is not None and row != (lead_id, written):
        raise InputError("The idempotency key was used for another change.", field="Idempotency-Key", value=key)
    # In the transaction of the change: key and change are stored together or not at all.
    crm.execute("INSERT OR IGNORE INTO patches VALUES (?, ?, ?)", (key, lead_id, written))
    return row is None


def _case(row: tuple[Any, ...]) -> Json:
    sequence, at, status, reason, amount, touchpoint, form = row
    touched = {"event_id": f"T{sequence}", "kind": touchpoint, "occurred_at": _written(at)}
    return {
        "event_id": f"E{sequence}",
        "changed_at": _written(at),
        "lead": json.loads(form),
        "status": status,
        "reason": reason,
        "amount": amount,
        "status_changed": touchpoint is None,
        "touchpoints": [] if touchpoint is None else [touched],
    }


def _written(at: int) -> str:
    return moment(at).isoformat().replace("+00:00", "Z")


def _cursor(at: int, sequence: int) -> str:
    """A place in the stream; opaque to clients.

    >>> _place(_cursor(17, 4))
    (17, 4)
    """
    return base64.urlsafe_b64encode(f"{at}.{sequence}".encode()).decode().rstrip("=")


def _place(cursor: str | None) -> tuple[int, int]:
    if cursor is None:
        return -1, 0
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        at, sequence = map(int, text.split("."))
    except ValueError:
        remedy = "Send a cursor as it was received, or none to read from the start."
        raise InputError(f"{cursor!r} is no cursor.", field="cursor", value=cursor, remedy=remedy) from None
    return at, sequence
