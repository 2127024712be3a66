"""Small model versions to store."""

from datetime import UTC, datetime

from leadwerk.registry import DataWindow, Manifest
from leadwerk.registry.manifest import CandidateEvaluation, MeasuredMetric, TriedSegment
from leadwerk.stats.feature_profile import FeatureProfile

NOW = datetime(2026, 3, 1, 4, 30, tzinfo=UTC)
FILES = {"model.ubj": b"\x00trees\xff" * 50, "encoder.json": b'{"features":[]}', "calibration.json": b"{}"}
METRICS = ("auc", "pr_auc", "log_loss", "brier", "ece", "precision", "recall", "f1", "lift_at_10")
EVALUATION = CandidateEvaluation(
    rows=2,
    positives=1,
    threshold=0.5,
    calibration=[],
    gains=[],
    **dict.fromkeys(METRICS, MeasuredMetric(0.8, None, 0.9)),
)


def tried_segment(name: str, **changes) -> TriedSegment:
    """A segment for which a model was tried."""
    counts = dict.fromkeys(("rows", "leads", "converted", "train_converted", "test_rows", "test_positives"), 7)
    measured = dict.fromkeys(("kind", "own", "general", "gain", "error"))
    return TriedSegment(**{"name": name, "reason": "tried", "serves": False, **counts, **measured, **changes})


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
        "metrics": {"challenger": EVALUATION},
        "importances": {"income": 0.5},
        "profile": {"income": FeatureProfile(missing=0.1, edges=[1.0, 2.5], shares=[0.5, 0.25, 0.25])},
        "libraries": {"xgboost": "3"},
    }
    return Manifest(**{**values, **changes})
