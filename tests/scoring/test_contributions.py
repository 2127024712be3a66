"""Whatever way contributions are summed, nothing is lost and nothing is added."""

from __future__ import annotations

import numpy as np
from hypothesis import given, strategies as st

from leadwerk.scoring.contributions import by_group, sum_columns

values = st.floats(-10, 10, allow_subnormal=False)
attributed = st.lists(st.tuples(values, st.sampled_from("abc")), min_size=1, max_size=12)


@given(attributed)
def test_columns_sum_to_their_owners(columns):
    owners = ["abc".index(owner) for _, owner in columns]
    [totals] = sum_columns([[value for value, _ in columns]], owners, 3)
    for index, owner in enumerate("abc"):
        assert np.isclose(totals[index], sum(value for value, group in columns if group == owner))


@given(attributed)
def test_groups_sum_to_all_and_come_by_size(features):
    [contributions] = by_group([[value for value, _ in features]], [group for _, group in features])
    assert np.isclose(sum(contribution.log_odds for contribution in contributions), sum(value for value, _ in features))
    assert [
        contribution.group for contribution in sorted(contributions, key=lambda contribution: contribution.group)
    ] == sorted({group for _, group in features})
    sizes = [abs(contribution.log_odds) for contribution in contributions]
    assert sizes == sorted(sizes, reverse=True)


@given(attributed, st.integers(2, 5))
def test_a_row_among_others_sums_to_what_it_sums_to_alone(columns, count):
    owners = ["abc".index(owner) for _, owner in columns]
    rows = [[value / place for value, _ in columns] for place in range(1, count + 1)]
    assert sum_columns(rows, owners, 3).tolist() == [sum_columns([row], owners, 3)[0].tolist() for row in rows]


def test_equal_groups_come_in_the_order_of_their_names():
    [contributions] = by_group([[1.0, -1.0]], groups=["zebra", "ant"])
    assert [contribution.group for contribution in contributions] == ["ant", "zebra"]


def test_each_row_is_explained_by_itself():
    [first, other] = by_group([[1.0, 2.0], [0.0, -3.0]], groups=["a", "b"])
    assert [(c.group, c.log_odds) for c in first] == [("b", 2.0), ("a", 1.0)]
    assert [(c.group, c.log_odds) for c in other] == [("b", -3.0), ("a", 0.0)]
