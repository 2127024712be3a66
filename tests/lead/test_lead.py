"""From a raw record to a version of a lead: right values stay, wrong ones are reported, persons are not stored."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, strategies as st

import leadwerk
from leadwerk import policy
from leadwerk.lead import Rejection, identity_rows, lead_version
from leadwerk.lead.lead import NAMES
from leadwerk.lead.rejection import Unreadable
from leadwerk.pipeline.case_rows import rejection_row
from leadwerk.policy.text_classes import class_of
from leadwerk.warehouse.schema import STORED_AT

MORTGAGE, B2B = policy.load("mortgage"), policy.load("b2b_swiss")
NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
TABLES = Path(leadwerk.__file__).parent / "warehouse" / "tables"

FORM = {
    "lead_id": "102938",
    "created_at": "2026-01-04T10:00:00+01:00",
    "email": "Anna.Muster@bluewin.ch",
    "phone": "079 123 45 67",
    "postcode": "CH-8001",
    "country": "Schweiz",
    "language": "de-CH",
    "channel": "form",
    "loan_amount": "450'000",
    "property_value": "CHF 1'000'000.–",
    "yearly_income": "150 000",
    "monthly_instalment": 1500,
    "ga_client_id": "GA1.1.123.456",
    "web_consent": True,
}


def version(raw: dict[str, Any], mine: policy.Policy = MORTGAGE, secret: str = "s3cret") -> tuple[Any, list[Rejection]]:
    return lead_version(raw, policy=mine, recorded_at=NOW, event_id="e1", person_key=secret)


def columns(table: str) -> dict[str, dict[str, Any]]:
    fields = json.loads((TABLES / table / "schema.json").read_text("utf-8"))["fields"]
    return {field["name"]: field for field in fields}


def test_a_complete_form() -> None:
    row, rejections = version(FORM)
    assert rejections == []
    key = row.pop("person_key")
    assert len(key) == 64
    assert row == {
        "event_id": "e1",
        "lead_id": "102938",
        "recorded_at": NOW,
        "created_at": datetime(2026, 1, 4, 9, tzinfo=UTC),
        "web_consent": True,
        "language": "de",
        "country": "CH",
        "region": "CH-ZH",
        "postcode": "8001",
        "email_domain_kind": "freemail",
        "channel": "form",
        "loan_amount": 450000.0,
        "property_value": 1000000.0,
        "income": 150000.0,
        "instalment": 1500.0,
        "account_id": None,
        "job_title": None,
        "industry": None,
        "employees": None,
        "revenue": None,
        "unsubscribed": None,
        "crm_owner": None,
        "attributes": [],
    }


def test_rows_have_the_tables_columns_but_the_moment_that_the_warehouse_stamps() -> None:
    assert set(version(FORM)[0]) == set(columns("leads")) - {STORED_AT, "record_state", "merged_into"}
    rows, _ = identity_rows(FORM, policy=MORTGAGE, recorded_at=NOW)
    assert set(rows[0]) == set(columns("identities")) - {STORED_AT}
    rejected = rejection_row(Rejection("f", None, "r", "m"), "boma.cases", "7", NOW)
    assert {*rejected.__struct_fields__} == set(columns("rejections"))


def test_what_tables_say_for_nothing_is_nothing() -> None:
    row, rejections = version({**FORM, "loan_amount": math.nan, "language": " ", "channel": "", "employees": []})
    assert (row["loan_amount"], row["language"], row["channel"], rejections) == (None, None, None, [])


def test_a_bare_lead_is_a_lead() -> None:
    row, rejections = version({"lead_id": 7, "created_at": "2026-01-04T10:00:00Z"})
    assert rejections == []
    assert row["lead_id"] == "7"
    assert row["web_consent"] is False
    assert {name for name, field in columns("leads").items() if field["mode"] == "REQUIRED"} <= {
        name for name, value in row.items() if value is not None
    }


@pytest.mark.parametrize(
    ("form", "account"),
    [
        ({"account_id": 4711, "email": "anna@muster-ag.ch"}, "4711"),
        ({"company_id": "hubspot-9"}, "hubspot-9"),
        ({"email": " Anna.Muster@Muster-AG.ch "}, "muster-ag.ch"),
        ({"email": "anna@bluewin.ch"}, None),
        ({"email": "anna@gmail.com"}, None),
        ({"email": "anna@student.ethz.ch"}, None),
        ({"email": "anna(at)muster-ag.ch"}, None),
        ({}, None),
    ],
)
def test_the_account_is_the_crms_company_or_the_domain_that_colleagues_share(form: dict, account: str | None) -> None:
    row, _ = version({**FORM, "email": None, **form})
    assert row["account_id"] == account


def test_an_account_id_that_is_none_costs_itself_only() -> None:
    row, rejections = version({**FORM, "account_id": ["a", "b"], "email": "anna@muster-ag.ch"})
    assert (row["account_id"], [rejection.field for rejection in rejections]) == ("muster-ag.ch", ["account_id"])


@pytest.mark.parametrize("field", ["lead_id", "created_at"])
def test_without_id_or_time_there_is_no_lead(field: str) -> None:
    row, rejections = version({**FORM, field: None})
    assert row is None
    assert [rejection.field for rejection in rejections] == [field]
    assert "missing" in rejections[0].reason and rejections[0].remedy


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("language", "klingonisch"),
        ("postcode", "abc"),
        ("loan_amount", "viel"),
        ("loan_amount", -1),
        ("property_value", True),
        ("yearly_income", [1, 2]),
        ("monthly_instalment", {"a": 1}),
        ("employees", "2.5"),
        ("revenue", "n/a"),
        ("channel", ["form", "web"]),
        ("web_consent", "vielleicht"),
    ],
)
def test_one_wrong_field_costs_that_field_not_the_lead(field: str, value: object) -> None:
    row, rejections = version({**FORM, field: value})
    column = {alias: name for name, aliases in NAMES.items() for alias in aliases}[field]
    assert [rejection.field for rejection in rejections] == [column]
    assert rejections[0].value is not None and rejections[0].remedy
    assert row["lead_id"] == "102938"
    assert row[column] in (None, False)


def test_a_country_we_cannot_read_is_not_taken_for_our_own() -> None:
    row, rejections = version({**FORM, "country": "Atlantis", "postcode": "1012"})
    assert (row["country"], row["region"], row["postcode"]) == (None, None, None)
    assert [rejection.field for rejection in rejections] == ["country", "postcode"]


def test_a_canton_or_an_address_says_where_a_lead_is() -> None:
    plain = {name: value for name, value in FORM.items() if name not in ("country", "postcode", "plz")}
    row, _ = version({**plain, "canton": "Waadt"})
    assert (row["country"], row["region"]) == ("CH", "CH-VD")
    row, rejections = version({**plain, "address": "Bahnhofstrasse 1, 8001 Zürich"})
    assert (row["country"], row["region"], row["postcode"]) == ("CH", "CH-ZH", "8001")
    assert "Bahnhof" not in str(row) + str(rejections)


def test_a_prefix_of_the_postcode_beats_the_country() -> None:
    row, _ = version({**FORM, "country": "Niederlande", "postcode": "D-80331 München"})
    assert (row["country"], row["region"], row["postcode"]) == ("DE", "DE-BY", "80331")


@pytest.mark.parametrize("value", ["2026-01-05T12:06:00Z", "2099-01-01", "1969-01-01", "gestern", -1])
def test_a_lead_of_the_future_or_of_long_ago_is_refused(value: object) -> None:
    row, rejections = version({**FORM, "created_at": value})
    assert row is None
    assert [rejection.field for rejection in rejections] == ["created_at"]


def test_a_clock_that_is_minutes_ahead_is_forgiven() -> None:
    row, rejections = version({**FORM, "created_at": NOW + timedelta(minutes=4)})
    assert (row["created_at"], rejections) == (NOW, [])


def test_wrong_email_and_phone_are_said_but_not_repeated() -> None:
    row, rejections = version({**FORM, "email": "anna.muster(at)bluewin.ch", "phone": "079 GEHEIM"})
    assert {rejection.field: rejection.value for rejection in rejections} == {"email": None, "phone": None}
    assert not any("anna" in str(rejection) or "GEHEIM" in str(rejection) for rejection in rejections)
    assert (row["email_domain_kind"], row["person_key"]) == ("invalid", None)


@pytest.mark.parametrize("email", [None, "", "  "])
def test_no_address_is_not_an_invalid_one(email: str | None) -> None:
    row, _ = version({**FORM, "email": email})
    assert row["email_domain_kind"] is None


def test_nothing_of_the_person_is_stored() -> None:
    personal = {"first_name": "Anna", "last_name": "Muster", "street": "Bahnhofstrasse 1"}
    written = str(version({**FORM, **personal})) + str(identity_rows(FORM, policy=MORTGAGE, recorded_at=NOW))
    assert not [
        personal_text
        for personal_text in ("Anna", "anna", "Muster", "muster", "123 45 67", "1234567", "Bahnhof")
        if personal_text in written
    ]


def test_the_same_person_has_the_same_key_however_it_is_written() -> None:
    def key(**fields: str) -> Any:
        return version({"lead_id": "1", "created_at": "2026-01-01", **fields})[0]["person_key"]

    assert key(email="ANNA@example.ch ") == key(email="anna@example.ch", phone="079 123 45 67")
    assert key(phone="079 123 45 67") == key(phone="+41 (0)79/1234567") != key(email="anna@example.ch")
    assert key() is None


def test_another_secret_gives_other_keys_and_none_gives_none() -> None:
    keys = [version(FORM, secret=secret)[0]["person_key"] for secret in ("a", "b", "")]
    assert keys[0] != keys[1]
    assert keys[2] is None


def test_a_telephone_number_is_of_the_leads_country() -> None:
    austrian = {"lead_id": "1", "created_at": "2026-01-01", "phone": "0664 1234567", "postcode": "A-1010"}
    international = {"lead_id": "1", "created_at": "2026-01-01", "phone": "+43 664 1234567"}
    assert version(austrian)[0]["person_key"] == version(international)[0]["person_key"]


def test_attributes_are_read_by_their_source_and_kind() -> None:
    raw = {"lead_id": "1", "created_at": "2026-01-01", "it_budget": "CHF 50'000", "decision_authority": "  CEO "}
    row, rejections = version({**raw, "digital_maturity": "hoch"}, B2B)
    assert row["attributes"] == [
        {"name": "decision_authority", "text": "CEO", "number": None},
        {"name": "it_budget", "text": None, "number": 50000.0},
    ]
    assert [rejection.field for rejection in rejections] == ["digital_maturity"]


def sorted_title(title: object) -> tuple[list[Any], list[str]]:
    row, rejections = version({"lead_id": "1", "created_at": "2026-01-01", "job_title": title}, B2B)
    return [stored_attribute["text"] for stored_attribute in row["attributes"]], [
        rejection.field for rejection in rejections
    ]


@pytest.mark.parametrize(
    ("title", "seniority"),
    [
        ("Geschäftsführerin", "ceo"),
        (" assistante\tde direction ", "assistant"),
        ("Responsabile IT", "manager"),
        ("Head of Sales", "executive"),
        ("Praktikant", "intern"),
        ("Einkäufer", "other"),
        (7, "other"),
    ],
)
def test_a_text_is_sorted_into_a_class_and_kept(title: object, seniority: str) -> None:
    assert sorted_title(title) == ([seniority], [])
    row, _ = version({"lead_id": "1", "created_at": "2026-01-01", "job_title": title}, B2B)
    assert row["job_title"] == " ".join(str(title).split())
    assert row["attributes"] == [{"name": "seniority", "text": seniority, "number": None}]


@pytest.mark.parametrize("nothing", [None, "", "  ", math.nan, "-", "—", "?", "\x00"])
def test_a_text_that_says_nothing_has_no_class(nothing: object) -> None:
    assert sorted_title(nothing) == ([], [])


def test_a_text_that_is_none_costs_itself_once() -> None:
    assert sorted_title(["CEO", "CFO"]) == ([], ["job_title"])


@given(title=st.text(max_size=300) | st.sampled_from(["CEO", "Chef de projet"]))
def test_whatever_a_title_says_it_has_one_class_and_always_the_same(title: str) -> None:
    row, _ = version({"lead_id": "1", "created_at": "2026-01-01", "job_title": title}, B2B)
    seniority = next(attribute for attribute in B2B.attributes if attribute.name == "seniority")
    says_something = any(sign.isalnum() for sign in row["job_title"] or "")
    expected = [class_of(seniority, row["job_title"])] if says_something else []
    assert sorted_title(title) == sorted_title(title) == (expected, [])


def test_text_is_trimmed_of_what_cannot_be_shown() -> None:
    row, _ = version({**FORM, "job_title": " Head\tof\x00 Sales\ud800 ", "industry": "x" * 999})
    assert row["job_title"] == "Head of Sales"
    assert len(row["industry"]) == 200


@pytest.mark.parametrize(("answer", "consent"), [("ja", True), ("OUI", True), (1, True), ("nein", False), (0, False)])
def test_consent_in_words(answer: object, consent: bool) -> None:
    assert version({**FORM, "web_consent": answer})[0]["web_consent"] is consent


def test_a_visitor_is_linked_from_the_leads_creation_on() -> None:
    created_at = datetime(2026, 1, 4, 9, tzinfo=UTC)
    rows, rejections = identity_rows(FORM, policy=MORTGAGE, recorded_at=created_at + timedelta(hours=20))
    assert rows == [{"visitor_id": "123.456", "lead_id": "102938", "linked_at": created_at, "source": "form"}]
    assert rejections == []


def test_a_visitor_that_became_known_later_is_linked_from_then_on() -> None:
    later = datetime(2026, 1, 20, tzinfo=UTC)
    (row,), _ = identity_rows(FORM, policy=MORTGAGE, recorded_at=later)
    assert row["linked_at"] == later


@pytest.mark.parametrize("consent", [False, None, "nein", "vielleicht"])
def test_without_consent_no_visitor_is_linked(consent: object) -> None:
    assert identity_rows({**FORM, "web_consent": consent}, policy=MORTGAGE, recorded_at=NOW) == ([], [])


def test_several_devices_of_one_person_are_several_links() -> None:
    raw = {**FORM, "ga_client_id": ["1.2", "GA1.1.3.4", "1.2", "", "no good"]}
    rows, rejections = identity_rows(raw, policy=MORTGAGE, recorded_at=NOW)
    assert [row["visitor_id"] for row in rows] == ["1.2", "3.4"]
    assert [rejection.field for rejection in rejections] == ["ga_client_id"]


def test_a_lead_without_visitor_links_nobody() -> None:
    assert identity_rows({**FORM, "ga_client_id": None}, policy=MORTGAGE, recorded_at=NOW) == ([], [])
    assert identity_rows({"ga_client_id": "1.2", "web_consent": True}, policy=MORTGAGE, recorded_at=NOW) == ([], [])


def test_the_same_bad_row_twice_is_one_rejection() -> None:
    _, (rejection,) = version({**FORM, "loan_amount": "viel"})
    first, again = (rejection_row(rejection, "boma.cases", "7", at) for at in (NOW, NOW + timedelta(days=1)))
    assert first.rejection_id == again.rejection_id != rejection_row(rejection, "boma.cases", "8", NOW).rejection_id
    assert first.reason == "'viel' is not an amount. Write it like 450'000, 450.000,00 or 1.2 Mio."


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=3,
)
aliases = sorted({alias for names in NAMES.values() for alias in names} | {a.source for a in B2B.attributes})


@given(raw=st.dictionaries(st.sampled_from(aliases), values), with_policy_fields=st.booleans())
def test_no_record_brings_a_traceback_and_every_row_can_be_stored(
    raw: dict[str, Any], with_policy_fields: bool
) -> None:
    row, rejections = version(
        {**raw, **({"lead_id": "1", "created_at": "2026-01-01"} if with_policy_fields else {})}, B2B
    )
    identities, _ = identity_rows({**raw, "lead_id": "1", "created_at": "2026-01-01"}, policy=B2B, recorded_at=NOW)
    assert (row is not None) or rejections
    assert all(rejection.reason and rejection.remedy for rejection in rejections)
    rejected = [msgspec.to_builtins(rejection_row(rejection, "test", "1", NOW)) for rejection in rejections]
    json.dumps([row, *identities, *rejected], default=str, allow_nan=False, ensure_ascii=False).encode(
        "utf-8", "surrogatepass"
    )


def test_a_list_of_one_is_its_value() -> None:
    row, rejections = version({**FORM, "channel": ["form"], "yearly_income": ["90'000"]})
    assert row is not None
    assert (row["channel"], row["income"], rejections) == ("form", 90_000.0, [])


def test_what_cannot_be_read_at_all_costs_its_field_and_shows_nothing() -> None:
    row, (rejection,) = version({**FORM, "job_title": Unreadable("holds half a character")})
    assert row is not None
    assert row["job_title"] is None
    assert (rejection.field, rejection.value) == ("job_title", None)
    assert "half a character" in rejection.reason
