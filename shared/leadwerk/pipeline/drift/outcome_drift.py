"""Drift of outcomes from predictions, before their horizon is over: the cohort scan over stored scores."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from leadwerk.features.drift_check import DriftCheck, DriftDriver
from leadwerk.learning.cohort_scan import (
    DAY,
    LOOK_BACK_DAYS,
    CohortScan,
    ConversionDelay,
    PredictedLeads,
    alarm_limit,
    conversion_delay,
    expected_conversions,
    log_likelihood_ratio,
    scan_cohorts,
)
from leadwerk.learning.landmarks import Times
from leadwerk.policy.model import Policy
from leadwerk.registry import Manifest
from leadwerk.warehouse.protocol import Warehouse
from leadwerk.warehouse.statement import statement

GROUPS = ("language", "region", "channel", "industry")
SHOWN = 5
LATE_SCORE_DAYS = 2
"""A lead that was first scored later than this after its creation had half its outcome behind it."""


class PredictedLead(Struct, frozen=True, kw_only=True):
    """A row of scores/first_predictions."""

    lead_id: str
    created_at: datetime
    is_closed: bool
    language: str | None = None
    region: str | None = None
    channel: str | None = None
    industry: str | None = None
    scored_at: datetime | None = None
    probability: float | None = None
    converted_at: datetime | None = None


def outcome_drift(
    warehouse: Warehouse, policy: Policy, champion: Manifest, previous: DriftCheck | None, *, now: datetime
) -> DriftCheck:
    """The check of outcomes as of `now` (aware); `previous` is the latest one."""
    watched_since = _watched_since(champion, previous)
    rows = _read(warehouse, policy, now)
    leads, moment = _leads(rows, watched_since), _time(now)
    check = DriftCheck(
        monitor="outcomes",
        alarm=False,
        leads=int(np.isfinite(leads.probability).sum()),
        change_day=previous.change_day if previous else None,
        watched_since=watched_since,
    )
    horizon = policy.horizon_days
    delay = conversion_delay(leads, horizon_days=horizon, now=moment)
    if delay is None:
        return check
    limit = alarm_limit(
        leads, delay, horizon_days=horizon, false_alarms=policy.drift.false_alarms, seed=policy.training.seed
    )
    scan = scan_cohorts(leads, delay, horizon_days=horizon, now=moment, limit=limit)
    return check if scan is None else _with_scan(check, scan, (rows, leads, delay), horizon, moment)


def _with_scan(
    check: DriftCheck,
    scan: CohortScan,
    scanned: tuple[Sequence[PredictedLead], PredictedLeads, ConversionDelay],
    horizon: int,
    now: np.datetime64,
) -> DriftCheck:
    rows, leads, delay = scanned
    totals = DriftDriver(
        name="all", statistic=round(scan.statistic, 3), before=round(scan.expected, 2), now=float(scan.observed)
    )
    # The groups explain an alarm; without one, the largest of many groups is noise that would invite action.
    drivers = _groups(rows, leads, delay, scan, horizon=horizon, now=now) if scan.alarms else []
    return replace(
        check,
        alarm=scan.alarms,
        statistic=round(scan.statistic, 3),
        alarm_limit=round(scan.limit, 3),
        # Without an alarm the best-fitting day is arbitrary: training goes on reading the last day that an alarm named.
        change_day=scan.change_day.item() if scan.alarms else check.change_day,
        drivers=(totals, *drivers),
    )


def _groups(
    rows: Sequence[PredictedLead],
    leads: PredictedLeads,
    delay: ConversionDelay,
    scan: CohortScan,
    *,
    horizon: int,
    now: np.datetime64,
) -> list[DriftDriver]:
    """The groups with the largest statistic among the leads since the change."""
    is_new = np.isfinite(leads.probability) & (leads.created_at >= scan.change_day)
    expected = np.where(is_new, expected_conversions(leads, delay, horizon_days=horizon, now=now), 0.0)
    # A conversion before the score was no prediction, so it counts on neither side.
    observed = np.where(is_new & (leads.converted_at > leads.scored_at), 1.0, 0.0)
    drivers = []
    for group in GROUPS:
        values = np.array([str(getattr(row, group)) for row in rows])
        for value in np.unique(values) if len(np.unique(values)) > 1 else ():
            e, o = float(expected[values == value].sum()), float(observed[values == value].sum())
            statistic = float(log_likelihood_ratio(np.array([o]), np.array([e]))[0])
            drivers.append(
                DriftDriver(name=f"{group}={value}", statistic=round(statistic, 3), before=round(e, 2), now=o)
            )
    return sorted((driver for driver in drivers if driver.statistic > 0), key=lambda d: -d.statistic)[:SHOWN]


def _watched_since(champion: Manifest, previous: DriftCheck | None) -> datetime | None:
    """The count starts anew with the first champion trained after an alarm: older predictions are known to be off."""
    if previous is None:
        return None
    trained_at = datetime.fromisoformat(champion.created_at)
    if previous.alarm and previous.alarm_since is not None and trained_at >= previous.alarm_since:
        return trained_at
    return previous.watched_since


def _read(warehouse: Warehouse, policy: Policy, now: datetime) -> list[PredictedLead]:
    created_since = now - timedelta(days=LOOK_BACK_DAYS + 3 * policy.horizon_days)
    parameters = {
        "created_since": created_since,
        "scored_since": created_since.date(),
        "positive": list(policy.positive),
        "as_of": now,
    }
    return warehouse.rows(statement("scores/first_predictions", PredictedLead), parameters)


def _leads(rows: Sequence[PredictedLead], watched_since: datetime | None) -> PredictedLeads:
    """Arrays of the rows. A model learns from leads that the CRM closes or that convert: so many count as expected."""
    created = _times([row.created_at for row in rows])
    scored = _times([row.scored_at or row.created_at for row in rows])
    is_scanned = (scored - created) / DAY <= LATE_SCORE_DAYS
    if watched_since is not None:
        is_scanned &= created >= _time(watched_since)
    probability = np.array([np.nan if row.probability is None else row.probability for row in rows], dtype=np.float64)
    return PredictedLeads(
        created,
        scored,
        np.where(is_scanned, probability * _decided_share(rows), np.nan),
        _times([row.converted_at for row in rows]),
    )


def _decided_share(rows: Sequence[PredictedLead]) -> float:
    """Share of the older half of the leads that are decided."""
    older = rows[: len(rows) // 2]
    return sum(row.is_closed or row.converted_at is not None for row in older) / len(older) if older else 1.0


def _times(moments: Sequence[datetime | None]) -> Times:
    return np.array([None if moment is None else _time(moment) for moment in moments], dtype="datetime64[us]")


def _time(moment: datetime) -> np.datetime64:
    return np.datetime64(moment.astimezone(UTC).replace(tzinfo=None), "us")
