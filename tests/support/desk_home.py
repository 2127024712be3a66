"""A small home for the desk's browser tests: thirteen leads, people of each role, suggestions, the shipped policy."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import leadwerk
from leadwerk.serve import FunctionServers, desk_environment, serving
from support.selling import DAY, HOUR, NOW, POLICY, lead, outcome, score, touch, warehouse

Rows = Callable[[str], list[dict[str, Any]]]
"""Reads the rows of a table."""

PEOPLE = """
- {name: anna, roles: [seller], language: en}
- {name: beat, roles: [seller], language: en}
- {name: eva, roles: [manager, operator], language: en}
- {name: otto, roles: [operator], language: en}
- {name: dora, roles: [privacy], language: en}
"""
REASONS = [
    {
        "feature": "pricing_page",
        "contribution": 0.9,
        "text": "Dafür spricht: Preisseite",
        "facts": '{"de":"Preisseite: 4-mal in 30 Tagen","fr":"page des prix: 4 fois en 30 jours",'
        '"it":"pagina dei prezzi: 4 volte in 30 giorni","en":"pricing page: 4 times in 30 days"}',
    },
    {"feature": "source", "contribution": -0.03, "text": "Dagegen spricht: NOISE", "facts": None},
]


def suggestion(rule: str, before: int, after: int) -> dict[str, Any]:
    """A suggested number of the newest run (row of `suggestions`) for the shipped policy."""
    evidence = json.dumps({"low": after - 5.0, "high": after + 5.0})
    numbers = {"points_before": before, "points_after": after, "evidence": evidence}
    recorded = {"entry_id": rule, "recorded_at": NOW - DAY, "policy_version": POLICY.version}
    return {**recorded, "rule": rule, "state": "suggested", **numbers}


def filled_home(home: Path) -> Path:
    """A desk's home with thirteen leads, people of each role, and the shipped policy."""
    names = [f"l{number}" for number in range(13)]
    languages = ("de", "fr", "it", "en")
    warehouse(
        home,
        leads=[
            lead(name, created_at=NOW - number * DAY, recorded_at=NOW - number * DAY, language=languages[number % 4],
                 account_id="duo.ch" if name in ("l10", "l11") else f"a{number}.ch", employees=40 * number + 3)
            for number, name in enumerate(names)
        ],
        scores=[
            score(name, NOW - HOUR, predictive_score=95 - 2 * number, score_cluster="HOT" if number < 9 else "WARM",
                  probability=0.5 - number / 40, reasons=REASONS, decided_by=None)
            for number, name in enumerate(names)
        ],
        touchpoints=[touch(1, "l0", "webinar_attended", NOW - DAY)],
        outcomes=[outcome("l8", NOW - DAY, "contractsent", "open")],
        suggestions=[
            suggestion("more_than_50_employees", 50, 25), suggestion("target_industry", 20, 30),
            suggestion("points.bands.hot", 50, 15),
        ],
    )  # fmt: skip
    (home / "people.yaml").write_text(PEOPLE)
    policy = (Path(leadwerk.__file__).parent / "policy/defaults/b2b_swiss.yaml").read_text("utf-8")
    (home / "policy.yaml").write_text(policy)
    return home


@contextmanager
def served(home: Path) -> Iterator[FunctionServers]:
    """The desk of a home, five minutes after NOW."""
    environment = {"LEADWERK_CRM_LEAD_URL": "https://crm.example/leads/{lead_id}"}
    with serving(
        home, names=["desk"], crm=False, environment=desk_environment(NOW + timedelta(minutes=5)) | environment
    ) as servers:
        yield servers
