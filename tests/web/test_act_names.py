"""Each act that the audit trail can hold has a name in every language."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

import leadwerk
from leadwerk.catalogue.languages import LANGUAGES
from leadwerk.policy.load import load
from leadwerk.report.wording import Wording
from leadwerk.texts import has
from leadwerk.web.pages.act_names import act_name
from support.selling import NOW

PACKAGE = Path(leadwerk.__file__).parent
STATES = {
    "suggestions": ("suggested", "accepted", "declined"),
    "erasures": ("begun", "completed"),
    "workflow_actions": ("pending", "sent", "retry", "dead_letter"),
    "deliveries": ("sent", "same", "retry", "repair", "dead_letter"),
    "policy_changes": ("publish", "revert"),
    "picks": ("picked", "released", "expired"),
}
"""States and kinds as the schemas of these tables describe them."""


def recorded_acts() -> set[str]:
    """Of each table that the trail reads; those of audit_log as its schema lists them."""
    acts = set()
    for part in (PACKAGE / "warehouse/tables/audit/trail.sql").read_text("utf-8").split("UNION ALL"):
        [source] = re.findall(r"'(\w+)' AS source", part)
        [action] = re.findall(r"actor,\s+(.*?)(?: AS action)?,\n", part)
        prefix = re.findall(r"CONCAT\('(\w+)', state\)", action)
        stated = [name for name in re.findall(r"'(\w+)'", action) if name not in prefix]
        acts.update(stated or {"".join(prefix) + state for state in STATES.get(source, ())})
    schema = msgspec.json.decode((PACKAGE / "warehouse/tables/audit_log/schema.json").read_bytes())
    [described] = [field["description"] for field in schema["fields"] if field["name"] == "action"]
    return acts | set(described.rstrip(".").split(", "))


def test_every_act_has_a_name() -> None:
    acts = recorded_acts()
    assert len(acts) > 35
    assert {act for act in acts for language in LANGUAGES if not has(language, f"page.act.{act}")} == set()


@pytest.mark.parametrize(("action", "name"), [("threshold_hold", "Schwelle festgehalten"), ("of_2031", "of_2031")])
def test_an_act_is_named_in_the_readers_language(action: str, name: str) -> None:
    assert act_name(Wording(load("b2b_swiss"), "de", NOW), action) == name
