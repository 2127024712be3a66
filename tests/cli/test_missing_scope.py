"""A key of HubSpot without the scope of e-mails: the rest is read, and each command names what is missing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from leadwerk.cli.application import run
from support.crm_subjects import SUBJECTS
from support.standins.frame import START, TOKEN, SellerActivity, serving

SCOPE = "the scope sales-email-read"


@pytest.fixture
def hubspot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    subject = SUBJECTS["hubspot"]()
    with serving(subject.standin) as standin:
        subject.create_fields()
        lead = standin.add(1, kind="won")
        standin.activities = [SellerActivity("1", lead, "call", START, START)]
        standin.withheld = lambda call: "/emails" in call.path
        environment = {
            "LEADWERK_HOME": str(tmp_path), "LEADWERK_POLICY": "b2b_swiss", "LEADWERK_CRM": "hubspot",
            "LEADWERK_CRM_URL": standin.url, "LEADWERK_CRM_TOKEN": TOKEN, "LEADWERK_CRM_PER_SECOND": "1000",
            "LEADWERK_NOW": (START + timedelta(days=1)).isoformat(),
        }  # fmt: skip
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        yield


@pytest.mark.slow
def test_what_the_scopes_allow_is_read_and_the_missing_one_is_named(
    hubspot: None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["ingest", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["leads"] > 0, report["outcomes"], report["touchpoints"]) == (True, 1, 1)
    assert report["unread"] == {"emails": f"no touchpoints email and email_reply; needs {SCOPE}"}
    assert run(["ingest"]) == 0
    assert "emails" in capsys.readouterr().out
    assert run(["crm", "check", "--json"]) == 0
    checks = json.loads(capsys.readouterr().out)["checks"]
    (reading,) = [check for check in checks if check["subject"] == "reading"]
    assert (reading["problem"], SCOPE in reading["remedy"]) == (
        "no touchpoints email and email_reply, because emails cannot be read",
        True,
    )
    run(["doctor", "--json"])
    assert "emails cannot be read" in capsys.readouterr().out
