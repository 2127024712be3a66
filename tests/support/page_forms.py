"""What the desk's pages and forms take: names of their fields, values that occur, and records that are there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec
from msgspec import inspect

from leadwerk.web.pages.desk_site import site
from leadwerk.web.pages.site import FreeForm, Page
from support.signed_in_desk import PageReader, SignedInDesk

SMALL_FILE = b"lead,<script>lw()</script>\n" + b"".join(b"%d,=1+1\n" % number for number in range(60))


@dataclass(frozen=True)
class FieldValues:
    """By name, the values that fields of the desk's own pages have."""

    by_name: Mapping[str, list[str]]

    def of(self, page: Page) -> Mapping[str, list[str]]:
        """By name of a field of `page`, its possible values as far as they can be listed."""
        return self.by_name if page.form is FreeForm else _fields_of(page.form)


def values_by_field(desk: SignedInDesk) -> FieldValues:
    """Read every page without a name in its path, and collect what its forms offer."""
    values: dict[str, list[str]] = {}
    for page in site.pages:
        if page.method == "GET" and "{" not in page.path:
            reader = PageReader()
            reader.feed(desk.send("GET", page.path, {}).text)
            for name, value in reader.fields.items():
                values.setdefault(name, []).append(value)
    return FieldValues(values)


def lead_ids_of(desk: SignedInDesk) -> list[str]:
    """Some leads of the list of calls."""
    listed = desk.send("GET", "/calls", {"list": "all"}).text
    leads = sorted({*re.findall(r'"/calls/(\w+)["?]', listed)})
    assert len(leads) >= 3
    return leads[:5]


def upload_key(desk: SignedInDesk) -> str:
    """The key of a file that was just uploaded."""
    upload = desk.send("POST", "/start/file", {}, ("leads.csv", SMALL_FILE))
    key = upload.headers["Location"].rpartition("/")[2]
    assert key
    return key


def _fields_of(form: type[msgspec.Struct]) -> dict[str, list[str]]:
    described = inspect.type_info(form)
    assert isinstance(described, inspect.StructType)
    return {part.name: _literals(part.type) for part in described.fields}


def _literals(kind: inspect.Type) -> list[str]:
    if isinstance(kind, inspect.UnionType):
        return [value for part in kind.types for value in _literals(part)]
    return [str(value) for value in kind.values] if isinstance(kind, inspect.LiteralType) else []
