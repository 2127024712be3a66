"""What a status of the CRM means."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from leadwerk import policy

RULES = """
  - {status: Lost, reason: Duplicate, outcome: open}
  - {status: Lost, outcome: lost}
  - {status: Won, outcome: won}
"""


def with_rules() -> policy.Policy:
    """The shipped B2B policy with other outcome rules, and the stage that asks for a status with them."""
    shipped = (Path(policy.__file__).parent / "defaults" / "b2b_swiss.yaml").read_text("utf-8")
    before, _, rest = shipped.partition("outcomes:\n")
    rest = re.sub(r"statuses: \[.*\]", "statuses: [Won]", rest[rest.index("attributes:") :])
    return policy.parse(f"{before}outcomes:{RULES}{rest}")


@pytest.mark.parametrize(
    ("status", "outcome"),
    [("Neu", "open"), ("Prüfung", "open"), ("Genehmigung", "open"), ("Abgelehnt", "lost"), ("Ausbezahlt", "paid_out")],
)
def test_the_statuses_of_boma(status: str, outcome: str) -> None:
    assert policy.outcome_of(policy.load("mortgage"), status, "Unzureichendes Einkommen") == outcome


def test_case_space_and_encoding_do_not_matter() -> None:
    mortgage = policy.load("mortgage")
    assert {policy.outcome_of(mortgage, text) for text in ("PRÜFUNG", " prüfung\n", "Pru\u0308fung")} == {"open"}


def test_an_unknown_status_is_nothing_rather_than_a_guess() -> None:
    assert policy.outcome_of(policy.load("mortgage"), "Prüfung 2") is None
    assert policy.outcome_of(policy.load("mortgage"), "") is None


def test_a_reason_decides_before_the_rule_without() -> None:
    mine = with_rules()
    assert policy.outcome_of(mine, "lost", "DUPLICATE") == "open"
    assert policy.outcome_of(mine, "lost", "price") == "lost"
    assert policy.outcome_of(mine, "lost") == "lost"
