"""retrain: trains a challenger on mature outcomes and promotes it if the promotion gate allows."""

from __future__ import annotations

from datetime import datetime

import functions_framework

from leadwerk import settings
from leadwerk.learning.promotion_gate import Z_NIGHTLY
from leadwerk.pipeline import retrain as training, wiring
from leadwerk.web import Request, entry


@functions_framework.http
@entry(Request)
def retrain(body: Request, now: datetime) -> training.RetrainReport:
    config = settings.read()
    parts = wiring.warehouse(config), wiring.policy(config), wiring.registry(config)
    return training.run(*parts, now=now, options=training.RetrainOptions(z_needed=Z_NIGHTLY))
