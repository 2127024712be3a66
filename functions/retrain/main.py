"""retrain: trains a challenger on mature outcomes and promotes it if the promotion gate allows.

POST {"monitor": true} checks drift first, and trains only if that asks for it.
"""

from __future__ import annotations

from datetime import datetime

import functions_framework

from leadwerk import settings
from leadwerk.learning.promotion_gate import Z_NIGHTLY
from leadwerk.pipeline import drift_monitor, retrain as training, wiring
from leadwerk.web import Request, entry


class Body(Request, frozen=True):
    """`monitor`: check drift, and train only if an alarm asks for it."""

    monitor: bool = False


@functions_framework.http
@entry(Body)
def retrain(body: Body, now: datetime) -> training.RetrainReport | drift_monitor.DriftReport:
    config = settings.read()
    parts = wiring.warehouse(config), wiring.policy(config), wiring.registry(config)
    if body.monitor:
        drift = drift_monitor.run(*parts, now=now)
        if not drift.training_due:
            return drift
    # Stricter than by hand: a gate tried every night meets chance more often.
    return training.run(*parts, now=now, options=training.RetrainOptions(z_needed=Z_NIGHTLY))
