"""docs/formats.md: every example in its tables is what comes out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from leadwerk.lead import parse_amount, parse_date, parse_phone, parse_postcode, region_of

DOCS = (Path(__file__).parents[2] / "docs" / "formats.md").read_text("utf-8")


def examples(chapter: str) -> list[tuple[str, str]]:
    section = DOCS.split(f"## {chapter}\n")[1].split("\n## ")[0]
    return re.findall(r"^\| `(.+)` \| (.+) \|$", section, re.MULTILINE)


@pytest.mark.parametrize(("written", "understood"), examples("Amounts"))
def test_amounts(written: str, understood: str) -> None:
    assert parse_amount(written) == float(understood)


@pytest.mark.parametrize(("written", "understood"), examples("Days and times"))
def test_days(written: str, understood: str) -> None:
    assert parse_date(written).isoformat() == understood


@pytest.mark.parametrize(("written", "understood"), examples("Telephone numbers"))
def test_telephone_numbers(written: str, understood: str) -> None:
    assert parse_phone(written) == understood


@pytest.mark.parametrize(("written", "understood"), examples("Postcodes"))
def test_postcodes(written: str, understood: str) -> None:
    assert region_of(*parse_postcode(written)) == understood
