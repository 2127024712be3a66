"""Small models trained in a moment, for tests about scoring."""

from __future__ import annotations

import numpy as np
import xgboost as xgb

from leadwerk.features.additive import Additive, Curve
from leadwerk.features.calibration import Calibration
from leadwerk.features.contract import contract, contract_hash
from leadwerk.features.encode import Encoder
from leadwerk.points.segments import SegmentDefinition, Segments
from leadwerk.policy.model import Policy
from leadwerk.policy.points import Condition
from leadwerk.registry.manifest import DataWindow, Manifest, ModelFiles

BASE_RATE = 0.1
CATEGORIES = {"language": ["de", "fr", "it", None], "device_category": ["mobile", "desktop", None]}


def columns(policy: Policy, rows: int, seed: int = 3) -> dict[str, list[object]]:
    """Plausible features: a third of all values unknown."""
    random = np.random.default_rng(seed)
    values_by_feature: dict[str, list[object]] = {}
    for feature in contract(policy):
        if feature.kind == "category":
            levels = CATEGORIES.get(feature.name, ["a", "b", None])
            values_by_feature[feature.name] = [levels[i] for i in random.integers(0, len(levels), rows)]
        else:
            values = random.gamma(1.0, 5.0, rows).round(2)
            values_by_feature[feature.name] = [None if random.random() < 0.3 else float(value) for value in values]
    return values_by_feature


def files(policy: Policy, *, trees: int = 20, rows: int = 800, seed: int = 3) -> ModelFiles:
    """A boosted model in which visits help and a high loan-to-value hurts."""
    training_columns = columns(policy, rows, seed)
    encoder = Encoder.fit(training_columns, contract(policy))
    matrix = encoder.matrix(training_columns)
    visits = np.nan_to_num(np.array(training_columns["sessions_7d"], dtype=float))
    loan = np.nan_to_num(np.array(training_columns["loan_to_value"], dtype=float))
    label = (visits - loan + np.random.default_rng(seed).normal(0, 2, rows) > 4).astype(int)
    booster = xgb.train(
        {"objective": "binary:logistic", "max_depth": 4, "nthread": 1}, xgb.DMatrix(matrix, label), trees
    )
    content = {
        "model.ubj": bytes(booster.save_raw("ubj")),
        "encoder.json": encoder.to_json(),
        "calibration.json": Calibration(slope=0.8, intercept=-0.3).to_json(),
    }
    return ModelFiles("20260101T000000Z-test", manifest(policy), content)


MOBILE = SegmentDefinition("mobile", {"device_category": Condition(any_of=("mobile",))}, model="model.ubj")
FRENCH = SegmentDefinition("french", {"language": Condition(any_of=("fr",))})
RICH = SegmentDefinition("rich", {"income": Condition(above=4)}, model="model.json")


def segmented_files(policy: Policy) -> ModelFiles:
    """`files` with models of their own for those on a mobile and for the rich; French leads are the general model's."""
    whole = files(policy)
    encoder = Encoder.from_json(whole.files["encoder.json"])
    matrix = encoder.matrix(columns(policy, 800, seed=5))
    label = np.random.default_rng(5).integers(0, 2, 800)
    booster = xgb.train({"objective": "binary:logistic", "max_depth": 3, "nthread": 1}, xgb.DMatrix(matrix, label), 9)
    width = len(encoder.names)
    linear = additive(1.0, np.linspace(0.05, -0.05, width))
    segment_files = {
        "segments.json": Segments(policy, (MOBILE, FRENCH, RICH)).to_json(),
        "segments/mobile/model.ubj": bytes(booster.save_raw("ubj")),
        "segments/mobile/calibration.json": Calibration(slope=1.5, intercept=0.4).to_json(),
        "segments/rich/model.json": linear.to_json(),
        "segments/rich/calibration.json": Calibration(slope=0.5, intercept=-1.0).to_json(),
    }
    return ModelFiles("20260101T000000Z-many", whole.manifest, whole.files | segment_files)


def additive(bias: float, weights: np.ndarray) -> Additive:
    """A curve a column: a line of this weight from -50 to 50."""
    return Additive(bias, tuple(Curve((-50.0, 50.0), (-50 * weight, 50 * weight)) for weight in weights.tolist()))


def linear_files(policy: Policy) -> ModelFiles:
    """A logistic regression of the same contract."""
    encoder = Encoder.fit(columns(policy, 200), contract(policy))
    width = len(encoder.names)
    model = additive(-2.0, np.linspace(-0.05, 0.05, width))
    content = {
        "model.json": model.to_json(),
        "encoder.json": encoder.to_json(),
        "calibration.json": Calibration().to_json(),
    }
    return ModelFiles("20260101T000000Z-line", manifest(policy, kind="logistic_regression"), content)


def manifest(policy: Policy, kind: str = "boosting") -> Manifest:
    return Manifest(
        kind=kind,
        created_at="2026-01-01T00:00:00+00:00",
        policy_name=policy.name,
        policy_version=policy.version,
        contract_hash=contract_hash(contract(policy)),
        query_hash="",
        horizon_days=policy.horizon_days,
        base_rate=BASE_RATE,
        seed=3,
        data=DataWindow(
            first_as_of="2025-01-01T00:00:00+00:00",
            last_as_of="2025-12-01T00:00:00+00:00",
            rows=800,
            positives=80,
            leads=400,
        ),
        metrics={},
        importances={},
        profile={},
        libraries={},
    )
