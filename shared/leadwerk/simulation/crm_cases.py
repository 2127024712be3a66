"""The CRM's record of its cases: leads and, in order of time, every change of them, in HOME/market/cases.sqlite."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np

from leadwerk.simulation.calendar import Calendar
from leadwerk.simulation.crm_store import FILE, SCHEMA
from leadwerk.simulation.forms import RawForm, lead_id
from leadwerk.simulation.outcomes import REASONS, STATUSES, Calls, Changes, Outcomes
from leadwerk.stats.arrays import Floats, Ints

CALL, CLICK = "call_answered", "email_click"
STATUS_CHANGE, TOUCHPOINT_CALL, TOUCHPOINT_CLICK = range(3)
ChangeRow = tuple[int, int, str, str, str | None, float | None, str | None]


def stream(history: Changes, called: Calls, clicks: tuple[Ints, Ints], ended: Outcomes) -> Iterator[ChangeRow]:
    """Changes of status and touchpoints in order of time; a touchpoint carries the status it met.

    Nothing follows the end of a case: touchpoints after it are not recorded.
    """
    # A decision may come before the call was made: closed cases have no touchpoints.
    caller = np.flatnonzero(called.is_called & (called.at < ended.closed))
    open_click = clicks[1] < ended.closed[clicks[0]]
    clicker, clicked = clicks[0][open_click], clicks[1][open_click]
    nothing = np.zeros(len(caller) + len(clicker), dtype=np.int64)
    lead = np.concatenate([history.lead, caller, clicker])
    at = np.concatenate([history.at, called.at[caller], clicked])
    kind = np.repeat([STATUS_CHANGE, TOUCHPOINT_CALL, TOUCHPOINT_CLICK], [len(history.lead), len(caller), len(clicker)])
    status = np.concatenate([history.status, nothing])
    reason = np.concatenate([history.reason, nothing])
    amount = np.concatenate([history.amount, np.full(len(nothing), np.nan)])
    # At one moment the status change comes first: a touchpoint shows the status it met.
    order = np.lexsort((kind, at))
    return _rows(lead[order], at[order], kind[order], status[order], reason[order], amount[order])


def _rows(lead: Ints, at: Ints, kind: Ints, status: Ints, reason: Ints, amount: Floats) -> Iterator[ChangeRow]:
    now: dict[int, int] = {}
    columns = (column.tolist() for column in (lead, at, kind, status, reason, amount))
    for sequence, (who, when, what, new, why, much) in enumerate(zip(*columns, strict=True), start=1):
        if what == STATUS_CHANGE:
            now[who] = new
        yield (
            sequence,
            when,
            lead_id(who),
            STATUSES[now[who]],
            REASONS[why] or None,
            # NaN stands for no amount; JSON has no NaN.
            None if much != much else much,
            (None, CALL, CLICK)[what],
        )


def write(folder: Path, calendar: Calendar, raw: Sequence[RawForm], created: Ints, rows: Iterator[ChangeRow]) -> int:
    """Write leads and changes; those after the period's end are not written. Returns how many changes."""
    leads = [
        (form["lead_id"], at, json.dumps(form, ensure_ascii=False))
        for form, at in zip(raw, created.tolist(), strict=True)
    ]
    rows_within = [row for row in rows if row[1] < calendar.end]
    with closing(sqlite3.connect(folder / FILE)) as crm:
        crm.executescript(SCHEMA)
        with crm:
            crm.executemany("INSERT INTO leads VALUES (?, ?, ?)", leads)
            crm.executemany("INSERT INTO changes VALUES (?, ?, ?, ?, ?, ?, ?)", rows_within)
    return len(rows_within)
