"""Telephone numbers and e-mail addresses."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from leadwerk.errors import InputError
from leadwerk.lead import parse_email, parse_phone
from leadwerk.lead.contact import domain_kind


@pytest.mark.parametrize(
    ("text", "country", "e164"),
    [
        ("+41 79 123 45 67", "DE", "+41791234567"),
        ("+41 (0)79 123 45 67", "CH", "+41791234567"),
        ("0041 79 123 45 67", "CH", "+41791234567"),
        ("079/123.45.67", "CH", "+41791234567"),
        ("079-123–45—67", "CH", "+41791234567"),
        ("791234567", "CH", "+41791234567"),
        (791234567, "CH", "+41791234567"),
        ("41791234567", "CH", "+41791234567"),
        ("(044) 123 45 67", "CH", "+41441234567"),
        ("0171 1234567", "DE", "+491711234567"),
        ("+49 (0)89/1234-567", "CH", "+49891234567"),
        ("0664 1234567", "AT", "+436641234567"),
        ("0043 1 234 56 78", "DE", "+4312345678"),
        ("+423 235 11 11", "CH", "+4232351111"),
        ("+39 06 1234567", "CH", "+39061234567"),
        ("06 12345678", "IT", "+390612345678"),
        ("+33 (0)1 23 45 67 89", "CH", "+33123456789"),
        ("＋４１ 79 123 45 67", "CH", "+41791234567"),
    ],
)
def test_numbers_become_e164(text: object, country: str, e164: str) -> None:
    assert parse_phone(text, country) == e164


@pytest.mark.parametrize(
    ("text", "country"),
    [
        ("123", "CH"),
        ("abc", "CH"),
        ("079 123 45 67 8", "CH"),
        ("1711234567", "DE"),
        ("0791234567", "US"),
        ("+", "CH"),
        ("", "CH"),
        (None, "CH"),
        (True, "CH"),
        ("+41 79 123 45 67 ext. 5", "CH"),
        ("+0 1234567", "CH"),
        ("00", "CH"),
    ],
)
def test_what_is_no_number_is_refused_without_repeating_it(text: object, country: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_phone(text, country)
    assert caught.value.message == "this is not a telephone number."


nationals = st.from_regex(r"[2-9][0-9]{8}", fullmatch=True)


@given(
    national=nationals,
    prefix=st.sampled_from(["+41", "0041", "0", "+41 (0)", "+41(0)", "41", ""]),
    gap=st.sampled_from(["", " ", ".", "/", "-"]),
)
def test_a_swiss_number_is_one_however_it_is_written(national: str, prefix: str, gap: str) -> None:
    written = f"{prefix}{gap if prefix else ''}{national[:2]}{gap}{national[2:5]}{gap}{national[5:]}"
    assert parse_phone(written, "CH") == f"+41{national}"


@given(text=st.text() | st.text(alphabet="+0123456789 ()/-."), country=st.sampled_from(["CH", "DE", "AT", "IT", "XX"]))
def test_no_text_brings_a_traceback_and_all_results_are_e164(text: str, country: str) -> None:
    try:
        phone = parse_phone(text, country)
    except InputError:
        return
    assert phone[0] == "+" and phone[1:].isdecimal() and 7 <= len(phone) <= 16
    assert parse_phone(phone, country) == phone


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (" Anna.Muster@Example.CH ", "anna.muster@example.ch"),
        ("mailto:a@b.ch", "a@b.ch"),
        ("<a@b.ch>", "a@b.ch"),
        ("a.n.n.a+x@gmail.com", "anna@gmail.com"),
        ("anna@googlemail.com", "anna@gmail.com"),
        ("anna+x@example.ch", "anna+x@example.ch"),
        ("a@müller-ag.ch", "a@müller-ag.ch"),
    ],
)
def test_the_same_box_is_the_same_text(text: str, address: str) -> None:
    assert parse_email(text) == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "a@b",
        "a@@b.ch",
        "a b@c.ch",
        "a@b..ch",
        ".a@b.ch",
        "a@-b.ch",
        "a@b.c",
        None,
        5,
        "a" * 300 + "@b.ch",
        "a@\ud800.ch",
    ],
)
def test_what_is_no_address_is_refused_without_repeating_it(text: object) -> None:
    with pytest.raises(InputError) as caught:
        parse_email(text)
    assert caught.value.message == "this is not an e-mail address."


@pytest.mark.parametrize(
    ("domains", "kind"),
    [
        (
            "bluewin.ch gmx.ch gmx.at gmx.net web.de hotmail.com hotmail.ch outlook.de yahoo.co.uk proton.me",
            "freemail",
        ),
        ("muster-ag.ch gmx.muster-ag.ch unilever.com ost-ag.ch uni.ch sub.domain.co.uk", "business"),
        (
            "ethz.ch student.ethz.ch uzh.ch tu-berlin.de uni-muenchen.de univie.ac.at mit.edu stud.unibas.ch",
            "education",
        ),
    ],
)
def test_kinds_of_domains(domains: str, kind: str) -> None:
    assert {domain: domain_kind(parse_email(f"a@{domain}")) for domain in domains.split()} == dict.fromkeys(
        domains.split(), kind
    )
