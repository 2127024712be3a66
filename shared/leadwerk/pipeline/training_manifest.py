"""Manifest of a training: what a new version of the registry states about its data, its test and the gate."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec
import numpy as np
from msgspec import UNSET

from leadwerk.features.contract import contract, contract_hash
from leadwerk.learning.model import libraries
from leadwerk.learning.segment_trials import SegmentTrial
from leadwerk.learning.train import TrainingResult
from leadwerk.pipeline.leads.features import features_statement, labels_statement
from leadwerk.pipeline.leak_gate import CheckedLandmarks
from leadwerk.registry.manifest import (
    CandidateEvaluation,
    DataWindow,
    GateRecord,
    Manifest,
    TestSplit,
    TriedSegment,
)
from leadwerk.texts.message import stored

if TYPE_CHECKING:
    from leadwerk.policy.model import Policy


def training_manifest(learned: TrainingResult, checked: CheckedLandmarks, policy: Policy, now: datetime) -> Manifest:
    """The manifest of what was learned from `checked` at `now` (aware, UTC)."""
    features, landmarks, decision = contract(policy), checked.landmarks, learned.decision
    return Manifest(
        kind=decision.kind,
        created_at=now.isoformat(),
        policy_name=policy.name,
        policy_version=policy.version,
        contract_hash=contract_hash(features),
        query_hash=_query_hash(policy),
        horizon_days=policy.horizon_days,
        base_rate=learned.base_rate,
        seed=policy.training.seed,
        data=DataWindow(
            first_as_of=_moment(landmarks.as_of.min()),
            last_as_of=_moment(landmarks.as_of.max()),
            rows=len(landmarks),
            positives=int(landmarks.converted.sum()),
            leads=landmarks.leads,
        ),
        metrics=msgspec.json.decode(msgspec.json.encode(learned.evaluations), type=dict[str, CandidateEvaluation]),
        importances=learned.importances,
        directions=learned.directions,
        profile=learned.profile,
        scores=learned.scores,
        libraries=libraries(),
        split=TestSplit(
            boundary=_moment(learned.split.boundary),
            train_rows=len(learned.split.train),
            test_rows=len(learned.split.test),
            gap_days=policy.horizon_days,
        ),
        # Left out without segments: the version's name is a hash of the manifest, and older names must stay.
        segments=[_trial(trial) for trial in learned.segments] if learned.segments else UNSET,
        gate=GateRecord(
            verdict=decision.verdict,
            level=decision.level,
            excluded=list(checked.excluded),
            leaks=list(checked.report.findings),
        ),
    )


def _trial(trial: SegmentTrial) -> TriedSegment:
    # `str`: a message, which knows other languages, is kept as its English text and beside it as key and values.
    as_json = msgspec.json.encode(trial, enc_hook=str)
    manifest_entry = msgspec.json.decode(as_json, type=TriedSegment)
    return msgspec.structs.replace(manifest_entry, reason_message=stored(trial.reason))


def _query_hash(policy: Policy) -> str:
    text = features_statement(policy).text + labels_statement(policy).text
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _moment(time: np.datetime64) -> str:
    return time.astype("datetime64[us]").item().replace(tzinfo=UTC).isoformat()  # type: ignore[no-any-return]
