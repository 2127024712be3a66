"""The product and what it is compared with: each takes training rows and returns the probabilities of test rows."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import xgboost as xgb
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from leadwerk.features.contract import Feature
from leadwerk.features.encode import Encoder
from leadwerk.learning.landmarks import Landmarks
from leadwerk.learning.train import TrainingResult, train_model
from leadwerk.learning.training_setup import TrainingSetup
from leadwerk.policy.model import Training

Predict = Callable[[pd.DataFrame, np.ndarray, pd.DataFrame], np.ndarray]
START = np.datetime64("2026-01-01T00:00:00", "us")


def ours(train: pd.DataFrame, converted: np.ndarray, test: pd.DataFrame) -> tuple[np.ndarray, bool]:
    """The product: candidates, search, folds, gates and release, as `leadwerk retrain` runs them.

    Probabilities, and whether the gate found a usable signal: without one nothing would serve, and the order is that
    of what was refused.
    """
    features, columns = _columns(train)
    as_of = START + np.arange(len(train)) * np.timedelta64(1, "h")
    landmarks = Landmarks(columns, np.arange(len(train)), as_of, converted)
    result = train_model(landmarks, TrainingSetup(features, Training(), horizon_days=1, hot_score=70))
    if not isinstance(result, TrainingResult):
        return np.full(len(test), converted.mean()), False
    return result.model.probability(_columns(test, features)[1]), result.decision.verdict != "no_signal"


def logistic_regression(train: pd.DataFrame, converted: np.ndarray, test: pd.DataFrame) -> np.ndarray:
    """scikit-learn's, on standardised columns with missing values at the median."""
    rows, unseen = _filled(train, test)
    scaler = StandardScaler().fit(rows)
    model = LogisticRegression(max_iter=2000).fit(scaler.transform(rows), converted)
    return np.asarray(model.predict_proba(scaler.transform(unseen))[:, 1])


def default_xgboost(train: pd.DataFrame, converted: np.ndarray, test: pd.DataFrame) -> np.ndarray:
    """XGBoost as its wrapper comes."""
    rows, unseen = _matrices(train, test)
    return np.asarray(xgb.XGBClassifier(n_jobs=1, verbosity=0).fit(rows, converted).predict_proba(unseen)[:, 1])


def random_forest(train: pd.DataFrame, converted: np.ndarray, test: pd.DataFrame) -> np.ndarray:
    """scikit-learn's with 300 trees."""
    rows, unseen = _filled(train, test)
    model = RandomForestClassifier(300, n_jobs=1, random_state=0).fit(rows, converted)
    return np.asarray(model.predict_proba(unseen)[:, 1])


OTHERS: dict[str, Predict] = {
    "logistic regression": logistic_regression,
    "XGBoost, default": default_xgboost,
    "random forest": random_forest,
}


def _columns(frame: pd.DataFrame, features: list[Feature] | None = None) -> tuple[list[Feature], dict[str, np.ndarray]]:
    """Features and their columns; unknown numbers NaN, unknown categories None."""
    kinds = {feature.name: feature.kind for feature in features} if features else {}
    known_columns, columns = [], {}
    for name in frame.columns:
        column = frame[name]
        kind = kinds.get(name) or ("number" if column.dtype.kind in "iuf" else "category")
        known_columns.append(Feature(name, kind, name))
        text = column.astype(object).where(column.notna(), None).to_numpy()
        columns[name] = column.to_numpy(dtype=np.float64) if kind == "number" else text
    return known_columns, columns


def _matrices(train: pd.DataFrame, test: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    features, columns = _columns(train)
    encoder = Encoder.fit(columns, features)
    return encoder.matrix(columns), encoder.matrix(_columns(test, features)[1])


def _filled(train: pd.DataFrame, test: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    rows, unseen = _matrices(train, test)
    present = ~np.isnan(rows).all(axis=0)
    rows, unseen = rows[:, present], unseen[:, present]
    median = np.nanmedian(rows, axis=0)
    return np.where(np.isnan(rows), median, rows), np.where(np.isnan(unseen), median, unseen)
