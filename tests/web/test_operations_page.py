"""Operations: an operator sends refused scores again, sees the drift of each feature and what an experiment shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from markupsafe import escape

from leadwerk.catalogue.languages import Language
from leadwerk.errors import InputError
from leadwerk.experiment.effect import IntervalEstimate
from leadwerk.pipeline.audit.trail import AuditFilter, read_trail
from leadwerk.pipeline.desk import stations
from leadwerk.pipeline.desk.stations import Light
from leadwerk.pipeline.health import Health
from leadwerk.policy.experiment import Experiment
from leadwerk.policy.people import Person
from leadwerk.report.wording import Wording
from leadwerk.web.door.admission import Visitor
from leadwerk.web.pages import cached, experiment_view, operations
from leadwerk.web.pages.operations import DriftView, SendAgainForm
from leadwerk.web.pages.site import NoForm
from leadwerk.web.pages.visit import Visit
from support.selling import HOUR, NOW, lead, score, warehouse

REFUSED = "INVALID_FIELD score__c"


def refused(lead_id: str) -> dict[str, Any]:
    return {
        "delivery_id": f"d{lead_id}", "score_id": f"s{lead_id}", "lead_id": lead_id, "day": NOW.date(),
        "attempted_at": NOW - HOUR, "attempt": 1, "state": "dead_letter", "http_status": 422,
        "error": "No such field <b>score__c</b>", "crm_code": "INVALID_FIELD", "crm_field": "score__c",
    }  # fmt: skip


@pytest.fixture
def visit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Visit:
    warehouse(
        tmp_path,
        leads=[lead("1"), lead("2")],
        scores=[score("1", NOW - 2 * HOUR), score("2", NOW - 2 * HOUR)],
        deliveries=[refused("1"), refused("2")],
    )
    for name, value in {"HOME": str(tmp_path), "POLICY": "b2b_swiss"}.items():
        monkeypatch.setenv(f"LEADWERK_{name}", value)
    cached.forget()
    otto = Person(name="otto", roles=("operator",), language="en")
    return Visit(visitor=Visitor(otto), now=NOW, path="/operations", query={}, headers={})


def as_manager(visit: Visit) -> Visit:
    return replace(visit, visitor=Visitor(Person(name="eva", roles=("manager",), language="de")))


def test_an_operator_sends_refused_scores_again_with_a_reason(visit: Visit) -> None:
    page = operations.show(visit, NoForm()).body.decode()
    assert f"<option>{REFUSED}</option>" in page
    assert "<b>score__c</b>" not in page
    answer = operations.send_letters_again(visit, SendAgainForm(letter=REFUSED, reason=" the field is there "))
    assert (answer.status, answer.headers["Location"]) == (303, "/operations?said=sent_again")
    [entry] = read_trail(visit.warehouse, AuditFilter(until=NOW, action="send_again"))
    assert (entry.actor, entry.object, entry.reason) == ("otto", REFUSED, "the field is there")
    assert "The CRM refuses nothing." in operations.show(visit, NoForm()).body.decode()


@pytest.mark.parametrize(
    ("form", "field"),
    [
        (SendAgainForm(letter=REFUSED, reason="  "), "reason"),
        (SendAgainForm(letter="INVALID_FIELD", reason="it is there"), "letter"),
        (SendAgainForm(reason="it is there"), "letter"),
    ],
)
def test_sending_again_needs_a_reason_and_a_cause_of_the_page(visit: Visit, form: SendAgainForm, field: str) -> None:
    with pytest.raises(InputError) as refusal:
        operations.send_letters_again(visit, form)
    assert refusal.value.field == field
    assert read_trail(visit.warehouse, AuditFilter(until=NOW, action="send_again")) == []


def test_a_manager_reads_why_and_sends_nothing(visit: Visit) -> None:
    page = operations.show(as_manager(visit), NoForm()).body.decode()
    assert "INVALID_FIELD score__c" in page
    assert "/operations/dead-letters" not in page
    assert "nochmals senden" in page  # the remedy, in the reader's language


@pytest.mark.parametrize("language", ["de", "fr", "it", "en"])
def test_whatever_is_not_green_has_its_remedy_and_section_beside(
    visit: Visit, language: Language, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = replace(visit, visitor=Visitor(Person(name="otto", roles=("operator",), language=language)))
    lights: Mapping[str, Light] = {"extract": "red", "ingest": "amber", "score": "green", "retrain": "grey"}
    chain = [stations.Station(name, None, 0, light) for name, light in lights.items()]
    monkeypatch.setattr(stations, "stations", lambda *_: chain)
    monkeypatch.setattr(operations, "champion_drift", lambda *_: DriftView("Drift", "amber"))
    monkeypatch.setattr(operations, "anomaly_sentences", lambda *_: ["Anomaly"])
    monkeypatch.setattr(operations, "alert_sentence", lambda *_: "Outside")
    monkeypatch.setattr(operations, "readable_alerts", lambda *_: [None])
    page = operations.show(reader, NoForm()).body.decode()
    say = Wording(visit.policy, language, NOW).say
    named = [name for name in operations.RUNBOOK if str(escape(say(f"page.station.cure.{name}"))) in page]
    assert named == ["none", "extract", "ingest", "drift", "anomalies", "kpi_limits", "letters"]
    sections = [str(escape(say("page.runbook", section=operations.RUNBOOK[name]))) for name in named]
    assert [section for section in sections if section not in page] == []


def test_each_section_of_the_runbook_that_the_page_names_exists() -> None:
    guide = (Path(__file__).parents[2] / "docs" / "operations.md").read_text("utf-8")
    headings = {line.lstrip("# ") for line in guide.splitlines() if line.startswith("#")}
    assert set(operations.RUNBOOK.values()) <= headings
    assert {"none", *stations.LATE} <= set(operations.RUNBOOK)


def test_the_drift_of_each_feature_is_listed_the_largest_first(visit: Visit) -> None:
    health = Health(3.0, 0.31, "source", (("source", 0.31), ("device_category", 0.12), ("recency_days", 0.02)))
    view = operations.drift_view(Wording(visit.policy, "en", NOW), health)
    assert [(row.name, row.index, row.light) for row in view.features] == [
        ("origin of the visit (source)", "0.31", "red"), ("device (device_category)", "0.12", "amber"),
        ("recency days", "0.02", "green"),
    ]  # fmt: skip


def test_an_experiment_too_young_says_so(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    experiment = Experiment(name="spring", starts=NOW.date(), ends=NOW.date().replace(year=2027), control_percent=20)
    policy = msgspec.structs.replace(visit.policy, experiment=experiment)
    monkeypatch.setattr(Visit, "policy", policy)
    page = operations.show(visit, NoForm()).body.decode()
    assert "What do scores bring?" in page
    assert "Experiment spring: 0 leads with a score" in page
    assert "Too few leads were won to say anything yet." in page


@pytest.mark.parametrize(
    ("estimate", "text"),
    [
        (IntervalEstimate(0.02, -0.01, 0.05), "2.0% (-1.0% to 5.0%)"),
        (IntervalEstimate(0.02, 0.01, float("inf")), "2.0% (1.0% to ∞)"),
        (IntervalEstimate(float("inf"), 0.0, float("inf")), "no contract yet"),
    ],
)
def test_an_estimate_is_shown_with_its_interval(visit: Visit, estimate: IntervalEstimate, text: str) -> None:
    wording = Wording(visit.policy, "en", NOW)
    assert experiment_view.interval_text(wording, estimate, is_rate=True) == text
