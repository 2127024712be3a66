"""What is deployed is what runs: the bundles that Terraform built, each in an environment of its own requirements.

One deployment goes through the loop on emulated BigQuery and Cloud Storage, with the tables, buckets, objects and
settings that Terraform applied, against the simulated CRM. Nothing of the checkout is on a function's path, and each
function may do in tables and buckets what Terraform's roles allow its account, and no more.
"""

from __future__ import annotations

import json
import os
import signal
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from leadwerk import simulation
from leadwerk.catalogue.periods import OPEN_LEAD_DAYS
from leadwerk.pipeline.leads.features import features_statement, scoring_parameters
from leadwerk.pipeline.leads.open_leads import read_open_leads
from leadwerk.policy.load import parse
from leadwerk.serve import FUNCTIONS
from leadwerk.settings import read
from leadwerk.simulation.crm_server import CrmServer
from leadwerk.warehouse.bigquery import BigQueryWarehouse
from terraform import agreement
from terraform.bundle import Bundle, megabytes, unpack
from terraform.checks import EDITS, PREFIX, grants, of_type
from terraform.cloud import Cloud
from terraform.deployment import LATER, NOW, POLICY, START_SECONDS, TOKEN, WEB_DAYS, Deployment, account, backfill, wait
from terraform.guard import Guard
from terraform.log_lines import counted, entries, extracted
from terraform.workspace import PROJECT, Workspace

pytestmark = pytest.mark.filterwarnings("ignore")  # Google's client warns about itself


@pytest.fixture(scope="module")
def bundles(deployed: Workspace, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Bundle]:
    where = tmp_path_factory.mktemp("deployed")
    zips = deployed.bundles()
    with ThreadPoolExecutor(2) as pool:
        unpacked = pool.map(lambda name: unpack(name, zips[name], where), FUNCTIONS)
        return dict(zip(FUNCTIONS, unpacked, strict=True))


@pytest.fixture(scope="module")
def deployment(
    bundles: dict[str, Bundle], cloud: Cloud, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Deployment]:
    home = tmp_path_factory.mktemp("world")
    simulation.simulate(home, days=120, leads=1_800, seed=7)
    simulation.publish(home, NOW)
    cloud.publish(POLICY)
    cloud.export(home, WEB_DAYS)
    backfill(cloud, home)
    crm = CrmServer(home, TOKEN)
    threading.Thread(target=crm.serve_forever, daemon=True).start()
    running = Deployment(cloud, crm)
    processes, resources = [], ExitStack()
    try:
        for name, bundle in bundles.items():
            running.logs[name] = tmp_path_factory.mktemp(f"log-{name}") / "log"
            settings = cloud.settings(name, crm.url, TOKEN) | {"LEADWERK_CRM_PER_SECOND": "500"}
            settings["LEADWERK_SIMULATION"] = "1"  # the market's days are over by now
            granted = {(place, role) for who, place, role in grants(cloud.resources) if who == account(name)}
            for url in ("LEADWERK_BIGQUERY_URL", "LEADWERK_STORAGE_URL"):
                guard = Guard(granted, settings[url])
                running.guards.setdefault(name, []).append(guard)
                settings[url] = resources.enter_context(guard.running())
            process, running.urls[name] = bundle.serve(settings, running.logs[name])
            processes.append(process)
        for name in bundles:
            wait(running, name)
        running.ask_crm("/admin/now", {"now": NOW.isoformat()})
        yield running
    finally:
        for process in processes:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(10)
        resources.close()
        crm.shutdown()
        crm.server_close()


@dataclass
class Loop:
    """What the functions answered on the way of one lead around the loop."""

    extract: Any
    backfill: Any
    trained: Any
    lead: str
    score: Any
    delivered: Any
    in_crm: Any
    feedback: Any
    retrained: Any


@pytest.fixture(scope="module")
def loop(deployment: Deployment) -> Loop:
    call = deployment.call
    days = {"first_day": str(WEB_DAYS[0]), "last_day": str(WEB_DAYS[-1])}
    extract, backfill, trained = call("extract_features", days), call("ingest_feedback"), call("retrain")
    [open_lead] = deployment.cloud.query(ONE_OPEN_LEAD)
    lead = open_lead["lead_id"]
    score = call("score", {"lead_id": lead, "deliver": False})
    delivered = call("deliver_scores")
    in_crm = deployment.ask_crm(f"/api/v1/leads/{lead}")
    deployment.ask_crm("/admin/now", {"now": LATER.isoformat()})
    feedback, retrained = call("ingest_feedback", now=LATER), call("retrain", now=LATER)
    until_served(deployment, lead, retrained["champion_after"])
    return Loop(extract, backfill, trained, lead, score, delivered, in_crm, feedback, retrained)


def until_served(deployment: Deployment, lead: str, champion: str) -> None:
    """A running function notices a promotion within seconds."""
    until = time.monotonic() + START_SECONDS
    while deployment.call("score", {"lead_id": lead, "dry_run": True}, now=LATER)["model_version"] != champion:
        assert time.monotonic() < until, f"{champion} does not serve"
        time.sleep(0.5)


ONE_OPEN_LEAD = """
    SELECT lead_id
    FROM leadwerk.leads JOIN leadwerk.identities USING (lead_id) JOIN leadwerk.activity_daily USING (visitor_id)
    WHERE lead_id NOT IN (SELECT lead_id FROM leadwerk.outcomes WHERE outcome != 'open')
    ORDER BY created_at DESC, lead_id LIMIT 1"""


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_bundle_holds_the_function_and_the_package_and_nothing_else(
    name: str, deployed: Workspace, resources: list[dict]
) -> None:
    [bundle] = [
        deployed.folder / uploaded["values"]["source"]
        for uploaded in of_type(resources, "google_storage_bucket_object")
        if uploaded["name"] == "bundle" and uploaded["index"] == name
    ]
    project = deployed.folder.parent
    assert agreement.bundle_is_the_code(bundle, project / "functions" / name, project / "shared") == []


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_package_comes_from_the_bundle(name: str, bundles: dict[str, Bundle]) -> None:
    bundle = bundles[name]
    where = Path(bundle.run("import leadwerk.settings, leadwerk; print(leadwerk.__file__)"))
    assert where == bundle.folder / "leadwerk" / "__init__.py"
    assert PROJECT not in where.parents
    path = bundle.run("print(*sys.path, sep=chr(10))").splitlines()
    assert [part for part in path if Path(part).is_relative_to(PROJECT)] == []


def test_sizes_stay_small(bundles: dict[str, Bundle], record_property: Any) -> None:
    sizes = {name: (megabytes(bundle.archive), megabytes(bundle.environment)) for name, bundle in bundles.items()}
    for name, (archive, environment) in sizes.items():
        print(f"{name}: zip {archive:.2f} MB, environment {environment:.0f} MB")
        record_property(name, f"zip {archive:.2f} MB, environment {environment:.0f} MB")
        assert archive < 4
        assert environment < (700 if name in ("retrain", "desk") else 350)  # both of them read frames


def test_extract_reads_the_export(loop: Loop) -> None:
    assert loop.extract["events_kept"] > 500
    assert loop.extract["missing"] == 0


def test_ingest_brings_leads_and_outcomes(loop: Loop) -> None:
    assert loop.backfill["leads"] > 1_000
    assert loop.backfill["outcomes"] > 1_000


def test_retrain_makes_a_champion_in_the_bucket(loop: Loop, deployment: Deployment) -> None:
    assert loop.trained["promoted"], loop.trained["reason"]
    models = f"{deployment.cloud.environment['LEADWERK_PROJECT']}-leadwerk-models"
    names = {blob.name for blob in deployment.cloud.storage.list_blobs(models)}
    assert f"models/{loop.trained['model_version']}/manifest.json" in names


def test_the_lead_is_scored_by_the_champion_and_stored(loop: Loop, deployment: Deployment) -> None:
    [score] = loop.score["scores"]
    assert (score["model_version"], score["basis"], score["has_web_behaviour"]) == (
        loop.trained["model_version"],
        "model",
        True,
    )
    assert score["reasons"]
    [stored] = deployment.cloud.query(f"SELECT score_id FROM leadwerk.scores WHERE lead_id = '{loop.lead}'")
    assert stored["score_id"] == score["score_id"]


def test_the_score_reaches_the_crm(loop: Loop) -> None:
    [score] = loop.score["scores"]
    assert loop.delivered["sent"] == 1
    assert loop.in_crm["custom_fields"]["predictive_score"] == score["predictive_score"]


def test_what_the_sellers_did_is_learned_from(loop: Loop) -> None:
    assert loop.feedback["outcomes"] > 0
    assert loop.retrained["row_count"] > loop.trained["row_count"]


def test_rescoring_scores_every_open_lead(loop: Loop, deployment: Deployment) -> None:
    done = deployment.call("score", {"rescore": True}, now=LATER)
    assert done["leads"] > 10
    assert done["stored"] > 0
    assert deployment.call("score", {"rescore": True}, now=LATER)["stored"] == 0


def test_bigquery_can_score_in_sql(loop: Loop, deployment: Deployment) -> None:
    policy, settings = parse(POLICY), read(deployment.cloud.settings("score", deployment.crm.url, TOKEN))
    warehouse = BigQueryWarehouse.from_settings(settings)
    leads = read_open_leads(warehouse, created_since=NOW - timedelta(days=OPEN_LEAD_DAYS), as_of=NOW)
    rows = warehouse.rows(features_statement(policy), scoring_parameters(policy, leads, [], NOW))
    calls = [[json.dumps(row, default=datetime.isoformat)] for row in rows]
    answer = deployment.post("score", {"requestId": "1", "calls": [*calls, ["{"]]})
    *replies, refused = [json.loads(reply) for reply in answer["replies"]]
    assert list(refused) == ["error"]
    assert [reply["lead_id"] for reply in replies] == [row["lead_id"] for row in rows]
    [reply] = [reply for reply in replies if reply["lead_id"] == loop.lead]
    [score] = deployment.call("score", {"lead_id": loop.lead, "dry_run": True})["scores"]
    compared = ("predictive_score", "score_cluster", "model_version")
    assert [reply[name] for name in compared] == [score[name] for name in compared]


def test_the_report_is_written_and_shown(loop: Loop, deployment: Deployment) -> None:
    written = deployment.call("desk", now=LATER)
    assert written["champion_age_days"] >= 0
    with urllib.request.urlopen(deployment.urls["desk"], timeout=60) as page:
        assert loop.retrained["champion_after"] in page.read().decode()


def test_a_form_is_scored_stored_and_sent(loop: Loop, deployment: Deployment) -> None:
    form = {"created_at": LATER.isoformat(), "loan_amount": 450_000, "property_value": 700_000, "web_consent": True}
    request = {"lead_id": loop.lead, "ga_client_id": "0815.4711", "form": form}
    [score] = deployment.call("score", request, now=LATER)["scores"]
    assert score["delivery"] == "sent"


def test_a_score_waits_for_its_lead_and_is_sent_once_it_is_ingested(loop: Loop, deployment: Deployment) -> None:
    call, young, late = deployment.call, {"lead_id": "900001"}, LATER + timedelta(days=2)
    form = {"created_at": LATER.isoformat(), "loan_amount": 450_000, "language": "de"}
    [score] = call("score", {**young, "form": form}, now=LATER)["scores"]
    assert score["delivery"] == "pending"
    assert call("deliver_scores", {"lead_ids": ["900001"]}, now=late)["dead_letter"] == 1
    deployment.ask_crm("/api/v1/leads", {**young, **form})
    assert call("ingest_feedback", now=late)["leads"] >= 1
    assert call("deliver_scores", {"lead_ids": ["900001"]}, now=late)["sent"] == 1
    crm_fields = deployment.ask_crm("/api/v1/leads/900001")["custom_fields"]
    assert crm_fields["predictive_score"] == score["predictive_score"]


def test_a_workflow_follows_from_a_lead_that_changed(loop: Loop, deployment: Deployment) -> None:
    workflows = {"workflows": True}
    deployment.call("deliver_scores", workflows, now=LATER)  # in force from here on
    later = LATER + timedelta(hours=1)
    form = {"created_at": later.isoformat(), "loan_amount": 450_000, "language": "de"}
    deployment.call("score", {"lead_id": "900002", "form": form, "deliver": False}, now=later)
    done = deployment.call("deliver_scores", workflows, now=later + timedelta(minutes=5))
    assert done["decided"] == 1
    assert "LEADWERK_CHANNELS" in done["stopped"]["sales"]  # the secret of this deployment holds no address


def test_sellers_pick_what_is_on_their_list_and_decide(loop: Loop, deployment: Deployment) -> None:
    desk, now = deployment.urls["desk"], LATER.strftime("%Y-%m-%dT%H:%M:%SZ")
    with urllib.request.urlopen(f"{desk}/leads?now={now}", timeout=60) as response:
        [first, *_] = json.load(response)["leads"]
    lead = f"{desk}/leads/{first['lead_id']}"
    pick_request = json.dumps({"seller": "Eva", "now": now}).encode()
    with urllib.request.urlopen(f"{lead}/pick", pick_request, timeout=60) as picked:
        assert json.load(picked)["seller"] == "Eva"
    override_request = json.dumps(
        {"cluster": "COLD", "by": "Eva", "reason": "bought elsewhere", "days": 14, "now": now}
    ).encode()
    with urllib.request.urlopen(f"{lead}/override", override_request, timeout=60) as decided:
        assert decided.status == 200
    assert deployment.call("desk", {"threshold": True}, now=LATER)


# The last two look back at all that was done before them.
def test_terraforms_roles_are_enough_and_none_is_too_much(deployment: Deployment) -> None:
    refused = [(name, guard.refused) for name, guards in deployment.guards.items() for guard in guards if guard.refused]
    assert refused == []
    granted = grants(deployment.cloud.resources)
    unused = {
        (name, place)
        for name, guards in deployment.guards.items()
        for who, place, role in granted
        # `privacy` may delete from each table of persons; nobody asks to be erased here.
        if name != "privacy"
        and who == account(name)
        and role == EDITS
        and place not in set().union(*(guard.used for guard in guards))
    }
    assert unused - SELDOM_WRITTEN == set()


# The policy of this deployment names no sellers, so nothing moves its thresholds; not every override moves a stage.
# Nobody calls here, so nobody opens a lead or gives a verdict; and nobody logs in who is a lead by then. The monitor of
# drift rests, and a rescoring is done in its time. No provider is asked for facts of companies.
SELDOM_WRITTEN = {
    ("desk", "table thresholds"),
    ("desk", "table stage_changes"),
    ("desk", "table verdicts"),
    ("desk", "table lead_reads"),
    ("extract_features", "table identities"),
    ("ingest_feedback", "table company_answers"),
    ("score", "table cursors"),
    ("retrain", "table drift_checks"),
}


# Lines of what does not happen here: a champion stands down, a channel is disabled, inflow is unusual.
RARE_METRICS = {"leadwerk/stood_down", "leadwerk/channel_disabled", "leadwerk/anomalies"}

AS_ADMIN = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}


def test_every_metric_finds_its_lines_in_the_functions_logs(deployment: Deployment) -> None:
    """But for drift, which has no number while a week brings too few leads, and for a champion that stands down.

    test_runbook.py has those two lines.
    """
    # Connections to it stay open, so that closing its door would not be noticed.
    faults = urllib.request.Request(f"{deployment.crm.url}/admin/faults", b'{"error": 1.0}', headers=AS_ADMIN)
    urllib.request.urlopen(faults, timeout=10).close()
    with pytest.raises(urllib.error.HTTPError, match=r"50[023]"):  # a failure, for the metric of failures
        urllib.request.urlopen(deployment.urls["ingest_feedback"], b"{}", timeout=300).close()
    lines = [line for name, log in deployment.logs.items() for line in entries(log, PREFIX + name.replace("_", "-"))]
    for metric in of_type(deployment.cloud.resources, "google_logging_metric"):
        if metric["values"]["name"] in RARE_METRICS:
            continue
        metrics = counted(metric["values"]["filter"], lines)
        assert metrics, metric["values"]["name"]
        if (extractor := metric["values"]["value_extractor"]) and "drift" not in extractor:
            numbers = [extracted(extractor, line) for line in metrics]
            assert any(isinstance(number, int | float) for number in numbers), metric["values"]["name"]
