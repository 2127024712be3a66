"""Whoever gets an alert finds what to do, and no alert waits for a number that nobody logs."""

from __future__ import annotations

import re
from dataclasses import fields

import pytest

from leadwerk.pipeline import deliver, extract, ingest, report, retrain
from terraform.checks import of_type
from terraform.workspace import PROJECT

MONITORING = (PROJECT / "terraform" / "monitoring.tf").read_text()
REPORTS = {
    "extract_features": extract.ExtractReport,
    "ingest_feedback": ingest.IngestReport,
    "deliver_scores": deliver.DeliverReport,
    "desk": report.ReportWritten,
    "retrain": retrain.RetrainReport,
}
COUNTED = re.findall(r'jsonPayload\.stage=\\"(\w+)\\"", value = "jsonPayload\.(\w+)"', MONITORING)


def test_metrics_count_something() -> None:
    assert len(COUNTED) >= 6


@pytest.mark.parametrize(("stage", "member"), COUNTED)
def test_a_metric_counts_a_number_that_the_stage_reports(stage: str, member: str) -> None:
    [kind] = [field.type for field in fields(REPORTS[stage]) if field.name == member] or [None]
    assert kind in ("int", "float", "float | None"), f"{REPORTS[stage].__name__}.{member}"


def test_every_alert_asks_for_a_metric_that_is_made(applied: list[dict]) -> None:
    made = {metric["values"]["name"].replace("/", "_") for metric in of_type(applied, "google_logging_metric")}
    asked = [
        name
        for alert in of_type(applied, "google_monitoring_alert_policy")
        for condition in alert["values"]["conditions"]
        for query in condition["condition_prometheus_query_language"] or []
        for name in re.findall(r"user_(leadwerk_\w+?)(?:_sum|_count)?\{", query["query"])
    ]
    assert len(asked) > 5
    assert set(asked) <= made


def test_every_alert_has_its_section_in_the_operations_guide() -> None:
    guide = (PROJECT / "docs" / "operations.md").read_text()
    alerts = re.search(r"^  alerts = \{\n(.*?)^  \}", MONITORING, flags=re.S | re.M)
    assert alerts is not None
    names = [*re.findall(r"^    (\w+) += \{ metric", alerts[1], flags=re.M), "score_latency", "error_rate"]
    assert len(names) > 5
    assert [name for name in names if f"\n### {name}\n" not in guide] == []
