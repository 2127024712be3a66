"""Batches lose nothing, repeat nothing, and are as large as they may be."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from leadwerk.warehouse.batches import batches


@given(st.lists(st.integers()), st.integers(1, 8))
def test_put_together_they_are_the_items(items: list[int], size: int) -> None:
    assert [item for batch in batches(items, size) for item in batch] == items


@given(st.lists(st.integers(), min_size=1), st.integers(1, 8))
def test_all_but_the_last_are_full_and_none_is_empty(items: list[int], size: int) -> None:
    *full, last = batches(items, size)
    assert {len(batch) for batch in full} <= {size}
    assert 1 <= len(last) <= size


def test_of_nothing_there_are_none() -> None:
    assert list(batches([], 5)) == []


def test_a_size_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError):
        list(batches([1], 0))
