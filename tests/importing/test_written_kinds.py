"""Times, numbers, ids and frames of tables as CRMs, spreadsheets and people write them: the same leads come back."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from leadwerk.errors import InputError
from leadwerk.importing.column_kinds import describe_columns
from leadwerk.importing.lead_values import lead_values
from leadwerk.importing.number_column import numbers_of
from leadwerk.importing.text_column import TextColumn
from leadwerk.lead.attribute import attribute_value
from support.imported_files import parsed, plan, table

LEADS = 60
FIRST = datetime(2025, 1, 6, 9, 5, tzinfo=UTC)
MOMENTS = [(FIRST + timedelta(hours=97 * n, minutes=n)).replace(tzinfo=None) for n in range(LEADS)]
FRENCH = [
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
]
FRENCH_DAYS = ["lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"]
ITALIAN = ["gen", "feb", "mar", "apr", "mag", "giu", "lug", "ago", "set", "ott", "nov", "dic"]
GERMAN = ["Jan.", "Feb.", "März", "Apr.", "Mai", "Juni", "Juli", "Aug.", "Sept.", "Okt.", "Nov.", "Dez."]


def lines(cells: Callable[[int], list[str]], header: str = "Nr;Eingang;Status", mark: str = ";") -> str:
    rows = (mark.join(cells(n)) for n in range(LEADS))
    return "\n".join([header.replace(";", mark), *rows]) + "\n"


def status(n: int) -> str:
    return "won" if n % 3 == 0 else "lost"


def french(at: datetime) -> str:
    return f"{FRENCH_DAYS[at.weekday()]} {at.day} {FRENCH[at.month - 1]} {at.year} à {at:%Hh%M}"


def epoch(at: datetime, factor: int) -> str:
    return str(int(at.replace(tzinfo=UTC).timestamp()) * factor)


def german_half(at: datetime) -> str:
    return f"{at:%Y/%m/%d} {at.hour % 12 or 12}:{at:%M:%S} {'vorm.' if at.hour < 12 else 'nachm.'}"


def half_day(at: datetime, forenoon: str, afternoon: str) -> str:
    return f"{at:%d/%m/%Y} {at.hour % 12 or 12}:{at:%M} {forenoon if at.hour < 12 else afternoon}"


TIMES: dict[str, tuple[Callable[[datetime], str], timedelta]] = {
    "French, with weekday": (french, timedelta()),
    "Italian, two digits of the year": (lambda at: f"{at:%d}-{ITALIAN[at.month - 1]}-{at:%y %H:%M}", timedelta()),
    "German": (lambda at: f"{at.day}. {GERMAN[at.month - 1]} {at:%Y, %H.%M} Uhr", timedelta()),
    "Jira": (lambda at: at.strftime("%d/%b/%y %I:%M %p"), timedelta()),
    "mail": (lambda at: at.strftime("%a, %d %b %Y %H:%M:%S +0000"), timedelta()),
    "C": (lambda at: at.strftime("%a %b %d %H:%M:%S %Y"), timedelta()),
    "JavaScript": (lambda at: at.strftime("%a %b %d %Y %H:%M:%S GMT+0200 (Central European)"), timedelta(hours=2)),
    "zone behind": (lambda at: at.strftime("%Y-%m-%d %H:%M:%S UTC"), timedelta()),
    "summer time": (lambda at: at.strftime("%d.%m.%Y %H:%M CEST"), timedelta(hours=2)),
    "American zone": (lambda at: at.strftime("%m/%d/%Y %I:%M %p EDT"), timedelta(hours=-4)),
    "offset behind a blank": (lambda at: at.strftime("%Y-%m-%d %H:%M:%S +0530"), timedelta(hours=5.5)),
    "zone by name": (lambda at: at.strftime("%Y-%m-%dT%H:%M:%S+02:00[Europe/Zurich]"), timedelta(hours=2)),
    "digits": (lambda at: at.strftime("%Y%m%d%H%M%S"), timedelta()),
    "Google's form in German": (lambda at: german_half(at) + " MESZ", timedelta(hours=2)),
    "Google's form in English": (lambda at: at.strftime("%Y/%m/%d %I:%M:%S %p GMT+1"), timedelta(hours=1)),
    "French half days": (lambda at: half_day(at, "du matin", "de l’après-midi"), timedelta()),
    "Italian half days": (lambda at: half_day(at, "di mattina", "di pomeriggio"), timedelta()),
    "Outlook": (lambda at: at.strftime("%d.%m.%Y %H:%M (UTC+01:00)"), timedelta(hours=1)),
    "milliseconds among dates": (
        lambda at: epoch(at, 1000) if at.day % 3 == 0 else at.isoformat(),
        timedelta(),
    ),
    "nanoseconds": (lambda at: epoch(at, 10**9), timedelta()),
    "microseconds": (lambda at: epoch(at, 10**6), timedelta()),
}


@pytest.mark.parametrize("name", TIMES)
def test_times_are_read_however_they_are_written(tmp_path: Path, name: str) -> None:
    write, ahead = TIMES[name]
    content = table(tmp_path, lines(lambda n: [f"L{n}", write(MOMENTS[n]), status(n)]))
    leads = parsed(plan(content, "Nr", "Status", positive="won", time="Eingang"))
    assert [at.item() for at in leads.created_at] == [at - ahead for at in MOMENTS]


@pytest.mark.parametrize("form", ["%y-%m-%d", "%y/%m/%d %H:%M", "%y.%m.%d"])
def test_a_year_of_two_digits_in_front_is_asked_about(tmp_path: Path, form: str) -> None:
    content = table(tmp_path, lines(lambda n: [f"L{n}", MOMENTS[n].strftime(form), status(n)]))
    with pytest.raises(InputError, match="a year of two digits in front"):
        plan(content, "Nr", "Status", positive="won", time="Eingang")


def test_zones_may_differ_from_row_to_row(tmp_path: Path) -> None:
    offsets = {0: ("+02:00", 2), 1: ("-05:00", -5), 2: ("Z", 0)}

    def written(n: int) -> str:
        text, hours = offsets[n % 3]
        return (MOMENTS[n] + timedelta(hours=hours)).isoformat() + text

    content = table(tmp_path, lines(lambda n: [f"L{n}", written(n), status(n)]))
    leads = parsed(plan(content, "Nr", "Status", positive="won", time="Eingang"))
    assert [at.item() for at in leads.created_at] == MOMENTS


def test_the_midnight_that_ends_a_day_begins_the_next(tmp_path: Path) -> None:
    content = table(tmp_path, lines(lambda n: [f"L{n}", f"{MOMENTS[n]:%d.%m.%Y} 24:00", status(n)]))
    leads = parsed(plan(content, "Nr", "Status", positive="won", time="Eingang"))
    assert leads.created_at[0].item().isoformat() == "2025-01-07T00:00:00"


NUMBERS: dict[str, tuple[list[str], list[float]]] = {
    "minutes and seconds": (["42:54", "0:07"], [2574, 7]),
    "ISO durations": (["PT1H2M3S", "P1DT5S", "P3DT4H", "P2W"], [3723, 86405, 273600, 1209600]),
    "days and a clock": (
        ["3 days 04:05:06", "1 day, 0:00:07", "2 Tage 00:01:00", "-00:00:09"],
        [273906, 86407, 172860, -9],
    ),
    "weeks and minutes": (["2 Wochen", "1 week 1 day", "1'30\"", "350 ms"], [1209600, 691200, 90, 0.35]),
    "tons": (["3,5 t", "18 t"], [3.5, 18]),
    "temperatures": (["21 °C", "-5 °C", "18.5℃"], [21, -5, 18.5]),
    "a month": (["CHF 1'850.- pro Monat", "CHF 950.– pro Monat"], [1850, 950]),
    "a square metre": (["1'200 €/m²", "950 €/m2"], [1200, 950]),
    "ratings": (["4,5/5", "3/5", "5/5"], [4.5, 3, 5]),
    "points": (["1 Punkt", "12 Punkte"], [1, 12]),
    "thousands": (["12 TEUR", "450 k€", "1.2 mln", "10 thousand", "3 MCHF"], [12e3, 450e3, 1.2e6, 10e3, 3e6]),
    "employees": (["1000+ Mitarbeiter", "51–200 Mitarbeiter"], [1000, 51]),
    "more and less": ([">1000", "< 10", "mehr als 500", "moins de 5"], [1000, 0, 500, 0]),
    "shortened ranges": (["1k+", "201-1k", "$1000K+", "$50K - $200K"], [1000, 201, 1e6, 50e3]),
    "square metres": (["15 m²", "15,5 qm", "1’200 m2"], [15, 15.5, 1200]),
}


@pytest.mark.parametrize("name", NUMBERS)
def test_numbers_of_many_kinds_are_numbers(name: str) -> None:
    texts, expected = NUMBERS[name]
    assert numbers_of(TextColumn.from_texts(texts), None).tolist() == expected


@pytest.mark.parametrize(
    "texts",
    [
        ["15 cm", "120 mm"],
        ["6 Monate", "1 Jahr"],
        ["1 Bern", "2 Genf"],
        ["1st", "2nd", "3rd"],
        ["12 rue A", "3 quai B"],
    ],
)
def test_numbers_of_several_units_are_words(tmp_path: Path, texts: list[str]) -> None:
    content = table(tmp_path, lines(lambda n: [f"L{n}", texts[n % len(texts)], status(n)]))
    assert describe_columns(content)[1].kind in ("category", "text")


AMOUNTS: dict[str, tuple[str, list[str], list[float | None]]] = {
    "thousands": ("Umsatz (TEUR)", ["1250", "CHF 980", "2 Mio."], [1250e3, 980e3, 2e6]),
    "thousands of francs": ("Umsatz in 1'000 CHF", ["1'250", "980", "7"], [1250e3, 980e3, 7e3]),
    "millions": ("Annual Revenue ($M)", ["1.25", "98.5", "7"], [1.25e6, 98.5e6, 7e6]),
    "French thousands": ("Chiffre d’affaires (k€)", ["1250", "980", "7"], [1250e3, 980e3, 7e3]),
    "a currency": ("Fatturato EUR", ["1250", "980", "7"], [1250, 980, 7]),
    "a year and a month": ("Umsatz", ["120'000 CHF", "8'000 CHF/Monat", "98'000 CHF"], [120e3, None, 98e3]),
}


@pytest.mark.parametrize("name", AMOUNTS)
def test_titles_and_values_state_the_unit_of_amounts(tmp_path: Path, name: str) -> None:
    title, written, expected = AMOUNTS[name]
    content = table(tmp_path, lines(lambda n: [f"L{n}", written[n % 3], status(n)], f"Nr;{title};Status"))
    how = plan(content, "Nr", "Status", positive="won")
    which, amounts = lead_values(parsed(how), how.policy, person_key="").columns["revenue"]
    assert [None if np.isnan(amount := amounts[at]) else amount for at in which[:3]] == expected


@pytest.mark.parametrize("answer", ["keine Angabe", "auf Anfrage"])
def test_a_few_words_among_numbers_are_unknown_numbers(tmp_path: Path, answer: str) -> None:
    content = table(tmp_path, lines(lambda n: [f"L{n}", answer if n % 3 == 0 else f"{n * 7},5", status(n)]))
    how = plan(content, "Nr", "Status", positive="won")
    (values,) = lead_values(parsed(how), how.policy, person_key="").attributes
    assert values.numbers is not None
    assert int(np.isnan(values.numbers).sum()) == 20


LISTS: dict[str, Callable[[list[str]], str]] = {
    "tags": "<br/>".join,
    "a list of a page": lambda options: "<ul>" + "".join(f"<li>{option}</li>" for option in options) + "</ul>",
    "lines": lambda options: '"' + "\r\n".join(f"- {option}" for option in options) + '"',
    "hashtags": lambda options: " ".join(f"#{option}" for option in options),
    "SharePoint": ";#".join,
    "bullets": lambda options: " ".join(f"• {option}" for option in options),
    "plus": " + ".join,
    "and": " & ".join,
}
PICKS = (["Karte"], ["Karte", "Leasing"], ["Kredit", "Karte", "Leasing"], ["Kredit"], ["Leasing"])


@pytest.mark.parametrize("name", LISTS)
def test_lists_are_options_whatever_parts_them_in_files_and_forms(tmp_path: Path, name: str) -> None:
    write = LISTS[name]
    content = table(tmp_path, lines(lambda n: [f"L{n}", write(PICKS[n % 5]), status(n)], mark="|"))
    how = plan(content, "Nr", "Status", positive="won")
    stated = {attribute.option: attribute for attribute in how.policy.attributes}
    assert set(stated) == {"Karte", "Leasing", "Kredit"}
    for option, attribute in stated.items():
        answers = [attribute_value(attribute, write(picks).strip('"'), FIRST, "UTC") for picks in PICKS]
        assert answers == [float(option in picks) for picks in PICKS]


def test_a_sign_within_a_name_parts_no_options(tmp_path: Path) -> None:
    firms = ("Müller & Co", "Müller", "Meier & Co", "Meier")
    content = table(tmp_path, lines(lambda n: [f"L{n}", firms[n % 4], status(n)]))
    assert describe_columns(content)[1].kind == "category"


def test_brackets_around_a_list_are_no_part_of_its_options(tmp_path: Path) -> None:
    written = ("{Karte,Leasing}", '["Karte"]', "{Leasing,Kredit}")
    content = table(tmp_path, lines(lambda n: [f"L{n}", written[n % 3], status(n)]))
    assert set(describe_columns(content)[1].options) == {"Karte", "Leasing", "Kredit"}


@pytest.mark.parametrize(
    "write",
    [lambda n: f'="{n:06}"', lambda n: f"'{n:06}", lambda n: f" {n:06}\u00a0"],
    ids=["formula", "apostrophe", "blanks"],
)
def test_marks_that_keep_ids_from_becoming_numbers_are_no_part_of_them(
    tmp_path: Path, write: Callable[[int], str]
) -> None:
    content = table(tmp_path, lines(lambda n: [write(n), str(n % 7), status(n)]))
    leads = parsed(plan(content, "Nr", "Status", positive="won"))
    assert leads.ids.to_pylist() == [f"{n:06}" for n in range(LEADS)]


def test_ids_that_a_program_took_for_decimals_are_whole_numbers(tmp_path: Path) -> None:
    content = table(tmp_path, lines(lambda n: [f"{n + 1000}.0", str(n % 7), status(n)]))
    assert parsed(plan(content, "Nr", "Status", positive="won")).ids[0].as_py() == "1000"


FOOTERS = {
    "Salesforce": (
        '\n\n"Leads report"\n"Copyright (c) 2000-2026 salesforce.com, inc. All rights reserved."\n'
        '"Confidential Information - Do Not Distribute"\n"Generated By:","Anna Muster"\n"Acme Inc."\n'
    ),
    "totals and remarks": "\nGrand Totals,,\n\n,\nFilter: Status = all\n",
    "a count": "60 rows,,,\n",
    "an end of MS-DOS": "\x1a",
}


@pytest.mark.parametrize("name", FOOTERS)
def test_totals_and_remarks_at_the_end_are_no_leads(tmp_path: Path, name: str) -> None:
    def row(n: int) -> list[str]:
        return [f"L{n}", str(n % 7), "x", "y", status(n)]

    content = table(tmp_path, lines(row, "Nr;a;b;c;Status", ",") + FOOTERS[name])
    leads = parsed(plan(content, "Nr", "Status", positive="won"))
    assert (len(leads), [group.reason for group in leads.rejections]) == (LEADS, [])


def test_single_quotes_around_cells_with_commas_are_quotes(tmp_path: Path) -> None:
    content = table(
        tmp_path, lines(lambda n: [f"'L{n}'", f"'${n + 1},234.50'", f"'{status(n)}'"], "'Nr','a','Status'", ",")
    )
    assert content.columns == ("Nr", "a", "Status")


@pytest.mark.parametrize("mark", ["^", "~", "|", "\t", "\x1f"])
def test_rarer_delimiters_are_recognised(tmp_path: Path, mark: str) -> None:
    content = table(tmp_path, lines(lambda n: [f"L{n}", f"{n},5", status(n)], "Nr;a;Status", mark))
    assert content.columns == ("Nr", "a", "Status")


def test_a_note_of_millions_of_signs_costs_nothing(tmp_path: Path) -> None:
    content = table(tmp_path, lines(lambda n: [f"L{n}", f'"{"x" * 2_000_000}"' if n == 3 else "b", status(n)]))
    assert (len(content), len(content.malformed)) == (LEADS, 0)


def objects() -> list[dict[str, Any]]:
    return [{"id": n, "properties": {"amount": n * 1.5, "status": status(n)}, "tags": ["a", "b"]} for n in range(LEADS)]


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(objects()),
        json.dumps({"total": LEADS, "results": objects(), "paging": {"next": None}}),
        "\r\n".join(json.dumps(row) for row in objects()),
        json.dumps([*objects()[:-1], {**objects()[-1], "score": float("nan")}]),
    ],
    ids=["array", "answer of an interface", "lines", "NaN"],
)
def test_objects_within_objects_are_columns_of_their_own(tmp_path: Path, text: str) -> None:
    content = table(tmp_path, text, "leads.json")
    assert len(content) == LEADS
    assert content.column("properties.amount").values(slice(0, 3)) == ["0", "1.5", "3"]


def test_a_line_that_is_no_json_costs_that_line(tmp_path: Path) -> None:
    text = "\n".join(json.dumps(row) for row in objects()) + '\n{"id": 7, '
    content = table(tmp_path, text, "leads.jsonl")
    assert (len(content), content.malformed[0].line) == (LEADS, LEADS + 1)


def spreadsheet(rows: str, name: str = "Leads") -> str:
    return (
        '<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?>'
        '<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" '
        f'xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet"><Worksheet ss:Name="{name}"><Table>{rows}</Table>'
        "</Worksheet></Workbook>"
    )


def test_xml_workbooks_of_old_programs_are_read(tmp_path: Path) -> None:
    title = "".join(f'<Cell><Data ss:Type="String">{name}</Data></Cell>' for name in ("Nr", "a", "Status"))
    number, last = '<Cell><Data ss:Type="Number">{}</Data></Cell>', '<Cell ss:Index="3"><Data>{}</Data></Cell>'
    row = f"<Row>{number}{last}</Row>"
    rows = f"<Row>{title}</Row>" + "".join(row.format(n, status(n)) for n in range(LEADS))
    content = table(tmp_path, spreadsheet(rows), "leads.xls")
    assert (content.frame.kind, len(content)) == ("xml", LEADS)
    assert list(content.rows())[1] == ("1", "", "lost")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"MIME-Version: 1.0\r\nContent-Type: multipart/related", "web archive"),
        (b"<?xml version='1.0'?><leads><lead/></leads>", "XML document"),
        (b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]>' + spreadsheet("").encode(), "XML document"),
        (bytes(range(256)) * 20, "no text"),
        (b'[{"a": 1}, {"a": ', "neither an array of objects nor lines"),
        (b"{}", "neither an array of objects nor lines"),
    ],
    ids=["MHT", "XML", "entities", "binary", "broken JSON", "empty object"],
)
def test_what_holds_no_table_is_named_and_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        table(tmp_path, content, "leads.xls")


def test_a_column_of_numbers_with_a_unit_is_described_as_numbers(tmp_path: Path) -> None:
    content = table(tmp_path, lines(lambda n: [f"L{n}", f"{n + 20} m²", status(n)]))
    assert describe_columns(content)[1].kind == "number"
