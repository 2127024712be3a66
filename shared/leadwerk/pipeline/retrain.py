"""Retrain: trains a model on mature landmarks, saves it to the registry, and records the gate's decision."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from leadwerk.errors import CorruptModel
from leadwerk.features.contract import Feature, contract, contract_hash
from leadwerk.features.stage_model import StageTest
from leadwerk.learning.candidate_comparison import ChampionForecast
from leadwerk.learning.leak_texts import stop_text
from leadwerk.learning.promotion_gate import Z_BY_HAND
from leadwerk.learning.segmented_model import from_files
from leadwerk.learning.train import TrainingSkipped, train_model
from leadwerk.learning.training_setup import TrainingSetup
from leadwerk.pipeline import champion_check
from leadwerk.pipeline.leads.landmarks import TrainingRows, read_training_rows
from leadwerk.pipeline.leads.recent_landmarks import without_recent_fields
from leadwerk.pipeline.leads.stage_model import train_stage_model
from leadwerk.pipeline.leak_gate import (
    CheckedLandmarks,
    FieldChoices,
    check_fields,
    check_together,
    record_choices,
)
from leadwerk.pipeline.training_manifest import training_manifest
from leadwerk.points.segments import Segments
from leadwerk.progress import Progress, silent
from leadwerk.registry.manifest import CandidateEvaluation, TriedSegment
from leadwerk.stats.leak_finding import LeakFinding
from leadwerk.texts.message import Message, sentences, stored
from leadwerk.warehouse.records import ModelRunRow

if TYPE_CHECKING:
    from leadwerk.learning.landmarks import Landmarks
    from leadwerk.policy.model import Policy
    from leadwerk.registry import Champion as Pointer, Registry
    from leadwerk.warehouse.protocol import Warehouse


@dataclass(frozen=True)
class RetrainOptions:
    """`choices` of a person about fields are recorded, and hold for later runs too. `z_needed`: see promotion_gate."""

    choices: FieldChoices | None = None
    z_needed: float = Z_BY_HAND


DEFAULTS = RetrainOptions()


@dataclass(frozen=True)
class RetrainReport:
    """Result of a run; `model_version` is None if no model could be trained, `reason` has the cause, as a
    message.

    `segments`: trial of each segment of the policy, as in the manifest. `verdict`: of the promotion gate, or
    `leak` (a field may know the outcome: a person must decide), or `too_few`. `level`: of the probabilities.
    `leaks`: findings of the leakage gate; `excluded`: fields that nothing was learned from. `stage_test`: of the
    chances to reach the next stage, out of time; None while stages have too short a history.
    """

    run_id: str
    trained_at: datetime
    model_version: str | None
    kind: str | None
    promoted: bool
    reason: str
    champion_before: str | None
    champion_after: str | None
    row_count: int
    positives: int
    leads: int
    verdict: str
    level: str | None = None
    leaks: tuple[LeakFinding, ...] = ()
    excluded: tuple[str, ...] = ()
    stood_down: bool = False
    metrics: dict[str, CandidateEvaluation] = field(default_factory=dict)
    segments: list[TriedSegment] = field(default_factory=list)
    stage_test: StageTest | None = None


def run(
    warehouse: Warehouse,
    policy: Policy,
    registry: Registry,
    *,
    now: datetime,
    options: RetrainOptions = DEFAULTS,
    progress: Progress = silent,
) -> RetrainReport:
    """Train on the data as of `now` (aware, UTC), save the model, and promote it if the gates allow.

    Repeated with the same `now`, also after a crash, it ends with the same model, champion and row of model_runs.

    Raises:
        PromotionConflict: another run promoted in the meantime; the next run compares with that champion.
    """
    pointer = champion_check.decided_on(registry, now)
    run = _Run(policy, registry, pointer, now)
    # A repeated run after a crash: the model was promoted already, only its row may be missing.
    if pointer is not None and _is_of_this_run(registry, pointer, now):
        report = _finished(run, pointer)
    else:
        # Recorded first: a person's decision about a field must outlive a run that fails.
        if options.choices is not None:
            record_choices(registry, policy, options.choices, now)
        progress(Message("progress.reading_landmarks"), 0.0)
        rows = read_training_rows(warehouse, policy, now)
        progress(Message("progress.checking_fields"), 0.04)
        checked = check_fields(rows.landmarks, rows.open_leads, policy, registry)
        if checked.report.stopping_fields:
            report = _stopped(run, checked)
        else:
            report = _learn_and_save(run, rows, checked, options.z_needed, progress)
    # Last, and in a repeated run again: stages need neither matured outcomes nor a champion.
    stage_model = train_stage_model(warehouse, policy, registry, now)
    report = replace(report, stage_test=stage_model.test if stage_model else None)
    warehouse.append("model_runs", [_row(report)])
    return report


@dataclass(frozen=True)
class _Run:
    """A run of the stage: `pointer` is the champion before it, None without one."""

    policy: Policy
    registry: Registry
    pointer: Pointer | None
    now: datetime

    @property
    def champion_before(self) -> str | None:
        return self.pointer.version if self.pointer else None


def _stopped(run: _Run, checked: CheckedLandmarks) -> RetrainReport:
    """The report of a run that the leakage gate stopped: nothing that was learned is kept."""
    before = run.champion_before
    leak_outcome = {"verdict": "leak", "leaks": checked.report.findings, "excluded": checked.excluded}
    reason = stop_text(checked.report)
    serves = {"champion_before": before, "champion_after": before}
    return _report(run, checked.landmarks, reason=reason, **serves, **leak_outcome)


def _setup(policy: Policy, features: tuple[Feature, ...], z_needed: float) -> TrainingSetup:
    return TrainingSetup(
        features,
        policy.training,
        horizon_days=policy.horizon_days,
        hot_score=policy.bands.hot,
        segments=Segments.of(policy),
        z_needed=z_needed,
    )


def _learn_and_save(
    run: _Run, rows: TrainingRows, checked: CheckedLandmarks, z_needed: float, progress: Progress
) -> RetrainReport:
    policy, registry, pointer, now = run.policy, run.registry, run.pointer, run.now
    landmarks, rules, before = checked.landmarks, rows.rules, run.champion_before
    features = contract(policy)
    champion, note = _champion(registry, pointer, features, policy)
    setup = _setup(policy, features, z_needed)
    recent = without_recent_fields(rows.recent, policy, checked.excluded)
    learned = train_model(landmarks, setup, champion=champion, rules=rules, recent=recent, progress=progress)
    fields = {"leaks": checked.report.findings, "excluded": checked.excluded}
    points_decide = Message("gate.points_decide") if pointer is None and rules is not None else ""
    if isinstance(learned, TrainingSkipped):
        reason, serves = sentences(learned.reason, points_decide), {"champion_before": before, "champion_after": before}
        return _report(run, landmarks, reason=reason, verdict="too_few", **serves, **fields)
    checked = check_together(checked, learned, policy, registry)
    fields = {**fields, "leaks": checked.report.findings}
    if checked.report.stopping_fields:
        return _stopped(run, checked)
    manifest = training_manifest(learned, checked, policy, now)
    # Saved before the decision takes effect: a pointer must never name files that are not there.
    version = registry.save(learned.model.files(), manifest)
    decision = learned.decision
    reason = Message("gate.note.before", note=note, reason=decision.reason) if note else decision.reason
    after = registry.promote(version, expected=pointer, at=now, reason=reason) if decision.promote else pointer
    if decision.verdict == "no_signal":
        reason = sentences(reason, points_decide)
    # A champion that is replaced need not step back; stand_down looks at that itself.
    if pointer is not None and champion_check.stand_down(registry, policy, pointer, learned, now):
        after, reason = None, sentences(reason, learned.stands_down)
    return _report(
        run,
        landmarks,
        reason=reason,
        model_version=version,
        kind=decision.kind,
        promoted=decision.promote,
        verdict=decision.verdict,
        level=decision.level,
        **fields,
        stood_down=before is not None and after is None,
        champion_before=before,
        champion_after=after.version if after else None,
        metrics=manifest.metrics,
        segments=manifest.segments or [],
    )


def _champion(
    registry: Registry, pointer: Pointer | None, features: tuple[Feature, ...], policy: Policy
) -> tuple[ChampionForecast | None, str]:
    """The champion's forecast with its segment models, or a note why it cannot be compared."""
    if pointer is None:
        return None, ""
    try:
        files = registry.load(pointer.version)
    except CorruptModel as error:
        return None, Message("gate.champion.unreadable", error=error.message)
    if files.manifest.contract_hash != contract_hash(features):
        return None, Message("gate.champion.features", version=pointer.version)
    if erasures := registry.erasures_since(pointer.version):
        # However well it ranks, it has to go: it may hold what was learned from a person who is to be forgotten.
        day = f"{erasures[0].erased_at:%Y-%m-%d}"
        return None, Message("gate.champion.erased", version=pointer.version, day=day)
    last_as_of = np.datetime64(datetime.fromisoformat(files.manifest.data.last_as_of).replace(tzinfo=None), "us")
    return ChampionForecast(pointer.version, from_files(files.files, policy).probability, last_as_of), ""


def _is_of_this_run(registry: Registry, pointer: Pointer, now: datetime) -> bool:
    """Whether a run with the same `now` got as far as promoting its model."""
    return pointer.promoted_at == now.isoformat() and registry.manifest(pointer.version).created_at == now.isoformat()


def _finished(run: _Run, pointer: Pointer) -> RetrainReport:
    """The report of a run whose model is champion already."""
    manifest = run.registry.manifest(pointer.version)
    gate = manifest.gate or None
    return RetrainReport(
        run_id=_run_id(run),
        trained_at=run.now,
        model_version=pointer.version,
        kind=manifest.kind,
        promoted=True,
        verdict="promoted",
        level=gate.level if gate else None,
        leaks=tuple(gate.leaks) if gate else (),
        excluded=tuple(gate.excluded) if gate else (),
        reason=pointer.reason,
        champion_before=pointer.previous[0] if pointer.previous else None,
        champion_after=pointer.version,
        row_count=manifest.data.rows,
        positives=manifest.data.positives,
        leads=manifest.data.leads,
        metrics=manifest.metrics,
        segments=manifest.segments or [],
    )


def _report(run: _Run, landmarks: Landmarks, **decided: Any) -> RetrainReport:
    undecided: dict[str, Any] = {"model_version": None, "kind": None, "promoted": False}
    return RetrainReport(
        run_id=_run_id(run),
        trained_at=run.now,
        row_count=len(landmarks),
        positives=int(landmarks.converted.sum()),
        leads=landmarks.leads,
        **{**undecided, **decided},
    )


def _row(report: RetrainReport) -> ModelRunRow:
    return ModelRunRow(
        run_id=report.run_id,
        trained_at=report.trained_at,
        model_version=report.model_version,
        promoted=report.promoted,
        reason=str(report.reason),
        champion_before=report.champion_before,
        row_count=report.row_count,
        positives=report.positives,
        metrics=msgspec.json.encode(report.metrics).decode(),
        reason_message=stored(report.reason) or None,
    )


def _run_id(run: _Run) -> str:
    policy = run.policy
    return hashlib.sha256(f"{policy.name} {policy.version} {run.now.isoformat()}".encode()).hexdigest()[:16]
