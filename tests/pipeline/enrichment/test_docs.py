"""docs/enrichment.md: its sections are read, its rule too, and the numbers it names are the code's."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from leadwerk import policy
from leadwerk.pipeline.enrichment import language_model, provider_http, stage, zefix
from leadwerk.policy.load import shipped_text

DOCS = (Path(__file__).parents[3] / "docs" / "enrichment.md").read_text(encoding="utf-8")
ADDED = """
attributes:
  - {name: legal_form, kind: category, labels: {de: a, fr: a, it: a, en: a}}
  - {name: seat, kind: category, labels: {de: a, fr: a, it: a, en: a}}
  - {name: company, kind: category, labels: {de: a, fr: a, it: a, en: a}}
  - {name: uid, kind: category, labels: {de: a, fr: a, it: a, en: a}}
"""


def examples() -> list[str]:
    return re.findall(r"```yaml\n(.*?)```", DOCS, re.DOTALL)


def with_section(section: str) -> policy.Policy:
    document = yaml.safe_load(shipped_text("b2b_swiss"))
    document["attributes"] += yaml.safe_load(ADDED)["attributes"]
    return policy.parse(yaml.safe_dump(document | yaml.safe_load(section), allow_unicode=True))


def test_its_sections_are_read() -> None:
    facts, _, providers = examples()
    assert [fact.question for fact in with_section(facts).enrichment.facts] == [
        "employees", "industry", "legal_form", "canton",
    ]  # fmt: skip
    assert [provider.name for provider in with_section(providers).enrichment.providers] == ["zefix", "gemini"]


def test_its_rule_is_a_rule() -> None:
    document = yaml.safe_load(shipped_text("b2b_swiss"))
    [rule] = yaml.safe_load(examples()[1])
    rule["group"] = next(group["name"] for group in document["points"]["groups"] if group["score"] == "fit")
    rule["labels"] = dict.fromkeys(("de", "fr", "it", "en"), "a")
    document["points"]["rules"].append(rule)
    last = policy.parse(yaml.safe_dump(document, allow_unicode=True)).points.rules[-1]
    assert last.when.keys() == {"employees", "company_confidence"}


def test_its_numbers_are_the_codes() -> None:
    for number in (zefix.BY_UID, zefix.BY_NAME, zefix.BY_DOMAIN, language_model.MOST_CERTAIN):
        assert f"{number}" in DOCS
    assert f"{provider_http.LONGEST_ANSWER // 1024} KiB" in DOCS
    assert stage.UNAVAILABLE_IN_A_ROW == 5 and "five failures in a row" in DOCS
