"""Landmarks with known true probabilities, small enough to learn from in a second."""

import numpy as np

from leadwerk.features.contract import Feature
from leadwerk.learning.landmarks import Landmarks

FEATURES = (
    Feature("income", "number", "income"),
    Feature("loan_to_value", "number", "loan_to_value", -1),
    Feature("visits", "number", "visits"),
    Feature("region", "category", "region"),
    *(Feature(f"noise_{k}", "number", f"noise_{k}") for k in range(4)),
)


def landmarks(leads=3000, *, seed=1, rate=-1.8, effect=1.0, days=300, per_lead=2):
    """Landmarks of `leads` leads over `days` days, and their true probabilities."""
    random = np.random.default_rng(seed)
    n = leads * per_lead
    lead = np.repeat(np.arange(leads), per_lead)
    created = np.repeat(np.sort(random.uniform(0, days, leads)), per_lead)
    age = np.tile(np.arange(per_lead), leads)
    income, ltv = random.normal(size=n), random.uniform(0.2, 1, n)
    visits, region = random.poisson(2.0, n).astype(float), random.integers(0, 3, n)
    log_odds = rate + effect * (0.8 * income - 3 * (ltv - 0.6) + 0.4 * (visits - 2) + np.array([0.6, 0, -0.6])[region])
    truth = 1 / (1 + np.exp(-log_odds))
    income[random.random(n) < 0.1] = np.nan
    columns = {
        "income": income,
        "loan_to_value": ltv,
        "visits": visits,
        "region": np.array(["ZH", "BE", None], dtype=object)[region],
        **{f"noise_{k}": random.normal(size=n) for k in range(4)},
    }
    as_of = np.datetime64("2026-01-01T00:00:00", "us") + ((created + age) * 86_400e6).astype("timedelta64[us]")
    order = np.argsort(as_of, kind="stable")
    return Landmarks(columns, lead, as_of, random.random(n) < truth).take(order), truth[order]
