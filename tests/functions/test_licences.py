"""What is deployed may be used in any company: no strong copyleft, and the page of licences is up to date."""

from __future__ import annotations

import pytest

from tools import licences
from tools.licences import Deployed


def test_nothing_deployed_is_under_strong_copyleft() -> None:
    assert [part for part in licences.deployed() if part.is_strong_copyleft or part.licence == "not stated"] == []


def test_the_page_lists_what_is_deployed() -> None:
    assert licences.TARGET.read_text("utf-8") == licences.page(), "run `make generate`"


@pytest.mark.parametrize(
    ("licence", "binds"),
    [
        ("GPL-3.0-or-later", True),
        ("GNU Affero General Public License v3", True),
        ("MPL-2.0", False),
        ("LGPL-2.1", False),
    ],
)
def test_strong_copyleft_is_recognised(licence: str, binds: bool) -> None:
    assert Deployed("x", "1", licence).is_strong_copyleft is binds
