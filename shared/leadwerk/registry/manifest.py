"""Manifest of a model version: data, metrics, gate and hashes of its files."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Literal

import msgspec
from msgspec import UNSET, Struct, UnsetType

from leadwerk.errors import UNREADABLE_JSON, CorruptModel
from leadwerk.stats.calibration_bin import CalibrationBin
from leadwerk.stats.feature_profile import FeatureProfile
from leadwerk.stats.leak_finding import LeakFinding
from leadwerk.texts.message import Message, restored

ModelKind = Literal["average", "boosting", "logistic_regression"]


class DataWindow(Struct, frozen=True, kw_only=True):
    """The landmarks that trained the model, as times (RFC 3339, UTC) and counts."""

    first_as_of: str
    last_as_of: str
    rows: int
    positives: int
    leads: int


class MeasuredMetric(Struct, frozen=True):
    """A metric out of time and its 90 % interval; None where the test had nothing to measure it on."""

    value: float | None
    low: float | None
    high: float | None


class CandidateEvaluation(Struct, frozen=True, kw_only=True):
    """A candidate of a training out of time: learning.evaluate.Evaluation as JSON keeps it, which has no NaN."""

    rows: int
    positives: int
    threshold: float
    auc: MeasuredMetric
    pr_auc: MeasuredMetric
    log_loss: MeasuredMetric
    brier: MeasuredMetric
    ece: MeasuredMetric
    precision: MeasuredMetric
    recall: MeasuredMetric
    f1: MeasuredMetric
    lift_at_10: MeasuredMetric
    calibration: list[CalibrationBin]
    gains: list[tuple[float, float]]

    def metric(self, name: str) -> MeasuredMetric:
        """A metric by its name."""
        measured: MeasuredMetric = getattr(self, name)
        return measured


class TestSplit(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Landmarks on which the candidates were compared: those from `boundary` (RFC 3339) on.

    Their twins learned from `train_rows` landmarks, `gap_days` before it at the latest.
    """

    boundary: str | None = None
    train_rows: int | None = None
    test_rows: int | None = None
    gap_days: int | None = None


class SegmentQuality(Struct, frozen=True):
    """A model on the test part of a segment."""

    auc: float | None
    log_loss: float | None


class TriedSegment(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A segment and what became of a model for it: learning.segment_trials.SegmentTrial, as JSON keeps it.

    `reason_message`: the reason for readers of other languages (texts.message.stored). Left out where it is empty, so
    that the version of a manifest written before there was one stays right.
    """

    name: str
    reason: str
    serves: bool
    rows: int
    leads: int
    converted: int
    train_converted: int
    test_rows: int
    test_positives: int
    kind: ModelKind | None
    own: SegmentQuality | None
    general: SegmentQuality | None
    gain: float | None
    error: float | None
    reason_message: str = ""

    def why(self) -> str:
        """The reason as a message."""
        return restored(self.reason_message, self.reason)

    def compared(self) -> tuple[float | None, ...]:
        """AUC of its own model and of the general one, then log loss of both; None where no model could be tried."""
        own, general = self.own or NOTHING_MEASURED, self.general or NOTHING_MEASURED
        return own.auc, general.auc, own.log_loss, general.log_loss


NOTHING_MEASURED = SegmentQuality(None, None)


class GateRecord(Struct, frozen=True, kw_only=True):
    """What the gates said: verdict and level of the promotion gate, findings of the leakage gate, fields left out."""

    verdict: str
    level: str
    excluded: list[str] = []
    leaks: list[LeakFinding] = []


class Manifest(Struct, frozen=True, kw_only=True):
    """Everything a reader must know to use, judge or reproduce a model.

    `base_rate` is π of the predictive score. `files` maps each file to its SHA-256. `metrics` are out of time, by
    candidate; `importances` the mean absolute contribution by feature group, in log-odds; `profile` the training
    distribution of every feature, for drift; `segments` what was tried for each segment of the policy, those without a
    model of their own included. Without segments it is not there at all, so that the names of older versions, which are
    hashes, stay what they are. `scores`: log-odds that leads got which the model had not seen, for drift.
    `directions`: by feature group, how a larger value moves the score (−1 to 1); none for categories.
    """

    kind: ModelKind
    created_at: str
    policy_name: str
    policy_version: str
    contract_hash: str
    query_hash: str
    horizon_days: int
    base_rate: float
    seed: int
    data: DataWindow
    metrics: dict[str, CandidateEvaluation]
    importances: dict[str, float]
    profile: dict[str, FeatureProfile]
    libraries: dict[str, str]
    split: TestSplit = TestSplit()
    version: str = ""
    files: dict[str, str] = {}
    segments: list[TriedSegment] | UnsetType = UNSET
    gate: GateRecord | UnsetType = UNSET
    scores: FeatureProfile | UnsetType = UNSET
    directions: dict[str, float] | UnsetType = UNSET


class ModelFiles(Struct, frozen=True):
    """A verified version: `files` are model.ubj (model.json of a regression), encoder.json and calibration.json.

    Where segments have models of their own also segments.json, and the model and its calibration in segments/<name>/.
    """

    version: str
    manifest: Manifest
    files: dict[str, bytes]


def sha256(data: bytes) -> str:
    """SHA-256 in hex.

    >>> sha256(b"")[:8]
    'e3b0c442'
    """
    return hashlib.sha256(data).hexdigest()


def parse(data: bytes, version: str) -> Manifest:
    """Read a manifest.

    Raises:
        CorruptModel: it is not the JSON of a manifest.
    """
    try:
        # Unknown fields are ignored: after a rollback an older release serves the models that a newer one trained.
        return msgspec.json.decode(data, type=Manifest)
    except UNREADABLE_JSON as error:
        raise corrupt(version, "manifest.json", str(error)) from error


def verify(version: str, files: Mapping[str, bytes], hashes: Mapping[str, str]) -> None:
    """Refuse files whose SHA-256 is not the manifest's.

    Raises:
        CorruptModel: at the first such file.
    """
    # By the manifest's list: a file that is missing or changed must not score any lead.
    for name, expected in hashes.items():
        if sha256(files[name]) != expected:
            raise corrupt(version, name, Message("refusal.model.damaged.hash"))


def corrupt(version: str, name: str, why: str) -> CorruptModel:
    """The error for a damaged file of a version."""
    message = Message("refusal.model.damaged", file=name, version=version, problem=why)
    return CorruptModel(message, remedy=Message("refusal.model.damaged.remedy"))
