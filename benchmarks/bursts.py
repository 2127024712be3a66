"""50,000 events pushed in bursts by Pub/Sub to a real function that is killed at random: each is applied once.

The emulator pushes where it is installed, with its own repeats; else a driver of ours pushes until 2xx, as Pub/Sub
does. A tenth of the messages is published twice. BURST_EVENTS sets another number.
"""

from __future__ import annotations

import os
import random
import tempfile
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import requests

from benchmarks.figure import Figure
from benchmarks.pubsub_emulator import Headers, PushProxy, Topic, emulated, emulator_jar
from benchmarks.push_sender import Google, enveloped, environment
from leadwerk.serve import FunctionServers, serving, start
from leadwerk.warehouse.duckdb import DuckDBWarehouse
from leadwerk.warehouse.statement import from_text

EVENTS = int(os.environ.get("BURST_EVENTS", "50000"))
A_MESSAGE, LEADS, SENDERS, BURSTS = 50, 40, 8, 5
KILLS_OF_50_000 = 12
FEWEST_KILLS = 4
START = datetime(2026, 2, 1, tzinfo=UTC)
LONGEST_SECONDS = 7200.0  # a busy machine needs more than half an hour
FUNCTION = "ingest_feedback"
STORED = from_text("SELECT COUNT(*) AS n, COUNT(DISTINCT event_id) AS events FROM leadwerk.touchpoints")


@dataclass(frozen=True)
class BurstResult:
    """What is stored after the bursts (`rows`, of so many different `events`), and how it came to be."""

    rows: int
    events: int
    kills: int
    messages: int
    seconds: float
    pushed_by: str


@dataclass
class OwnDriver:
    """Pushes messages side by side, each until the function answers 2xx; `acknowledged` are their numbers."""

    url: str
    headers: Headers
    acknowledged: set[str] = field(default_factory=set)
    senders: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(SENDERS))
    published: int = 0

    def publish(self, data: Sequence[str]) -> list[str]:
        """Push the messages in the background; return their ids."""
        ids = [str(self.published + number) for number in range(len(data))]
        self.published += len(data)
        for text, message_id in zip(data, ids, strict=True):
            self.senders.submit(self._push, text, message_id)
        return ids

    def _push(self, text: str, message_id: str) -> None:
        body = enveloped(text, message_id)
        while True:
            try:
                if requests.post(self.url, data=body, headers=self.headers(), timeout=60).ok:
                    self.acknowledged.add(message_id)
                    return
            except requests.RequestException:
                pass  # the function is dead or starting: Pub/Sub tries again
            time.sleep(0.1)


def message_data(events: int, draw: random.Random) -> list[str]:
    """The data of all messages; a tenth comes twice, and all are shuffled."""
    touchpoints = [
        {
            "event_id": f"e{number}", "lead_id": f"L{number % LEADS}", "kind": "email_click",
            "occurred_at": (START + timedelta(seconds=number)).isoformat(),
        }
        for number in range(events)
    ]  # fmt: skip
    data = [
        b64encode(msgspec.json.encode(touchpoints[at : at + A_MESSAGE])).decode() for at in range(0, events, A_MESSAGE)
    ]
    data += draw.sample(data, len(data) // 10)
    draw.shuffle(data)
    return data


Publish = Callable[[Sequence[str]], list[str]]


@contextmanager
def _publisher(home: Path, url: str, headers: Headers, jar: Path | None) -> Iterator[tuple[Publish, set[str]]]:
    """What publishes, and the ids of messages that the function has taken so far."""
    if jar is None:
        driver = OwnDriver(url, headers)
        yield driver.publish, driver.acknowledged
        driver.senders.shutdown(cancel_futures=True)
        return
    proxy = PushProxy(url, headers)
    try:
        with emulated(jar, home / "pubsub.log") as emulator_url:
            yield Topic(emulator_url, proxy.url).publish, proxy.acknowledged
    finally:
        proxy.close()


def play(home: Path, events: int, *, seed: int = 7, jar: Path | None = None) -> BurstResult:
    """Push `events` events in bursts while the function is killed at random, and count what is stored.

    Raises:
        RuntimeError: not all messages were taken within LONGEST_SECONDS.
    """
    draw, google = random.Random(seed), Google()
    data = message_data(events, draw)
    warehouse = DuckDBWarehouse(home)
    lead = {"recorded_at": START, "created_at": START, "web_consent": True}
    warehouse.append("leads", [{"event_id": f"l{n}", "lead_id": f"L{n}", **lead} for n in range(LEADS)])
    kills = max(FEWEST_KILLS, KILLS_OF_50_000 * events // 50_000)
    # Within the first nine tenths: a kill after the last message would kill an idle function.
    kill_after = sorted(draw.randrange(len(data) * 9 // 10) for _ in range(kills))
    try:
        with (
            serving(home, names=(FUNCTION,), crm=False, environment=environment(google)) as servers,
            _publisher(home, servers.url(FUNCTION) + "/pubsub", google.headers, jar) as (publish, acknowledged),
        ):
            begun_at = time.monotonic()
            publishing = threading.Thread(target=_publish_in_bursts, args=(publish, data))
            publishing.start()
            for threshold in kill_after:
                _await(acknowledged, threshold + 1, begun_at)
                _kill(servers, home)
            _await(acknowledged, len(data), begun_at)
            publishing.join()
            seconds = time.monotonic() - begun_at
    finally:
        google.close()
    [stored] = warehouse.rows(STORED, {})
    pushed_by = "emulator" if jar else "own driver"
    return BurstResult(stored["n"], stored["events"], kills, len(data), seconds, pushed_by)


def _publish_in_bursts(publish: Publish, data: Sequence[str]) -> None:
    size = -(-len(data) // BURSTS)
    for at in range(0, len(data), size):
        publish(data[at : at + size])


def _await(acknowledged: set[str], count: int, begun_at: float) -> None:
    while len(acknowledged) < count:
        if time.monotonic() - begun_at > LONGEST_SECONDS:
            raise RuntimeError(f"Only {len(acknowledged)} messages were taken within {LONGEST_SECONDS:.0f} s.")
        time.sleep(0.01)


def _kill(servers: FunctionServers, home: Path) -> None:
    """Kill the function with all its workers, and start it anew on its port."""
    old = servers.running[FUNCTION]
    old.kill()
    port = int(old.url.rpartition(":")[2])
    servers.running[FUNCTION] = start(FUNCTION, port, home, servers.environment)


def run() -> list[Figure]:
    """Rows per event (1: each applied once), kills, and events a second with all repeats and restarts."""
    with tempfile.TemporaryDirectory() as folder:
        result = play(Path(folder), EVENTS, jar=emulator_jar())
    if (result.rows, result.events) != (EVENTS, EVENTS):
        raise RuntimeError(f"{result.rows} rows of {result.events} events instead of {EVENTS}.")
    name, rate = f"{EVENTS:,} pushed events ({result.pushed_by})", EVENTS / result.seconds
    return [
        Figure(f"{name}: rows per event", result.rows / EVENTS, "", "1", 1, (1.0, 1.0)),
        Figure(f"{name}: consumers killed", result.kills, "", "many", 1, (result.kills, result.kills)),
        Figure(f"{name}: events a second", rate, "/s", "", 1, (rate, rate)),
    ]
