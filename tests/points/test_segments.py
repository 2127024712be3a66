"""Who belongs to which segment: the first that fits, alone as among many, and nobody by what is not known."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st

from leadwerk import policy
from leadwerk.points.segments import NO_SEGMENT, SegmentDefinition, Segments
from leadwerk.policy.model import Attribute, Segment
from leadwerk.policy.points import Condition

MORTGAGE = policy.load("mortgage")
SEGMENTS = Segments(
    MORTGAGE,
    (
        SegmentDefinition("rich_zurich", {"region": Condition(any_of=("CH-ZH",)), "income": Condition(above=150_000)}),
        SegmentDefinition("zurich", {"region": Condition(any_of=("ch-zh",))}, model="model.ubj"),
        SegmentDefinition("curious", {"rates_page_events_7d": Condition(at_least=3)}),
    ),
)
leads = st.fixed_dictionaries(
    {},
    optional={
        "region": st.sampled_from(["CH-ZH", "CH-BE", "", None]),
        "income": st.one_of(st.none(), st.just(float("nan")), st.floats(100_000, 200_000)),
        "rates_page_events_7d": st.one_of(st.none(), st.integers(0, 5)),
    },
)


def by_hand(lead: dict[str, Any]) -> int:
    zurich = lead.get("region") == "CH-ZH"
    return next(
        place
        for place, is_member in enumerate(
            (zurich and (lead.get("income") or 0) > 150_000, zurich, (lead.get("rates_page_events_7d") or 0) >= 3, True)
        )
        if is_member
    )


@given(rows=st.lists(leads, min_size=1, max_size=8))
def test_everybody_is_in_the_first_segment_that_fits_alone_as_among_others(rows: list[dict[str, Any]]) -> None:
    expected = [place if (place := by_hand(row)) < 3 else NO_SEGMENT for row in rows]
    assert SEGMENTS.places_of_rows(rows).tolist() == expected
    assert [SEGMENTS.places_of_rows([row]).tolist() for row in rows] == [[place] for place in expected]


@given(rows=st.lists(leads, min_size=1, max_size=8))
def test_columns_of_training_say_what_rows_of_scoring_say(rows: list[dict[str, Any]]) -> None:
    named = {name: [row.get(name) for row in rows] for name in ("region", "income", "rates_page_events_7d")}
    text_columns = {"region": np.array(named["region"], dtype=object)}
    numbers = {name: np.array(named[name], dtype=np.float64) for name in ("income", "rates_page_events_7d")}
    expected = SEGMENTS.places_of_rows(rows).tolist()
    assert SEGMENTS.segment_index(text_columns | numbers, len(rows)).tolist() == expected
    frame = pd.DataFrame(named).astype({"income": "Float64", "rates_page_events_7d": "Int64"})
    assert SEGMENTS.segment_index({str(name): frame[name] for name in frame}, len(rows)).tolist() == expected


def test_only_the_columns_that_are_asked_for_are_read() -> None:
    assert SEGMENTS.columns() == {"region", "income", "rates_page_events_7d"}


def test_an_attribute_of_the_policy_is_found_in_its_own_column() -> None:
    with_floors = msgspec.structs.replace(MORTGAGE, attributes=(Attribute(name="floors", kind="number"),))
    segments = Segments(with_floors, (SegmentDefinition("towers", {"floors": Condition(at_least=10)}),))
    assert segments.columns() == {"attribute_floors"}
    assert segments.places_of_rows([{"attribute_floors": 12.0}, {"attribute_floors": 2.0}]).tolist() == [0, NO_SEGMENT]


def test_definitions_are_written_and_read_without_loss() -> None:
    assert Segments.from_json(SEGMENTS.to_json(), MORTGAGE) == SEGMENTS


def test_the_segments_of_a_policy_keep_their_order_and_have_no_models_yet() -> None:
    two = tuple(Segment(name=name, when={"income": Condition(above=1)}) for name in ("b", "a"))
    definitions = Segments.of(msgspec.structs.replace(MORTGAGE, segments=two)).definitions
    assert [(definition.name, definition.model) for definition in definitions] == [("b", None), ("a", None)]


@pytest.mark.parametrize("size", [0, 2])
def test_without_any_column_nobody_is_in_a_segment(size: int) -> None:
    assert SEGMENTS.segment_index({}, size).tolist() == [NO_SEGMENT] * size
