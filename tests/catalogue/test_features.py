"""Feature catalogue: each entry once, worded in every language, and part of contract, facts and query by itself."""

from __future__ import annotations

from collections import Counter

import pytest

from leadwerk.catalogue.features import FEATURES, GROUPS, CatalogueEntry
from leadwerk.catalogue.languages import LANGUAGES
from leadwerk.features import contract as feature_contract
from leadwerk.policy import load
from leadwerk.texts.catalogue import has


def test_no_two_entries_share_a_column() -> None:
    columns = Counter(column for entry in FEATURES for column in entry.columns())
    assert [column for column, times in columns.items() if times > 1] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_group_has_a_label(language: str) -> None:
    assert sorted(group for group in GROUPS if not has(language, f"label.{group}")) == []


def test_a_new_entry_becomes_a_feature_of_the_contract(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = CatalogueEntry("clicks", "visits", is_windowed=True)
    monkeypatch.setattr(feature_contract, "FEATURES", (*FEATURES, entry))
    names = [feature.name for feature in feature_contract.contract(load("mortgage"))]
    assert set(entry.columns()) <= set(names)
