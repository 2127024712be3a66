"""What one score costs on BigQuery while a visitor waits: one query, and rows written at once without a look-up."""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from google.cloud import bigquery as google

from leadwerk.pipeline import deliver, score
from leadwerk.pipeline.serving.messages import ScoredLead, ScoreRequest
from leadwerk.policy.load import load
from leadwerk.scoring.model import Scorer
from leadwerk.warehouse.bigquery import BigQueryWarehouse
from leadwerk.warehouse.statement import from_text
from support import example_leads, example_models as models
from support.bigquery_emulator import emulated
from support.cloud_warehouse import TRANSLATING, cloud_warehouse
from support.example_leads import NOW
from support.scripted_crm import ScriptedCRM

pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.slow]
MORTGAGE = load("mortgage")
QUERY, INSERT = re.compile(r"POST .*/(?:jobs|queries)$"), re.compile(r"POST .*/tables/(\w+)/insertAll$")
FORM = {"loan_amount": "450'000", "property_value": 700_000, "web_consent": True, "email": "anna@acme.ch"}


class Traffic:
    """The requests of Google's client, with the thread that sent each."""

    def __init__(self, client: google.Client) -> None:
        self.sent: list[tuple[str, int]] = []
        self._request = client._http.request
        client._http.request = self._counted  # type: ignore[method-assign]

    def _counted(self, method: str, url: str, *arguments: Any, **named: Any) -> Any:
        self.sent.append((f"{method} {url.partition('?')[0]}", threading.get_ident()))
        return self._request(method, url, *arguments, **named)

    def queries(self) -> int:
        return sum(bool(QUERY.match(request)) for request, _ in self.sent)

    def inserts(self) -> dict[str, int]:
        """How many inserts each table got."""
        return dict(Counter(table[1] for request, _ in self.sent if (table := INSERT.match(request))))

    def inserting_threads(self) -> int:
        return len({thread for request, thread in self.sent if INSERT.match(request)})


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BigQueryWarehouse]:
    """The example leads on emulated BigQuery."""
    home: Path = tmp_path_factory.mktemp("emulator")
    with emulated(home, TRANSLATING) as url:
        filled = cloud_warehouse(url, "leadwerk")
        filled.append("leads", [example_leads.lead("1")])
        filled.append("identities", [example_leads.link("V1", "1")])
        filled.append("activity_daily", list(example_leads.days("V1")))
        yield filled
        filled._client.close()


@pytest.fixture
def traffic(warehouse: BigQueryWarehouse, monkeypatch: pytest.MonkeyPatch) -> Traffic:
    monkeypatch.setattr(warehouse._client._http, "request", warehouse._client._http.request)
    return Traffic(warehouse._client)


@pytest.fixture(scope="module")
def scorer() -> Scorer:
    return Scorer.load(models.files(MORTGAGE), MORTGAGE, threads=1)


def scored(warehouse: BigQueryWarehouse, scorer: Scorer, **request: Any) -> ScoredLead:
    run = score.ScoringRun(warehouse, MORTGAGE, scorer, now=NOW, stored_at=NOW, person_key="k")
    report = score.run(run, [ScoreRequest(**request)])
    assert report.refusals == []
    return report.scores[0]


def test_a_form_costs_one_query_and_writes_that_do_not_wait_for_each_other(
    warehouse: BigQueryWarehouse, traffic: Traffic, scorer: Scorer
) -> None:
    lead = scored(warehouse, scorer, lead_id="77", ga_client_id="V1", form=FORM)
    assert (lead.stored, lead.has_web_behaviour) == (True, True)
    assert traffic.queries() == 1
    assert traffic.inserts() == {"leads": 1, "identities": 1, "scores": 1, "stage_changes": 1}
    assert traffic.inserting_threads() == 4
    [row] = warehouse.rows(from_text("SELECT loan_amount FROM leadwerk.leads WHERE lead_id = '77'"), {})
    assert row == {"loan_amount": 450_000.0}


def test_a_new_score_is_delivered_without_being_read_back(
    warehouse: BigQueryWarehouse, traffic: Traffic, scorer: Scorer
) -> None:
    """One more query looks for a newer score of the lead, while the attempt is recorded."""
    run = score.ScoringRun(warehouse, MORTGAGE, scorer, now=NOW, stored_at=NOW, person_key="k")
    report = score.run(run, [ScoreRequest(lead_id="78", form=FORM)])
    traffic.sent.clear()
    crm = ScriptedCRM()
    delivered = deliver.send_stored(warehouse, MORTGAGE, crm, report.new_scores, now=NOW)
    assert (delivered.sent, list(crm.scores_shown)) == (1, ["78"])
    assert (traffic.queries(), traffic.inserts()) == (1, {"deliveries": 1})


def test_a_known_lead_costs_one_query_and_nothing_is_written_where_nothing_changed(
    warehouse: BigQueryWarehouse, traffic: Traffic, scorer: Scorer
) -> None:
    first = scored(warehouse, scorer, lead_id="1")
    assert (traffic.queries(), set(traffic.inserts())) == (1, {"scores", "stage_changes"})
    traffic.sent.clear()
    assert scored(warehouse, scorer, lead_id="1").score_id == first.score_id
    assert (traffic.queries(), traffic.inserts()) == (1, {})
