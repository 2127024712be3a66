"""SQL for scoring inside BigQuery with the champion imported into BigQuery ML: no request leaves it.

Three statements, all generated from the champion's own files: CREATE MODEL imports its trees; the encoding makes the
columns that they read out of rows of `lead_features`, as features/encode.py would; `scores/judged` makes of the
log-odds that come back what the stage rescore would have said. The model's name holds its version, so no statement
ever meets another version's trees.

Points are not counted in SQL. Where a policy has rules or stages, a lead keeps the points, the stage and the
disqualification of its newest stored score, and a lead that has none yet waits for the stage rescore. What a person
says of a lead holds here, too; whether the points disqualify it, only a score that he did not decide can tell.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from leadwerk.errors import ConfigurationError, ContractMismatch, RegistryError
from leadwerk.features.calibration import SMALLEST, Calibration
from leadwerk.features.contract import contract, contract_hash
from leadwerk.learning.for_bigquery import Imported, Input, for_bigquery
from leadwerk.learning.model import from_files
from leadwerk.pipeline.in_bigquery import threshold_sql, whole_base
from leadwerk.points.segments import FILE, Segments
from leadwerk.policy.section import Cluster
from leadwerk.scoring.capacity import HotThresholds
from leadwerk.scoring.decide import action_for
from leadwerk.warehouse.protocol import Row, Statement
from leadwerk.warehouse.statement import literal, statement

if TYPE_CHECKING:
    from leadwerk.policy.model import Policy
    from leadwerk.registry.manifest import ModelFiles

OUTPUT = "log_odds"
PREDICTED, HOT = "${predicted}", "${hot_threshold}"
READ = ("lead_id", "language", "region", "has_behaviour")
"""What a judgement needs of a row of features beside the log-odds."""

COUNTED = {
    **dict.fromkeys(("fit", "interest", "points"), "FLOAT64"),
    "grade": "STRING",
    "icp": "INT64",
    **dict.fromkeys(("tier", "traffic_light", "phase", "stage"), "STRING"),
}
"""What the rules and stages of a policy say of a lead, under the names of `scores`."""

SAID = "LEFT JOIN said AS o ON o.lead_id = p.lead_id"
OVERRIDE = ("o.cluster AS override_cluster", "o.author AS override_author")
"""What a person says of a lead: scores/rescore_remote has it by the name of said."""

OWN = """LEFT JOIN (
  SELECT lead_id, score_cluster
  FROM leadwerk.scores
  WHERE day >= @scored_since AND scored_at <= @as_of AND decided_by IS NULL
  QUALIFY ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY scored_at DESC, stored_at DESC, score_id DESC) = 1
) AS d ON d.lead_id = p.lead_id"""
"""The newest decision of the product, which tells whether the points disqualify a lead."""

LARGEST = 3.4028235677973362e38
"""The largest number that is not infinite in float32, where it is rounded; beyond, a number counts as missing."""


@dataclass(frozen=True)
class InBigQuery:
    """A version as BigQuery ML knows it: its name there, its file and columns, and what follows from its log-odds."""

    version: str
    imported: Imported
    calibration: Calibration
    base_rate: float

    @classmethod
    def of(cls, files: ModelFiles, policy: Policy) -> InBigQuery:
        """The version in `files`, to score leads under `policy`.

        Raises:
            ContractMismatch: the model was trained on other features than the policy yields.
            RegistryError: BigQuery ML cannot import this kind of model, or segments have models of their own.
            ConfigurationError: points rank the leads of this policy.
        """
        if policy.points.rules and policy.decision.rank_by != "model":
            raise ConfigurationError(
                f"Policy {policy.name} ranks leads by {policy.decision.rank_by}, and BigQuery ML knows the model only.",
                remedy="Rescore with the remote function leadwerk.score, or set decision.rank_by to model.",
            )
        if files.manifest.contract_hash != contract_hash(contract(policy)):
            raise ContractMismatch(
                f"Model {files.version} was trained on other features than policy {policy.name} {policy.version} has.",
                remedy="Run `leadwerk retrain` under the present policy, or go back to the policy of the model.",
            )
        _refuse_models_of_segments(files, policy)
        model = from_files(files.files)
        return cls(files.version, for_bigquery(model), model.calibration, files.manifest.base_rate)

    @property
    def name(self) -> str:
        """The model's name in BigQuery: letters, digits and underscores only."""
        return f"leadwerk.champion_{self.version.replace('-', '_')}"


def _refuse_models_of_segments(files: ModelFiles, policy: Policy) -> None:
    if FILE in files.files:
        segments = Segments.from_json(files.files[FILE], policy).definitions
        own = ", ".join(segment.name for segment in segments if segment.model)
        raise RegistryError(
            f"Model {files.version} scores {own} by models of their own, and BigQuery ML imports one model.",
            remedy="Rescore with the remote function leadwerk.score, which takes every model.",
        )


def model_path(place: str, model: InBigQuery) -> str:
    """Where BigQuery finds the model's file once the export lies in `place`; of a local folder only the end is known.

    >>> model_path("exports", InBigQuery("20260301T020000Z-1f2e", Imported(b"", ()), Calibration(), 0.1))
    'gs://YOUR-BUCKET/20260301T020000Z-1f2e/model/*'
    """
    bucket = place.rstrip("/") if place.startswith("gs://") else "gs://YOUR-BUCKET"
    return f"{bucket}/{model.version}/model/*"


def create_statement(model: InBigQuery, path: str) -> str:
    """CREATE MODEL for the file that lies under `path` (gs://bucket/folder/*); harmless when the model is there."""
    inputs = ",\n  ".join(f"`{column.name}` FLOAT64" for column in model.imported.inputs)
    return (
        f"CREATE MODEL IF NOT EXISTS {model.name}\n"
        f"INPUT(\n  {inputs}\n)\n"
        f"OUTPUT({OUTPUT} FLOAT64)\n"
        f"OPTIONS (MODEL_TYPE = 'XGBOOST', MODEL_PATH = {literal(path, 'STRING')});\n"
    )


def encoding(inputs: Sequence[Input], *kept: str, source: str = "features") -> tuple[Statement[Row], dict[str, Any]]:
    """The model's columns of each row of `source` (rows of `lead_features`) beside those `kept`, and its parameters."""
    levels = _levels(inputs)
    written = ",\n  ".join([*kept, *(f"{_expression(column)} AS {column.name}" for column in inputs)])
    kinds = {name: "ARRAY<STRING>" if isinstance(value, list) else "STRING" for name, value in levels.items()}
    return Statement("lead_features/encoding", f"SELECT\n  {written}\nFROM {source}", kinds), levels


def judged(predicted: str, hot_threshold: str) -> Statement[Row]:
    """Judgements, under the names of `scores`, of a query of READ, log_odds, disqualified, COUNTED and OVERRIDE.

    `hot_threshold` is an expression over its `language` and `region`.
    """
    whole = statement("scores/judged")
    text = whole_base.body(whole).replace(HOT, hot_threshold).replace(PREDICTED, predicted)
    return Statement(whole.name, text, whole.parameters)


def judgement_parameters(model: InBigQuery, policy: Policy, now: datetime) -> dict[str, Any]:
    """Parameters of `judged` for leads as of `now` (aware)."""
    clusters: tuple[Cluster, ...] = ("HOT", "WARM", "COLD", "DISQUALIFIED")
    return {
        **{f"action_{cluster.lower()}": action_for(cluster, policy) for cluster in clusters},
        "slope": model.calibration.slope,
        "intercept": model.calibration.intercept,
        "smallest": SMALLEST,
        "base_rate": model.base_rate,
        "warm": policy.bands.warm,
        "points_disqualify": policy.decision.points_disqualify,
        "languages": list(policy.languages),
        "model_version": model.version,
        "policy_version": policy.version,
        "moment": now.astimezone(UTC).isoformat(),
    }


def rescore_statement(model: InBigQuery, policy: Policy, hot: HotThresholds | None = None) -> Statement[Row]:
    """New rows of `scores` for all open leads, scored by the model imported into BigQuery ML.

    `hot` are the thresholds of the day, else the policy's bands.
    """
    encoded, _ = encoding(model.imported.inputs, *READ)
    read = ", ".join(f"p.{name}" for name in (*READ, OUTPUT))
    call = f"ML.PREDICT(MODEL {model.name}, (\n{encoded.text}\n)) AS p"
    threshold = threshold_sql.hot_threshold(policy, hot or HotThresholds(policy), "model")
    judgements = judged(f"SELECT {read}, {_counted(policy)}\nFROM {call}\n{_joined(policy)}", threshold)
    replies = f"SELECT judged.lead_id, TO_JSON_STRING(judged) AS reply\nFROM (\n{judgements.text}\n) AS judged"
    whole = whole_base.rescore_statement(policy, replies)
    return Statement(whole.name, whole.text, {**whole.parameters, **encoded.parameters, **judgements.parameters})


def rescore_parameters(model: InBigQuery, policy: Policy, *, now: datetime, stored_at: datetime) -> dict[str, Any]:
    """Parameters of `rescore_statement` as of `now` (aware)."""
    return {
        **whole_base.rescore_parameters(policy, now=now, stored_at=stored_at),
        **_levels(model.imported.inputs),
        **judgement_parameters(model, policy, now),
    }


def rescore_script(
    model: InBigQuery, policy: Policy, hot: HotThresholds | None = None, *, now: datetime, stored_at: datetime
) -> str:
    """The whole rescoring for `bq query`: INSERTs of scores and stages with their parameters written out."""
    parameters = rescore_parameters(model, policy, now=now, stored_at=stored_at)
    return whole_base.script(policy, rescore_statement(model, policy, hot), parameters, now=now)


def _counts(policy: Policy) -> bool:
    return bool(policy.points.rules or policy.stages)


def _counted(policy: Policy) -> str:
    if _counts(policy):
        disqualified = "COALESCE(d.score_cluster = 'DISQUALIFIED', FALSE) AS disqualified"
        return ", ".join([disqualified, *(f"n.{name}" for name in COUNTED), *OVERRIDE])
    nothing = (f"CAST(NULL AS {kind}) AS {name}" for name, kind in COUNTED.items())
    return ", ".join(["FALSE AS disqualified", *nothing, *OVERRIDE])


def _joined(policy: Policy) -> str:
    if not _counts(policy):
        return SAID
    told = "points" if policy.points.rules else "stage"
    newest = f"JOIN newest AS n ON n.lead_id = p.lead_id AND n.{told} IS NOT NULL"
    return f"{newest}\n{SAID}\n{OWN}\nWHERE o.lead_id IS NOT NULL OR d.lead_id IS NOT NULL"


def _expression(column: Input) -> str:
    name = column.feature.name
    if column.unknown is not None:
        # Neither a missing value nor NaN lies between, and numbers that are infinite in float32 do not either.
        return f"IF({name} BETWEEN -{LARGEST} AND {LARGEST}, {name}, {column.unknown})"
    if isinstance(_level(column), str):
        return f"IF({name} = @{column.name}, 1.0, 0.0)"
    return f"IF({name} IS NOT NULL AND {name} NOT IN UNNEST(@{column.name}), 1.0, 0.0)"


def _levels(inputs: Sequence[Input]) -> dict[str, Any]:
    """What the encoding compares with, as parameters: one level, or for the column of rare ones all others."""
    return {column.name: _level(column) for column in inputs if column.level is not None}


def _level(column: Input) -> str | list[str]:
    levels = column.feature.levels
    known = column.level is not None and column.level < len(levels)
    return levels[column.level or 0] if known else list(levels)
