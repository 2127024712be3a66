"""Times are read once a column, in the same way as a single one."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, strategies as st

from leadwerk.importing.text_column import TextColumn
from leadwerk.importing.time_column import form_of, moments_of, order_evidence
from leadwerk.lead.timestamps import parse_moment

FORMS = ("%d.%m.%Y %H:%M", "%Y-%m-%d %H:%M:%S", "%d/%m/%Y", "%Y-%m-%dT%H:%M", "%d-%m-%Y, %H:%M:%S", "%d. %B %Y %H:%M")
walls = st.datetimes(datetime(1990, 1, 1), datetime(2060, 1, 1))  # noqa: DTZ001  what a clock on the wall shows


@given(st.lists(walls, min_size=1, max_size=8), st.sampled_from(FORMS), st.sampled_from(["UTC", "Europe/Zurich"]))
def test_a_column_is_read_like_its_single_values(moments: list[datetime], form: str, zone: str) -> None:
    texts = [moment.strftime(form) for moment in moments]
    column = TextColumn.from_texts(texts)
    read = moments_of(column, "text", "dmy", zone)[column.codes]
    assert [moment.item().replace(tzinfo=UTC) for moment in read] == [parse_moment(text, zone) for text in texts]


@given(walls)
def test_month_first_with_am_and_pm(moment: datetime) -> None:
    text = moment.strftime("%m/%d/%Y %I:%M %p")
    read = moments_of(TextColumn.from_texts([text]), "text", "mdy", "UTC")[0]
    assert read.item() == moment.replace(second=0, microsecond=0)


@pytest.mark.parametrize(
    ("text", "form", "expected"),
    [
        ("45663", "serial", "2025-01-06T00:00:00"),
        ("45663,66875", "serial", "2025-01-06T16:03:00"),
        ("1736179380", "seconds", "2025-01-06T16:03:00"),
        ("1736179380000", "milliseconds", "2025-01-06T16:03:00"),
        ("1736179380000000", "microseconds", "2025-01-06T16:03:00"),
        ("20250106", "text", "2025-01-06T00:00:00"),
    ],
)
def test_numbers_that_are_times(text: str, form: str, expected: str) -> None:
    column = TextColumn.from_texts([text])
    assert form_of(column) == form
    assert str(moments_of(column, form, "dmy", "UTC")[0])[:19] == expected  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["29.03.2026 02:30", "25.10.2026 02:30", "25.10.2026 03:00"])
def test_the_nights_of_the_clock_change_are_read_like_single_times(text: str) -> None:
    read = moments_of(TextColumn.from_texts([text]), "text", "dmy", "Europe/Zurich")[0].item()
    wall = datetime.strptime(text, "%d.%m.%Y %H:%M").replace(tzinfo=ZoneInfo("Europe/Zurich"))
    assert read.replace(tzinfo=UTC) == wall.astimezone(UTC)


@pytest.mark.parametrize("text", ["30.02.2026", "32.1.2026", "1.13.2026", "1.1.2026 25:00", "13:00 PM 1/1/2026", "x"])
def test_times_that_do_not_exist_are_none(text: str) -> None:
    assert np.isnat(moments_of(TextColumn.from_texts([text]), "text", "dmy", "UTC")[0])


@pytest.mark.parametrize(
    ("texts", "order"),
    [(["1/6/2025", "1/31/2025"], "mdy"), (["1/6/2025", "31/1/2025"], "dmy"), (["1.6.2025", "2.3.2025"], "dmy"),
     (["1/6/2025", "2/3/2025"], None)],
)  # fmt: skip
def test_a_column_proves_whether_the_day_comes_first(texts: list[str], order: str | None) -> None:
    evidence = order_evidence(TextColumn.from_texts(texts))
    assert (evidence.certain, evidence.is_unclear) == (order, order is None)
