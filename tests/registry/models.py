"""Small model versions to store."""

from datetime import UTC, datetime

from leadwerk.registry import DataWindow, Manifest

NOW = datetime(2026, 3, 1, 4, 30, tzinfo=UTC)
FILES = {"model.ubj": b"\x00trees\xff" * 50, "encoder.json": b'{"features":[]}', "calibration.json": b"{}"}


def manifest(**changes):
    values = {
        "kind": "boosting",
        "created_at": NOW.isoformat(),
        "policy_name": "mortgage",
        "policy_version": "abc",
        "contract_hash": "def",
        "query_hash": "123",
        "horizon_days": 30,
        "base_rate": 0.03,
        "seed": 1,
        "data": DataWindow(first_as_of="", last_as_of="", rows=2, positives=1, leads=2),
        "metrics": {"challenger": {"auc": {"value": 0.8, "low": None, "high": 0.9}}},
        "importances": {"income": 0.5},
        "profile": {"income": {"missing": 0.1, "edges": [1.0, 2.5], "shares": [0.5, 0.25, 0.25]}},
        "libraries": {"xgboost": "3"},
    }
    return Manifest(**{**values, **changes})
