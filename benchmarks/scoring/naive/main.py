"""The scoring function as it is usually written: everything imported at the top, a data frame for one row.

It does the same work as ours over the same tables: looks up the features by the same SQL, encodes, predicts, explains
exactly, and stores the score.
"""

import hashlib
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import functions_framework
import numpy as np
import pandas as pd
import xgboost as xgb
from google.cloud import bigquery, storage  # type: ignore[attr-defined]  # noqa: F401
from sklearn.preprocessing import OneHotEncoder

HOME = Path(os.environ["LEADWERK_HOME"])
QUERY = json.loads((HOME / "naive.json").read_text())
MODEL = HOME / "models" / QUERY["version"]


@functions_framework.http
def naive(request: Any) -> dict[str, Any]:
    body = request.get_json()
    now = datetime.now(UTC)
    with duckdb.connect(str(HOME / "warehouse.duckdb")) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        parameters = QUERY["parameters"] | {"lead_ids": [body["lead_id"]], "as_of": now}
        row = connection.execute(QUERY["sql"], parameters).df().iloc[0]
        booster = xgb.Booster(model_file=MODEL / "model.ubj")
        matrix = encode(row, json.loads((MODEL / "encoder.json").read_text())["features"])
        calibration = json.loads((MODEL / "calibration.json").read_text())
        margin = booster.predict(matrix, output_margin=True)[0]
        contributions = booster.predict(matrix, pred_contribs=True)[0]
        log_odds = calibration["slope"] * margin + calibration["intercept"]
        answer = {
            "lead_id": body["lead_id"],
            "probability": float(1 / (1 + np.exp(-log_odds))),
            "reasons": [int(column) for column in np.argsort(-np.abs(contributions[:-1]))[:6]],
        }
        store(connection, answer, now)
    return answer


def encode(row: Any, features: Any) -> Any:
    """One row, one-hot where it is a category: scikit-learn and pandas, as in training notebooks."""
    frame = row.to_frame().T
    parts = []
    for feature in features:
        column = frame[[feature["name"]]]
        if feature["kind"] == "number":
            parts.append(column.apply(pd.to_numeric, errors="coerce").to_numpy(dtype=float, na_value=np.nan))
            continue
        encoder = OneHotEncoder(categories=[list(feature["levels"])], handle_unknown="ignore", sparse_output=False)
        codes = encoder.fit_transform(column.astype(object).where(column.notna(), ""))
        rare = pd.notna(column.iloc[0, 0]) and not codes.any()
        parts.append(np.hstack([codes, [[float(rare)]]]))
    return xgb.DMatrix(np.hstack(parts))


def store(connection: Any, answer: dict[str, Any], now: datetime) -> None:
    connection.execute(
        "INSERT INTO leadwerk.scores (score_id, lead_id, day, scored_at, stored_at, score_origin, basis, "
        "policy_version, probability, score_cluster, recommended_action, language, has_web_behaviour, reasons) "
        "VALUES (?, ?, ?, ?, ?, 'request', 'model', '', ?, 'WARM', '', 'de', true, [])",
        [hashlib.sha256(str(now).encode()).hexdigest(), answer["lead_id"], now.date(), now, now, answer["probability"]],
    )
