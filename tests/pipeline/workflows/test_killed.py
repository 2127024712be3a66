"""Chaos: the receivers fail at random and the run is killed at random, and each workflow still fires once."""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from leadwerk.simulation.crm_faults import Faults
from leadwerk.warehouse.duckdb import DuckDBWarehouse
from support.killed_workflows import run_in_a_process
from support.standins.frame import serving
from support.standins.hubspot import HubSpotStandIn
from support.workflow_market import MINUTE, NOW, becomes_hot
from support.workflow_receivers import ReceiverStandIn, texts

SEEDS = int(os.environ.get("WORKFLOW_CHAOS_SEEDS", "2"))
LEADS = 3


@dataclass
class Place:
    home: Path
    chat: ReceiverStandIn
    crm: HubSpotStandIn

    def run(self, minutes: int, kill_at: int = 0) -> bool:
        at = NOW + minutes * MINUTE
        self.chat.now = at
        return run_in_a_process(self.home, (self.chat.url, self.crm.url), at, kill_at)

    def become_hot(self) -> set[str]:
        lead_ids = {self.crm.add(number) for number in range(LEADS)}
        warehouse = DuckDBWarehouse(self.home)
        with warehouse.unit_of_work():
            for lead_id in lead_ids:
                becomes_hot(warehouse, lead_id, NOW + MINUTE)
        return lead_ids

    def events(self) -> Counter[str]:
        return Counter(event["data"]["lead_id"] for event in self.chat.events.values())

    def tasks(self) -> Counter[str]:
        return Counter(task["associations"][0]["to"]["id"] for task in self.crm.tasks)

    def messages(self) -> Counter[str]:
        return Counter(text.split()[1] for text in texts(self.chat))


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with serving(ReceiverStandIn()) as chat, serving(HubSpotStandIn()) as crm:
        assert isinstance(chat, ReceiverStandIn)
        assert isinstance(crm, HubSpotStandIn)
        yield Place(tmp_path, chat, crm)


@pytest.mark.slow
@pytest.mark.parametrize("kill_at", (1, 4, 7, 10))
def test_killed_at_any_step_of_a_run_each_action_takes_effect_once(place: Place, kill_at: int) -> None:
    place.run(0)
    lead_ids = place.become_hot()
    assert not place.run(5, kill_at)
    place.run(10)
    assert place.events() == place.tasks() == Counter(lead_ids)
    # A chat has no key: the message that was sent and not recorded is shown twice, and no other.
    messages = place.messages()
    assert set(messages) == lead_ids
    assert messages.total() <= LEADS + 1


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(SEEDS))
def test_whatever_fails_each_workflow_fires_once(place: Place, seed: int) -> None:
    draw = random.Random(seed)
    place.run(0)
    lead_ids = place.become_hot()
    faults = Faults(error=0.2, throttle=0.1, drop=0.1, drop_after_commit=0.2, seed=seed)
    place.chat.faults.set(faults)
    place.crm.faults.set(faults)
    kills = sum(not place.run(5 + 30 * step, draw.choice((0, draw.randint(1, 20)))) for step in range(4))
    place.chat.faults.set(Faults())
    place.crm.faults.set(Faults())
    for hours in range(3, 24, 7):
        place.run(hours * 60)
    assert place.events() == place.tasks() == Counter(lead_ids)
    assert set(place.messages()) == lead_ids
    unanswered = sum(call.path == "/chat" for call in place.chat.calls) - LEADS
    assert place.messages().total() <= LEADS + kills + unanswered
