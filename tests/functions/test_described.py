"""Requests are read with the patience that the fields of a form enjoy."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
import pytest
from msgspec import Meta

from leadwerk.web.described import described


class Item(msgspec.Struct, forbid_unknown_fields=True):
    lead_id: str | int | None = None
    share: float | None = None


class Body(msgspec.Struct, forbid_unknown_fields=True):
    name: Annotated[str, Meta(min_length=1)] | None = None
    dry_run: bool = False
    rescore: bool | Literal["closed", "left"] = False
    limit: Annotated[int, Meta(ge=1)] | None = None
    now: datetime | None = None
    form: dict[str, Any] | None = None
    item: Item | None = None
    items: list[Item] | None = None


@pytest.mark.parametrize("name", ["name", "limit", "now", "form", "item", "items", "dry_run"])
@pytest.mark.parametrize("blank", ["", "  ", None, []])
def test_what_is_blank_is_not_said(name: str, blank: Any) -> None:
    assert described({name: blank}, Body) == Body()


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ({"dry_run": "true"}, Body(dry_run=True)),
        ({"dry_run": 1}, Body(dry_run=True)),
        ({"dry_run": "nein"}, Body(dry_run=False)),
        ({"dry_run": [True]}, Body(dry_run=True)),
        ({"rescore": "closed"}, Body(rescore="closed")),
        ({"rescore": "1"}, Body(rescore=True)),
        ({"limit": "20"}, Body(limit=20)),
        ({"limit": ["20"]}, Body(limit=20)),
        ({"form": '{"income": "90000"}'}, Body(form={"income": "90000"})),
        ({"form": {"choice": ["a"], "text": ""}}, Body(form={"choice": ["a"], "text": ""})),
        ({"item": {"lead_id": 7, "share": "0.5"}}, Body(item=Item(lead_id=7, share=0.5))),
        ({"item": '{"lead_id": "7"}'}, Body(item=Item(lead_id="7"))),
        ({"items": '[{"lead_id": "7"}]'}, Body(items=[Item(lead_id="7")])),
        ({"items": [{"lead_id": "", "share": 1}]}, Body(items=[Item(share=1.0)])),
        ({"name": "7"}, Body(name="7")),
    ],
)
def test_tools_write_values_as_they_like(sent: dict[str, Any], expected: Body) -> None:
    assert described(sent, Body) == expected


@pytest.mark.parametrize(
    "sent",
    [
        {"dry_run": "maybe"},
        {"limit": "many"},
        {"limit": True},
        {"limit": ["1", "2"]},
        {"form": "words"},
        {"form": "[1]"},
        {"item": {"lead_id": True}},
        {"items": [None]},
        {"item": "[" * 3000},
        {"items": '{"a":' * 3000},
        {"unknown": ""},
        [],
        None,
    ],
)
def test_patience_ends_where_a_value_would_be_guessed(sent: Any) -> None:
    with pytest.raises(msgspec.ValidationError):
        described(sent, Body)
