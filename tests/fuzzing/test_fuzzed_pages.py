"""Every page and form of the desk with hostile values: no answer of 500, no traceback, no script but the desk's.

LEADWERK_FUZZ_EXAMPLES sets how many requests each page gets.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, Phase, given, settings, strategies as st

from leadwerk.web.pages.desk_site import site
from leadwerk.web.pages.site import NAME, Page
from leadwerk.web.pages.upload import UploadForm
from support.page_forms import SMALL_FILE, FieldValues, lead_ids_of, upload_key, values_by_field
from support.signed_in_desk import SignedInDesk, faults_of, signed_in_desk

EXAMPLES = int(os.environ.get("LEADWERK_FUZZ_EXAMPLES", "40"))
COSTLY = {
    "/start/train": 200,
    "/rules/replay": 20,
    "/rules/suggestions/replay": 20,
    "/start/file/{key}/import": 10,
    "/start/file/{key}": 4,
}
"""Pages whose answer takes long: they get a share of the examples, one in so many."""

HOSTILE = (
    "<script>lw()</script>", "\"><img src=x onerror=lw()>", "'><svg/onload=lw()>", "</textarea><script>lw()</script>",
    "javascript:lw()", "//evil.example/x", "/\\evil.example", "https://evil.example", "\t//evil.example",
    "{{ 7 * 7 }}", "{% raw %}", "=cmd|'/C calc'!A0", "' OR 1=1 --", "`; DROP TABLE leads", "../../etc/passwd", "%00",
    "\x00", "\x1b]0;x\x07", "\r\nSet-Cookie: a=b", "\U0001f600" * 50, "\u202e", "9" * 400, "-1", "NaN", "1e400", "0",
    "9999-12-31", "0001-01-01", "2026-02-30", "2026-01-19T00:00:00+99:00", "x" * 5000, "(a|aa)+$", "[" * 2000,
    "&version; !!python/object:os.system", "null", "true", " ", "%s%n{0}", "Infinity",
)  # fmt: skip
"""Values that broke programs of others: scripts, addresses, templates, formulas, SQL, paths, controls, odd numbers."""

UPLOADS = (
    SMALL_FILE, b"", b"\x00" * 400, b"PK\x03\x04 no workbook", b"id,status\n1,won\n2,lost\n", b"[" * 5000, b"{\"a\": [",
    b"id;status\r\n" + b"\xff;\xfe\r\n" * 9, b"<table><tr><td><script>lw()</script></td></tr></table>", b"a" * 70_000,
    b"%PDF-1.7", b"\xef\xbb\xbf",
)  # fmt: skip


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SignedInDesk]:
    with signed_in_desk(tmp_path_factory.mktemp("home")) as desk:
        yield desk


@pytest.fixture(scope="module")
def present(desk: SignedInDesk) -> dict[str, list[str]]:
    """By name of a part of a path, what the home has of it, so that requests get past the door."""
    names = {"name": ["calls", "quality"], "account_id": ["a1.ch"]}
    return {**names, "lead_id": lead_ids_of(desk), "key": [upload_key(desk)]}


@pytest.fixture(scope="module")
def values(desk: SignedInDesk) -> FieldValues:
    return values_by_field(desk)


@pytest.mark.slow
@pytest.mark.parametrize("page", site.pages, ids=lambda page: f"{page.method} {page.path}")
def test_no_value_breaks_a_page(
    page: Page, desk: SignedInDesk, present: dict[str, list[str]], values: FieldValues
) -> None:
    field_values = values.of(page)
    hostile = st.sampled_from(HOSTILE) | st.text(st.characters(codec="utf-8"), max_size=30)
    lead_ids = st.sampled_from(present["lead_id"])

    def value_of(name: str) -> st.SearchStrategy[str]:
        usual = [*field_values.get(name, []), *values.by_name.get(name, []), "1"]
        return st.one_of(hostile, st.sampled_from(sorted(set(usual))), lead_ids)

    possible = {name: value_of(name) for name in sorted(field_values)} | {"said": hostile}
    fields = st.fixed_dictionaries({}, optional=possible)
    # A path with a line break never reaches the function: the framework answers it, in words that repeat nothing.
    one_line = hostile.filter(lambda value: "\n" not in value)
    parts = {name: st.sampled_from(present[name]) | one_line for name in NAME.findall(page.path)}
    uploads = st.tuples(hostile, st.sampled_from(UPLOADS) | st.binary(max_size=300))

    @settings(
        max_examples=max(1, EXAMPLES // COSTLY.get(page.path, 1)),
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.explicit, Phase.generate],
    )
    @given(fields=fields, parts=st.fixed_dictionaries(parts), upload=uploads)
    def send(fields: dict[str, str], parts: dict[str, str], upload: tuple[str, bytes]) -> None:
        path = page.path
        for name, value in parts.items():
            path = path.replace(f"{{{name}}}", quote(value, safe=""))
        answer = desk.send(page.method, path, fields, upload if page.form is UploadForm else None)
        assert faults_of(answer) == [], (page.method, path, fields, answer.text[:2000])

    send()
