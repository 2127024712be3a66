"""What the demo's steps work with: the deployment as its own functions see it, and the functions."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from leadwerk.catalogue.periods import SCORE_LOOK_BACK_DAYS
from leadwerk.cli.demo.functions import Functions
from leadwerk.cli.demo.replies import ModelReply, TrainingReply
from leadwerk.crm.outbox import OutboxRow
from leadwerk.errors import LeadwerkError
from leadwerk.pipeline import wiring
from leadwerk.pipeline.leads.open_leads import read_open_leads
from leadwerk.pipeline.serving.champion_cache import CHECK_SECONDS
from leadwerk.pipeline.totals import OutcomeTotal
from leadwerk.policy.model import Policy
from leadwerk.registry import Registry
from leadwerk.scoring.model import Scorer
from leadwerk.settings import Settings
from leadwerk.warehouse.protocol import Warehouse
from leadwerk.warehouse.statement import statement

ANY_LEAD_DAYS = 10


@dataclass(frozen=True)
class DemoDeployment:
    """A deployment in process and over HTTP."""

    settings: Settings
    functions: Functions
    warehouse: Warehouse = field(init=False)
    policy: Policy = field(init=False)
    registry: Registry = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "warehouse", wiring.warehouse(self.settings))
        object.__setattr__(self, "policy", wiring.policy(self.settings))
        object.__setattr__(self, "registry", wiring.registry(self.settings))

    def open_leads(self, now: datetime, since: datetime) -> list[str]:
        return read_open_leads(self.warehouse, created_since=since, as_of=now)

    def retrain(self, now: datetime) -> TrainingReply:
        """Retrain, and wait until the running `score` has noticed the champion: it looks for one every few seconds."""
        training = self.functions.call("retrain", now, TrainingReply)
        lead = self.open_leads(now, since=now - timedelta(days=ANY_LEAD_DAYS))[-1]
        expected = ModelReply(training.champion_after)
        until = time.monotonic() + 2 * CHECK_SECONDS
        while self.functions.call("score", now, ModelReply, lead_id=lead, dry_run=True) != expected:
            if time.monotonic() > until:
                raise LeadwerkError("The function score does not notice the champion.", remedy="See its log.")
            time.sleep(0.2)
        return training

    def closed_leads(self, now: datetime) -> int:
        """How many leads have an outcome."""
        totals = self.warehouse.rows(statement("outcomes/totals", OutcomeTotal), {"as_of": now})
        return sum(total.leads for total in totals if total.outcome != "open")

    def newest_scores(self, now: datetime) -> list[OutboxRow]:
        """The newest stored score of every lead."""
        since = now.date() - timedelta(days=SCORE_LOOK_BACK_DAYS)
        everything = {
            "first_day": since,
            "scored_since": since,
            "as_of": now,
            "every_lead": True,
            "lead_ids": [],
            "every_state": True,
            "retry_dead_letters": True,
            "dead_letter_code": "",
            "without": [],
            "most": 1_000_000,
        }
        return self.warehouse.rows(statement("deliveries/outbox", OutboxRow), everything)

    def scorer(self, version: str | None) -> Scorer:
        """A model version, ready to predict.

        Raises:
            RegistryError: there is no champion, because no training promoted a model.
        """
        return Scorer.load(self.registry.load(version or ""), self.policy)
