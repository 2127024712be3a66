"""The demo's steps, in order; each runs the real stage, function or CRM."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from leadwerk import settings, simulation
from leadwerk.catalogue.languages import Language
from leadwerk.cli.demo.deployment import DemoDeployment
from leadwerk.cli.demo.functions import Functions
from leadwerk.cli.demo.measurements import DemoMeasurements
from leadwerk.cli.demo.plan import FAULTS, DemoPlan
from leadwerk.cli.demo.replies import CrmLead, CrmStats, DeliveryReply, ScoredLeadReply, ScoreReply, StageReply, differs
from leadwerk.cli.demo.results import DemoResults
from leadwerk.cli.speech import Speech
from leadwerk.errors import LeadwerkError
from leadwerk.pipeline import drift_monitor, extract
from leadwerk.private_files import private_folder
from leadwerk.progress import Progress, part_of, silent
from leadwerk.serve import serving
from leadwerk.simulation.crm_api import CustomFields
from leadwerk.texts.message import Message
from leadwerk.warehouse.batches import batches

BATCH = 500
SINGLE_LEADS, EXAMPLES = 20, 3
STEPS = {
    "simulate": 2.0,
    "start functions": 0.5,
    "extract": 14.0,
    "ingest": 4.5,
    "score by points": 0.5,
    "train": 12.0,
    "score over HTTP": 1.5,
    "deliver": 2.0,
    "go on": 34.0,
    "retrain": 14.0,
    "rescore": 14.0,
    "measure": 0.5,
    "report": 0.5,
}
"""Step → percent of the demo's time, as measured on two cores: what the bar goes by."""
MOST_ROUNDS_OF_DELIVERY = 40

PEOPLE = """\
- {name: anna, roles: [seller], language: en}
- {name: beat, roles: [seller], language: de}
- {name: eva, roles: [manager, operator, privacy], language: en}
"""
"""Who may open the desk on the demo's data: two sellers, who can race for a lead, and one person for the rest."""


class DemoRunner:
    """One demo in `home`, which it empties first; `begin` hears the name of each step."""

    def __init__(
        self,
        home: Path,
        plan: DemoPlan,
        *,
        language: Language,
        begin: Callable[[str], None] = lambda _: None,
        progress: Progress = silent,
    ) -> None:
        self.home, self.plan, self._begin, self._progress = home, plan, begin, progress
        self._speech = Speech(language)
        self._step_progress: Progress = silent
        self._done_of_step = 0.0
        ends_at = plan.night_after(plan.second_training)
        self.figures = DemoResults(home=str(home), ends_at=f"{ends_at:%Y-%m-%dT%H:%M:%SZ}")
        self._measurements = DemoMeasurements(home, plan, self.figures)

    def run(self) -> DemoResults:
        """Everything, in order.

        Raises:
            LeadwerkError: a step failed; names it and its log.
        """
        began = time.perf_counter()
        self._simulate()
        variables = {"LEADWERK_ENGINE": "duckdb", "LEADWERK_POLICY": "mortgage", "LEADWERK_HOME": str(self.home)}
        folders = {"LEADWERK_REGISTRY": str(self.home / "models"), "LEADWERK_REPORTS": str(self.home / "reports")}
        with self._timed("start functions"):
            # Real processes over HTTP, not calls: the demo shows what a deployment runs.
            started = serving(self.home, simulation=True, environment={**variables, **folders})
            servers = started.__enter__()
        try:
            deployment_settings = settings.read({**variables, **folders, **servers.environment})
            self._tell(DemoDeployment(deployment_settings, Functions(servers)))
        finally:
            started.__exit__(None, None, None)
        self.figures.seconds["all"] = round(time.perf_counter() - began, 1)
        return self.figures

    def _tell(self, stage: DemoDeployment) -> None:
        plan = self.plan
        first, last = plan.night_after(plan.first_training), plan.night_after(plan.second_training)
        with self._timed("extract"):
            self._extract(stage, range(plan.history, plan.first_training + 1))
        with self._timed("ingest"):
            self._ingest(stage, first)
        with self._timed("score by points"):
            self._score_by_points(stage, first)
        with self._timed("train"):
            self.figures.champion_before = self._first_champion(stage, first)
            self._measurements.measure_first(stage, first)
        stage.functions.set_crm("/admin/faults", FAULTS)
        with self._timed("score over HTTP"):
            self._score_newest(stage, first)
        with self._timed("deliver"):
            self._deliver(stage, first)
        with self._timed("go on"):
            self._go_on(stage)
        with self._timed("retrain"):
            training = stage.retrain(last)
            self.figures.champion_after, self.figures.retraining = training.champion_after, training.reason
        with self._timed("rescore"):
            stage.functions.call("score", last, StageReply, rescore=True)
            # Not over HTTP: there an alarm would train once more.
            drift_monitor.run(stage.warehouse, stage.policy, stage.registry, now=last)
            self._deliver(stage, last)
            self._compare_with_crm(stage, last)
        with self._timed("measure"):
            self._measurements.measure_both(stage, last)
        with self._timed("report"):
            self._measurements.report(stage, last, self._speech.language)
        # Written last: the desk of a demo that failed half-way lets nobody in.
        (self.home / "people.yaml").write_text(PEOPLE, encoding="utf-8")

    def _simulate(self) -> None:
        plan = self.plan
        with self._timed("simulate"):
            shutil.rmtree(self.home, ignore_errors=True)
            private_folder(self.home)
            market = simulation.simulate(
                self.home,
                days=plan.days,
                leads=plan.leads,
                seed=plan.seed,
                shock_day=plan.shock,
                start=plan.start,
            )
        self.figures.events, self.figures.leads = market.events, market.leads

    def _extract(self, stage: DemoDeployment, days: Sequence[int]) -> None:
        """Night by night, as the schedule would; the first finds a history, the last go through the function."""
        # A night that closes the file spends as much on that as on the events.
        with stage.warehouse.kept_open():
            self._extract_nights(stage, days)

    def _extract_nights(self, stage: DemoDeployment, days: Sequence[int]) -> None:
        for day in days:
            now = self.plan.night_after(day)
            self._done_of_step = self.plan.share_of_nights(day)
            self._step_progress(self._speech.say("demo.night", day=f"{now:%Y-%m-%d}"), self._done_of_step)
            simulation.publish(self.home, now)
            # Only the last nights go over HTTP: for a whole history of nights the detour would take minutes.
            if day > self.plan.second_training - self.plan.days_over_http:
                stage.functions.call("extract_features", now, StageReply)
            else:
                extract.run(stage.warehouse, stage.policy, now=now)
            self.figures.nights += 1

    def _ingest(self, stage: DemoDeployment, now: datetime) -> None:
        stage.functions.set_crm("/admin/now", {"now": now.isoformat()})
        stage.functions.call_with_retry("ingest_feedback", now, StageReply)
        self.figures.outcomes_ingested = stage.closed_leads(now)

    def _score_by_points(self, stage: DemoDeployment, now: datetime) -> None:
        """On the first day, without any history: the newest leads, by the policy's rules."""
        leads = stage.open_leads(now, since=now - timedelta(days=self.plan.newest_days))
        for batch in batches(leads, BATCH):
            requests = [{"lead_id": lead} for lead in batch]
            # A dry run: nothing of the first day is stored, so the first training sees no scores.
            reply = stage.functions.call("score", now, ScoreReply, leads=requests, deliver=False, dry_run=True)
            self.figures.scored_by_points += sum(score.basis == "points" for score in reply.scores)

    def _first_champion(self, stage: DemoDeployment, now: datetime) -> str:
        training = stage.retrain(now)
        if training.champion_after is None:
            raise LeadwerkError(Message("cli.demo.no_champion", reason=training.reason))
        return training.champion_after

    def _score_newest(self, stage: DemoDeployment, now: datetime) -> None:
        """The newest leads in batches, and a few one by one, as when a form is sent."""
        leads = stage.open_leads(now, since=now - timedelta(days=self.plan.newest_days))
        for batch in batches(leads, BATCH):
            requests = [{"lead_id": lead} for lead in batch]
            reply = stage.functions.call("score", now, ScoreReply, leads=requests, deliver=False)
            self.figures.scored_over_http += sum(score.basis == "model" for score in reply.scores)
        examples: list[ScoredLeadReply] = []
        for lead in leads[-SINGLE_LEADS:]:
            began = time.perf_counter()
            reply = stage.functions.call("score", now, ScoreReply, lead_id=lead, deliver=False, dry_run=True)
            self.figures.score_seconds.append(round(time.perf_counter() - began, 4))
            examples += [score for score in reply.scores if score.basis == "model"]
        self.figures.scored_over_http += len(examples)
        examples.sort(key=lambda score: score.predictive_score or 0, reverse=True)
        self.figures.examples = examples[:EXAMPLES]

    def _deliver(self, stage: DemoDeployment, now: datetime) -> None:
        """Again and again, a little later each time, until the CRM has everything."""
        for attempt in range(MOST_ROUNDS_OF_DELIVERY):
            # Later each time, as a failed attempt waits before the next one.
            later = now + timedelta(minutes=10 * attempt)
            reply = stage.functions.call_with_retry("deliver_scores", later, DeliveryReply)
            self.figures.crm_attempts_failed += reply.retry
            self._step_progress(self._speech.say("demo.waiting", scores=reply.pending), self._done_of_step)
            if not reply.pending:
                return
        remedy = Message("cli.demo.undelivered.remedy", log=f"{self.home}/logs/deliver_scores.log")
        raise LeadwerkError(Message("cli.demo.undelivered"), remedy=remedy)

    def _go_on(self, stage: DemoDeployment) -> None:
        """Time passes: the export every night, everything else every few days."""
        plan, day = self.plan, self.plan.first_training
        for stop in [*plan.rounds(), plan.second_training]:
            self._extract(stage, range(day + 1, stop + 1))
            day, now = stop, plan.night_after(stop)
            self._ingest(stage, now)
            if stop != plan.second_training:
                stage.functions.call("score", now, StageReply, rescore=True)
                self._deliver(stage, now)

    def _compare_with_crm(self, stage: DemoDeployment, now: datetime) -> None:
        """Whether the CRM shows of every lead the newest score that is stored."""
        # Without faults: here the CRM is read, and a failed read would count as a difference.
        stage.functions.set_crm("/admin/faults", {})
        self.figures.crm_patched = stage.functions.read_crm("/admin/stats", CrmStats).patched_leads
        for stored in stage.newest_scores(now):
            lead = stage.functions.read_crm(f"/api/v1/leads/{stored.lead_id}", CrmLead)
            self.figures.crm_mismatches += differs(stored, lead.custom_fields or CustomFields())

    @contextmanager
    def _timed(self, name: str) -> Iterator[None]:
        self._begin(name)
        self._step_progress, self._done_of_step = _progress_of(name, self._progress, self._speech), 0.0
        self._step_progress("", 0.0)
        began = time.perf_counter()
        yield
        self.figures.seconds[name] = round(time.perf_counter() - began, 1)


def step_name(step: str, speech: Speech) -> str:
    """A step of STEPS as its reader calls it."""
    return speech.say(f"demo.step.{step.replace(' ', '_')}")


def _progress_of(step: str, progress: Progress, speech: Speech) -> Progress:
    """Progress of a step of the demo, which names the step."""
    name = step_name(step, speech)
    before = sum(list(STEPS.values())[: list(STEPS).index(step)])
    within = part_of(progress, before / 100, (before + STEPS[step]) / 100)
    return lambda doing, done: within(f"{name}, {doing}" if doing else name, done)
