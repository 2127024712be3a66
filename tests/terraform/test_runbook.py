"""Every alert has a runbook, and no alert waits for a number that no function logs."""

from __future__ import annotations

import json
import logging
import re
from dataclasses import fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from leadwerk.pipeline import deliver, ingest, report, rescore, retrain
from leadwerk.pipeline.extract_messages import ExtractReport
from leadwerk.web import log
from terraform.checks import PREFIX, Resources, of_type, runs_of_paused_jobs
from terraform.log_lines import counted, entries, extracted
from terraform.workspace import PROJECT, Workspace

GUIDE = (PROJECT / "docs" / "operations.md").read_text()
DEPLOY = GUIDE[: GUIDE.index("## What runs when")]
WANTED = {  # the list of the issue, in its order, by the names here
    "extract_late", "feed_empty", "deliveries_dead_letter", "outbox_old", "drift", "model_stale", "error_rate",
    "score_latency",
}  # fmt: skip
NUMBERS = {"int": 3, "float": 0.3, "float | None": 0.3}
REPORTS: dict[str, Any] = {
    "extract_features": ExtractReport,
    "ingest_feedback": ingest.IngestReport,
    "deliver_scores": deliver.DeliverReport,
    "desk": report.ReportWritten,
    "retrain": retrain.RetrainReport,
}


@pytest.fixture(scope="module")
def alerts(resources: Resources) -> dict[str, str]:
    """The query of every alert, by the section that its mail names."""
    query_by_alert = {}
    for alert in of_type(resources, "google_monitoring_alert_policy"):
        [[section], [condition]] = (
            re.findall(r"docs/operations\.md#(\w+)$", alert["values"]["documentation"][0]["content"]),
            alert["values"]["conditions"],
        )
        query_by_alert[section] = condition["condition_prometheus_query_language"][0]["query"]
    return query_by_alert


def test_the_first_run_takes_no_job_that_is_paused(deployed: Workspace) -> None:
    assert "-var=schedules_paused=true" in DEPLOY
    resources = deployed.planned("-var=schedules_paused=true")
    assert all(job["values"]["paused"] for job in of_type(resources, "google_cloud_scheduler_job"))
    assert runs_of_paused_jobs(DEPLOY + (deployed.folder / "outputs.tf").read_text(), resources) == []


def test_the_next_steps_call_extraction_ingestion_and_retraining_in_this_order(deployed: Workspace) -> None:
    if deployed.mock:
        pytest.skip("a mock keeps no outputs")
    outputs = json.loads(deployed.terraform("output", "-json").stdout)
    steps, urls = outputs["next_steps"]["value"], outputs["function_urls"]["value"]
    called = [url for step in steps.splitlines() if step.strip().startswith(tuple("123")) for url in [step.split()[-1]]]
    assert called == [urls[name] for name in ("extract_features", "ingest_feedback", "retrain")]


def test_every_alert_that_was_asked_for_is_there(alerts: dict[str, str]) -> None:
    assert WANTED - alerts.keys() == set()


def test_every_alert_has_its_section_in_the_operations_guide(alerts: dict[str, str]) -> None:
    sections = set(re.findall(r"^### (\w+)$", GUIDE, flags=re.M))
    assert sections == {*alerts, "budget"}


def test_every_alert_asks_for_a_metric_that_is_made(alerts: dict[str, str], resources: Resources) -> None:
    metrics = {
        metric["values"]["name"].replace("/", "_"): metric["values"]
        for metric in of_type(resources, "google_logging_metric")
    }
    requested_metrics = [
        metric_match
        for query in alerts.values()
        for metric_match in re.findall(r"user_(leadwerk_\w+?)(_sum|_count)?\{", query)
    ]
    assert {name for name, _ in requested_metrics} <= metrics.keys()
    for name, part in requested_metrics:  # a counter has no parts, a distribution nothing but parts
        assert bool(part) == bool(metrics[name]["value_extractor"]), name
    with_query = {section for section, query in alerts.items() if "logging_googleapis_com:user_" in query}
    assert alerts.keys() - with_query == {"error_rate", "score_budget", "score_latency", "touchpoints_refused"}


def test_the_service_level_is_that_of_its_alert_and_of_the_guide(alerts: dict[str, str], resources: Resources) -> None:
    [level] = of_type(resources, "google_monitoring_slo")
    allowed = 1 - level["values"]["goal"]
    assert f"/ {allowed:g})" in alerts["score_budget"]
    assert f"{level['values']['goal']:.1%}".replace("%", " %") in GUIDE
    [ratio] = level["values"]["request_based_sli"][0]["good_total_ratio"]
    assert ratio["bad_service_filter"].startswith(ratio["total_service_filter"])


def test_an_alert_can_be_made_together_with_its_metric(resources: Resources) -> None:
    """Monitoring knows a new metric after some minutes, and refuses alerts on it before, unless it must not look."""
    for alert in of_type(resources, "google_monitoring_alert_policy"):
        [condition] = alert["values"]["conditions"][0]["condition_prometheus_query_language"]
        assert condition["disable_metric_validation"] is True


def test_every_alert_is_sent_to_somebody(resources: Resources) -> None:
    channels = {channel["values"]["id"] for channel in of_type(resources, "google_monitoring_notification_channel")}
    assert channels
    for alert in of_type(resources, "google_monitoring_alert_policy"):
        assert set(alert["values"]["notification_channels"]) == channels


def test_the_dashboard_shows_every_metric(resources: Resources) -> None:
    [dashboard] = of_type(resources, "google_monitoring_dashboard")
    dashboard_text = dashboard["values"]["dashboard_json"]
    for metric in of_type(resources, "google_logging_metric"):
        assert f"user_{metric['values']['name'].replace('/', '_')}" in dashboard_text
    assert "request_count" in dashboard_text
    assert "request_latencies" in dashboard_text
    tiles = json.loads(dashboard_text)["mosaicLayout"]["tiles"]
    positions = {(tile.get("xPos", 0), tile.get("yPos", 0)) for tile in tiles}
    assert len(positions) == len(tiles)
    assert all(tile.get(axis) != 0 for tile in tiles for axis in ("xPos", "yPos"))  # Google drops it: a plan never ends


@pytest.mark.parametrize("stage", REPORTS)
def test_metrics_take_their_numbers_from_the_line_of_a_stage(
    stage: str, resources: Resources, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The quick look, at reports full of numbers; test_artefact.py has the lines of the deployed functions."""
    with caplog.at_level(logging.INFO, "leadwerk"):
        for flag in (False, True):
            numbers = {**NUMBERS, "bool": flag}
            full = {field.name: numbers.get(str(field.type)) for field in fields(REPORTS[stage])}
            log.finished(stage, REPORTS[stage](**full), 0.5)
    formatter = log._CloudLogging()
    (tmp_path / "log").write_text("\n".join(formatter.format(record) for record in caplog.records))
    lines = entries(tmp_path / "log", PREFIX + stage.replace("_", "-"))
    metrics = [
        metric["values"]
        for metric in of_type(resources, "google_logging_metric")
        if f'"{stage}"' in metric["values"]["filter"].partition("jsonPayload.stage=")[2]
    ]
    assert metrics
    for metric in metrics:
        metric_points = counted(metric["filter"], lines)
        assert metric_points
        for line in metric_points if metric["value_extractor"] else ():
            assert isinstance(extracted(metric["value_extractor"], line), int | float)


def test_neither_a_form_nor_what_was_left_counts_as_the_rescoring_of_the_day(
    resources: Resources, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    moment = datetime(2026, 3, 2, 6, 40, tzinfo=UTC)
    daily = rescore.RescoreReport(moment, "v1", 40, 3, {}, left=7)
    with caplog.at_level(logging.INFO, "leadwerk"):
        for report_of_run in (daily, replace(daily, left=0, only_left=True), {"scored": 1, "refused": 0}):
            log.finished("score", report_of_run, 0.5)
    (tmp_path / "log").write_text("\n".join(log._CloudLogging().format(record) for record in caplog.records))
    [metric] = [
        metric["values"]
        for metric in of_type(resources, "google_logging_metric")
        if metric["values"]["name"] == "leadwerk/rescore_left"
    ]
    lines = counted(metric["filter"], entries(tmp_path / "log", PREFIX + "score"))
    assert [extracted(metric["value_extractor"], line) for line in lines] == [7]


def test_a_filter_counts_the_lines_it_describes_and_no_other(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text('starting\n{"event": "x", "late": false, "n": 3}\n{"event": "y", "late": true}\n')
    lines = entries(log, "score")
    matched_lines = counted('resource.labels.service_name=("desk" OR "score") AND jsonPayload.late=false', lines)
    assert [extracted("EXTRACT(jsonPayload.n)", line) for line in matched_lines] == [3]
    assert counted('jsonPayload.event="z"', lines) == []
    assert len(counted("jsonPayload.late:*", lines)) == 2
    assert len(counted("jsonPayload.n:*", lines)) == 1
    with pytest.raises(ValueError, match="not in the language"):
        counted('jsonPayload.event=~"x"', lines)
