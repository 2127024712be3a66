"""Feature catalogue: each entry once, worded in every language, and part of contract, facts and query by itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from leadwerk.catalogue.features import FEATURES, GROUPS, signal_columns
from leadwerk.catalogue.languages import LANGUAGES
from leadwerk.pipeline.leads.features import features_statement
from leadwerk.policy import load
from leadwerk.texts.catalogue import has
from sql.reference import analyse


def test_no_two_entries_share_a_column() -> None:
    columns = Counter(column for entry in FEATURES for column in entry.columns())
    assert [column for column, times in columns.items() if times > 1] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_group_has_a_label(language: str) -> None:
    assert sorted(group for group in GROUPS if not has(language, f"label.{group}")) == []


@pytest.mark.slow
def test_the_query_has_the_columns_of_every_entry_and_no_other() -> None:
    policy = load("mortgage")
    added = {column for signal in policy.signals for column in signal_columns(signal.name)}
    added |= {f"attribute_{attribute.name}" for attribute in policy.attributes}
    keys = {"lead_id", "as_of", "created_at", "account_id", "person_key"}
    columns = set(analyse(features_statement(policy))) - added - keys
    assert columns == {column for entry in FEATURES for column in entry.columns()}


WITH_ONE_ENTRY_MORE = """
import json, sys
from pathlib import Path

from leadwerk.catalogue import features as catalogue

entry = catalogue.CatalogueEntry(
    "loan_to_income", "income", value_range=catalogue.ValueRange(0, 50, "policy.range.share"),
    ratio=catalogue.Ratio("loan_amount", "income"),
)
catalogue.FEATURES = (*catalogue.FEATURES, entry)

from leadwerk.errors import PolicyError
from leadwerk.features.contract import contract
from leadwerk.pipeline.leads.features import features_statement, scoring_parameters
from leadwerk.pipeline.score_file import _ratios
from leadwerk.policy.facts import fact_named
from leadwerk.policy.load import parse, shipped_text
from leadwerk.texts.facts import label
from support import example_leads
import numpy as np

LABELS = "{de: Verschuldet, fr: Endett\u00e9, it: Indebitato, en: In debt}"
text = shipped_text("mortgage")
policy = parse(text)
warehouse = example_leads.warehouse(Path(sys.argv[1]))
parameters = scoring_parameters(policy, ["1"], [], example_leads.NOW)
[row] = warehouse.rows(features_statement(policy), parameters)
amounts = {"loan_amount": 600_000.0, "property_value": 900_000.0, "income": 150_000.0, "instalment": 1_500.0}
in_file = _ratios({name: np.array([amount]) for name, amount in amounts.items()})
group = policy.points.groups[0].name
rule = "    - {name: deep_in_debt, group: GROUP, points: -5, labels: LABELS, when: {loan_to_income: {above: 80}}}"
try:
    rule = rule.replace("GROUP", group).replace("LABELS", LABELS)
    parse(text.replace("  rules:\\n", "  rules:\\n" + rule + "\\n", 1))
    problem = ""
except PolicyError as error:
    problem = str(error)
print(json.dumps({
    "contract": [feature.name for feature in contract(policy)],
    "fact": fact_named(policy, "loan_to_income").column,
    "value": row["loan_to_income"],
    "in_file": in_file["loan_to_income"].tolist(),
    "labels": [label(policy, language, entry.group) for language in ("de", "fr", "it", "en")],
    "problem": problem,
}))
"""


@pytest.mark.slow
def test_one_entry_more_is_a_whole_feature(tmp_path: Path) -> None:
    """To add a feature, add one entry: contract, rules, query, files and labels follow from it."""
    command = [sys.executable, "-c", WITH_ONE_ENTRY_MORE, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=_environment())
    assert done.returncode == 0, done.stderr
    feature = json.loads(done.stdout)
    assert "loan_to_income" in feature["contract"]
    assert (feature["fact"], feature["value"], feature["in_file"]) == ("loan_to_income", 4.0, [4.0])
    assert len(set(feature["labels"])) == len(LANGUAGES)
    assert "`loan_to_income` is never above 80" in feature["problem"]
    assert "A share is written as 0.8, not as 80." in feature["problem"]


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
