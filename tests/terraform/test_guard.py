"""The guard lets through what an account's roles allow, and nothing else."""

from __future__ import annotations

import pytest

from terraform.checks import EDITS, VIEWS
from terraform.guard import Guard

GRANTS = {
    ("dataset leadwerk", VIEWS),
    ("table scores", EDITS),
    ("bucket models", "roles/storage.objectViewer"),
    ("bucket picks", "roles/storage.objectUser"),
}
INSERT = b"BEGIN; DELETE FROM `p.leadwerk.scores` WHERE TRUE; INSERT INTO `p.leadwerk.scores` (`day`) SELECT 1; COMMIT"
LOAD = b'{"configuration": {"load": {"destinationTable": {"datasetId": "leadwerk", "tableId": "leads"}}}}'


@pytest.mark.parametrize(
    ("method", "path", "body", "lacking"),
    [
        ("POST", "/bigquery/v2/projects/p/datasets/leadwerk/tables/scores/insertAll", b"", []),
        ("POST", "/bigquery/v2/projects/p/datasets/leadwerk/tables/leads/insertAll", b"", ["table leads"]),
        ("POST", "/bigquery/v2/projects/p/jobs", b"SELECT * FROM `p.leadwerk.leads`", []),
        ("POST", "/bigquery/v2/projects/p/jobs", b"SELECT * FROM `p.analytics_1.events_*`", ["dataset analytics_1"]),
        ("POST", "/bigquery/v2/projects/p/jobs", INSERT, []),
        ("POST", "/bigquery/v2/projects/p/jobs", INSERT.replace(b"scores", b"leads"), ["table leads"]),
        ("POST", "/upload/bigquery/v2/projects/p/jobs?uploadType=multipart", LOAD, ["table leads"]),
        ("GET", "/storage/v1/b/p-leadwerk-models/o/models%2Fm1", b"", []),
        ("POST", "/upload/storage/v1/b/p-leadwerk-models/o", b"", ["bucket models"]),
        ("POST", "/upload/storage/v1/b/p-leadwerk-picks/o", b"", []),
        ("GET", "/download/storage/v1/b/p-leadwerk-reports/o/x", b"", ["bucket reports"]),
    ],
)
def test_what_a_role_allows_passes(method: str, path: str, body: bytes, lacking: list[str]) -> None:
    assert Guard(GRANTS, "http://127.0.0.1:1").missing(method, path, body) == lacking
