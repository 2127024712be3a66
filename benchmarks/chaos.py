"""Chaos: every request may fail, and each step of delivery, ingestion and workflows and the CRM itself are killed.

A seed plays the same days twice, once in calm and once in chaos (SIGKILL before or after a write or a call; a CRM that
refuses, throttles, drops and dies). It passes where both end alike: the CRM shows each lead's newest score, the tables
hold each event once, and each workflow fired once. A seed that fails is named at once; CHAOS_SEEDS sets another number.
"""

from __future__ import annotations

import os
import random
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.chaos_partners import CRMProcess, Receiver
from benchmarks.figure import Figure
from benchmarks.killed_stage import STAGES, TOKEN, run_stage
from leadwerk import simulation
from leadwerk.simulation.crm_faults import Faults
from leadwerk.simulation.crm_store import CaseStore
from leadwerk.simulation.storage import FOLDER
from leadwerk.warehouse import schema
from leadwerk.warehouse.duckdb import DuckDBWarehouse
from leadwerk.warehouse.statement import from_text

SEEDS = int(os.environ.get("CHAOS_SEEDS", "200"))
NOW = datetime(2026, 2, 1, 9, tzinfo=UTC)
DAYS, LEADS, SCORED = 20, 300, 12
ROUNDS, LAST_ROUNDS = 3, 30
HOT_FROM = 60
MOST_STEPS = 14  # boundaries within which a process is killed: a run has about as many
TABLES = ("leads", "identities", "touchpoints", "outcomes")
NOWHERE = ("http://127.0.0.1:9", f"http://127.0.0.1:9 {TOKEN}")


@dataclass(frozen=True)
class Ending:
    """What a play leaves: scores in the CRM by lead, rows by table, and the events that workflows sent."""

    scores: Mapping[str, object]
    tables: Mapping[str, tuple[str, ...]]
    events: frozenset[str]


@dataclass
class Play:
    """A home, its CRM and its receiver over some days; `draw` decides what fails, None: nothing."""

    home: Path
    crm: CRMProcess
    receiver: Receiver
    draw: random.Random | None
    kills: int = 0

    def round(self, at: datetime) -> None:
        """All stages once, each of which may be killed; while they run the CRM may be killed as well."""
        for name in STAGES:
            kill_at = 0 if self.draw is None else self.draw.choice((0, self.draw.randint(1, MOST_STEPS)))
            with self._crm_may_die():
                self.kills += not run_stage(name, self.home, (self.crm.url, self.receiver.url), at, kill_at)

    @contextmanager
    def _crm_may_die(self) -> Iterator[None]:
        if self.draw is None or self.draw.random() > 0.2:
            yield
            return
        wait = self.draw.uniform(0.0, 0.3)

        def die() -> None:
            time.sleep(wait)
            self.crm.kill()
            self.crm.start()

        thread = threading.Thread(target=die)
        thread.start()
        yield
        thread.join()
        self.kills += 1

    def disturb(self, seed: int) -> None:
        """Let requests fail from now on, each kind at a rate of its own."""
        if self.draw is not None:
            error, drop, drop_after_commit = (self.draw.choice((0.0, 0.1, 0.3)) for _ in range(3))
            # No pause is asked for: it would only make the play longer.
            faults = Faults(
                error=error, drop=drop, drop_after_commit=drop_after_commit, throttle=0.05, retry_after=0.0,
                duplicates=0.2, out_of_order=0.5, seed=seed,
            )  # fmt: skip
            self.crm.set_faults(faults)
            self.receiver.drop_rate = 0.3

    def heal(self) -> None:
        """Nothing fails any more."""
        self.draw, self.receiver.drop_rate = None, 0.0
        self.crm.set_faults(Faults())

    def finish(self, warehouse: DuckDBWarehouse) -> None:
        """Play a day at a time until nothing is to be repeated."""
        for day in range(1, LAST_ROUNDS):
            self.round(NOW + timedelta(days=day))
            if not _waiting(warehouse):
                return

    def ending(self) -> Ending:
        """What is left, without moments of writing and of attempts, in which the plays differ."""
        warehouse, store = DuckDBWarehouse(self.home), CaseStore(self.home / FOLDER)
        scored = warehouse.rows(from_text("SELECT DISTINCT lead_id FROM leadwerk.scores"), {})
        shown = {row["lead_id"]: store.lead(row["lead_id"])["custom_fields"].get("predictive_score") for row in scored}
        return Ending(shown, {name: _rows(warehouse, name) for name in TABLES}, frozenset(self.receiver.events))


def _rows(warehouse: DuckDBWarehouse, table: str) -> tuple[str, ...]:
    names = ", ".join(f"`{column.name}`" for column in schema.table(table).fields if column.name != schema.STORED_AT)
    rows = warehouse.rows(from_text(f"SELECT {names} FROM leadwerk.{table}"), {})  # noqa: S608  names of schema.json
    return tuple(sorted(map(str, rows)))


def new_scores(lead_ids: list[str], number: int, draw: random.Random) -> list[dict[str, object]]:
    """A score of about half of the leads, in the hour before round `number`."""
    chosen = draw.sample(lead_ids, len(lead_ids) // 2 + 1)
    return [score_row(lead_id, number, draw.randrange(101)) for lead_id in chosen]


def score_row(lead_id: str, number: int, value: int) -> dict[str, object]:
    """A row of `scores`, from half an hour before round `number`."""
    at = NOW + timedelta(hours=number) - timedelta(minutes=30)
    return {
        "score_id": f"{lead_id}-{number}", "lead_id": lead_id, "day": at.date(), "scored_at": at, "stored_at": at,
        "score_origin": "rescore", "basis": "model", "model_version": "m1", "policy_version": "p1",
        "probability": value / 200, "predictive_score": value,
        "score_cluster": "HOT" if value >= HOT_FROM else "WARM", "recommended_action": "Send_Offer", "language": "de",
        "has_web_behaviour": True, "reasons": [],
    }  # fmt: skip


def play(template: Path, home: Path, seed: int, *, in_chaos: bool) -> tuple[Ending, int]:
    """Play a seed's days in a copy of the home `template`; returns how they end and how often something was killed."""
    shutil.copytree(template, home)
    warehouse, draw = DuckDBWarehouse(home), random.Random(seed)
    lead_ids = sorted(
        str(row["lead_id"]) for row in warehouse.rows(from_text("SELECT lead_id FROM leadwerk.scores"), {})
    )
    crm = CRMProcess(home)
    crm.start()
    try:
        with Receiver(random.Random(seed)).serving() as receiver:
            days = Play(home, crm, receiver, random.Random(seed) if in_chaos else None)
            for number in range(1, ROUNDS + 1):
                warehouse.append("scores", new_scores(lead_ids, number, draw))
                days.disturb(seed * ROUNDS + number)
                days.round(NOW + timedelta(hours=number))
            days.heal()
            days.finish(warehouse)
            return days.ending(), days.kills
    finally:
        crm.kill()


LAST_STATES = from_text("""
SELECT state
FROM leadwerk.deliveries
QUALIFY ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY attempted_at DESC, attempt DESC) = 1
UNION ALL
SELECT state
FROM leadwerk.workflow_actions
QUALIFY ROW_NUMBER() OVER (PARTITION BY action_id ORDER BY attempt DESC) = 1
""")


def _waiting(warehouse: DuckDBWarehouse) -> bool:
    """Whether an attempt of any kind is to be repeated."""
    return any(row["state"] in ("retry", "repair", "pending") for row in warehouse.rows(LAST_STATES, {}))


def template_home(folder: Path) -> Path:
    """A home with a simulated CRM, whose first leads have a WARM score, and workflows that began to watch."""
    simulation.simulate(folder, days=DAYS, leads=LEADS, seed=11)
    store = CaseStore(folder / FOLDER)
    store.set_now(NOW)
    lead_ids = sorted(str(lead["lead_id"]) for lead in store.ranked(SCORED))
    warehouse = DuckDBWarehouse(folder)
    warehouse.append("scores", [score_row(lead_id, 0, HOT_FROM - 1) for lead_id in lead_ids])
    run_stage("workflows", folder, NOWHERE, NOW, 0)  # it begins to watch, and has nothing to send yet
    _keep_translations(folder)
    return folder


def _keep_translations(template: Path) -> None:
    """Let all plays find the statements translated: each killed process would translate them anew, half of its time."""
    rehearsal = template.with_name("rehearsal")
    play(template, rehearsal, 0, in_chaos=False)
    shutil.copytree(rehearsal / "translations", template / "translations", dirs_exist_ok=True)
    shutil.rmtree(rehearsal)


def differences(calm: Ending, chaos: Ending) -> list[str]:
    """In what the two endings differ: scores, tables, events."""
    tables = [name for name in TABLES if calm.tables[name] != chaos.tables[name]]
    return [
        *(["scores"] if calm.scores != chaos.scores else []), *tables,
        *(["events"] if calm.events != chaos.events else []),
    ]  # fmt: skip


def play_seeds(seeds: range) -> tuple[dict[int, list[str]], int]:
    """What differs by seed, without the seeds in which nothing does; and how often something was killed."""
    failures: dict[int, list[str]] = {}
    kills = 0
    with tempfile.TemporaryDirectory() as folder:
        template = template_home(Path(folder) / "template")
        for seed in seeds:
            homes = Path(folder) / f"calm-{seed}", Path(folder) / f"chaos-{seed}"
            calm, _ = play(template, homes[0], seed, in_chaos=False)
            chaos, kills_of_seed = play(template, homes[1], seed, in_chaos=True)
            kills += kills_of_seed
            if unequal := differences(calm, chaos):
                failures[seed] = unequal
                # At once: 200 seeds take a while, and the first that fails is what somebody waits for.
                sys.stderr.write(f"seed {seed} ended differently: {', '.join(unequal)}\n")
            for home in homes:
                shutil.rmtree(home)
    return failures, kills


def run() -> list[Figure]:
    """How many seeds end in chaos as in calm, and how many processes were killed on the way."""
    failures, kills = play_seeds(range(SEEDS))
    if failures:
        raise RuntimeError(f"Seeds that ended differently: {failures}")
    share = (SEEDS - len(failures)) / SEEDS
    return [
        Figure("chaos: seeds that end as in calm", share, "", "1", SEEDS, (share, share)),
        Figure("chaos: processes killed", kills, "", "many", SEEDS, (kills, kills)),
    ]


if __name__ == "__main__":
    for figure in run():
        print(f"{figure.name}: {figure.value:g} (n = {figure.n})")  # noqa: T201
