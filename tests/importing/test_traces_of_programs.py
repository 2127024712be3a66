"""What programs leave in the files they write: stray bytes, converted dates, lost zeros, ticked options."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from leadwerk.errors import InputError
from leadwerk.importing.lead_values import lead_values
from leadwerk.importing.leads import ParsedLeads
from leadwerk.importing.number_column import numbers_of
from leadwerk.importing.plan import ImportPlan
from support.imported_files import parsed, plan, table

LEADS = 60
PLACES = ("Zürich", "Genève", "Köln", "Bülach")


def moment(n: int) -> datetime:
    return datetime(2025, 1, 6, 16, 3, tzinfo=UTC) + timedelta(hours=37 * n)


def outcome(n: int) -> str:
    return "Gewonnen" if n % 3 == 0 else "Verloren"


def rows(header: str, row: Callable[[int], str], count: int = LEADS) -> str:
    return "\n".join([header, *map(row, range(count))]) + "\n"


def planned(folder: Path, content: str | bytes, name: str = "leads.csv", **stated: Any) -> ImportPlan:
    return plan(table(folder, content, name), "Nr", "Status", **stated)


def attributes(how: ImportPlan) -> dict[str, list[Any]]:
    """The values of each attribute, lead by lead."""
    leads = parsed(how)
    return {
        values.attribute.name: (
            values.numbers.tolist()
            if values.numbers is not None
            else [values.levels[code] if code >= 0 else None for code in np.asarray(values.codes).tolist()]
        )
        for values in lead_values(leads, how.policy, person_key="k").attributes
    }


def fields(how: ImportPlan, name: str) -> list[Any]:
    which, values = lead_values(parsed(how), how.policy, person_key="k").columns[name]
    return [values[at] for at in which]


def row_of_place(n: int) -> str:
    return f"L{n};{outcome(n)};{PLACES[n % 4]}"


def test_a_stray_byte_does_not_change_the_umlauts_of_a_whole_file(tmp_path: Path) -> None:
    lines = rows("Nr;Status;Ort", row_of_place).splitlines(keepends=True)
    mixed = b"".join(line.encode("cp1252" if at % 12 == 5 else "utf-8") for at, line in enumerate(lines))
    how = planned(tmp_path, mixed)
    assert attributes(how)["ort"] == [PLACES[n % 4] for n in range(LEADS)]
    assert how.table.frame.encoding is not None
    assert (how.table.frame.encoding.name, how.table.frame.encoding.label) == ("utf-8", "utf-8 + cp1252")


def test_apostrophes_and_dashes_between_digits_do_not_change_the_encoding(tmp_path: Path) -> None:
    content = rows("Nr;Status;Betrag", lambda n: f"L{n};{outcome(n)};CHF {n + 1}’500.–").encode("cp1252")
    how = planned(tmp_path, content)
    assert how.table.frame.encoding is not None
    assert how.table.frame.encoding.name == "cp1252"
    assert attributes(how)["betrag"] == [(n + 1) * 1000 + 500.0 for n in range(LEADS)]


def test_the_euro_of_latin_9_is_a_currency(tmp_path: Path) -> None:
    content = rows("Nr;Status;Betrag;Ort", lambda n: f"L{n};{outcome(n)};{n}00 €;{PLACES[n % 4]}").encode("iso8859-15")
    assert attributes(planned(tmp_path, content))["betrag"] == [n * 100.0 for n in range(LEADS)]


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("CHF 1 – 2 Mio.", 1e6),
        ("1-2k", 1000.0),
        ("100–250 Tsd.", 1e5),
        ("500–1 Mio.", 500.0),
        ("500k – 1 Mio.", 500_000.0),
        ("zwischen 10 und 49", 10.0),
        ("de 10 à 49", 10.0),
        ("da 10 a 49", 10.0),
        ("between 10 and 49", 10.0),
        ("21 T€", 21_000.0),
        ("21 kEUR", 21_000.0),
        ("4½ Zimmer", 4.5),
        ("4 1/2", 4.5),
        ("1 employee", 1.0),
        ("3 Jahre", 3.0),
    ],
)
def test_ranges_and_units_as_people_write_them(tmp_path: Path, written: str, number: float) -> None:
    content = table(tmp_path, rows("Nr\tStatus\tX", lambda n: f"L{n}\t{outcome(n)}\t{written}"))
    assert numbers_of(content.column("X"), None).tolist() == [number]


def test_a_column_of_yes_and_no_names_no_persons(tmp_path: Path) -> None:
    how = planned(tmp_path, rows("Nr;Status;Cliente esistente", lambda n: f"L{n};{outcome(n)};{('Sì', 'No')[n % 2]}"))
    assert attributes(how) == {"cliente_esistente": [float(n % 2 == 0) for n in range(LEADS)]}


@pytest.mark.parametrize(("title", "value"), [("Umbau", "Umbau"), ("Was planen Sie? - Umbau", "Umbau"), ("Abo", "1")])
def test_a_ticked_option_in_a_column_of_its_own_is_learned_from(tmp_path: Path, title: str, value: str) -> None:
    how = planned(tmp_path, rows(f"Nr;Status;{title}", lambda n: f"L{n};{outcome(n)};{value if n % 2 else ''}"))
    (ticked,) = attributes(how).values()
    assert {ticked[n] for n in range(1, LEADS, 2)} == {1.0}
    assert 1.0 not in {ticked[n] for n in range(0, LEADS, 2)}


def test_a_line_about_the_file_is_no_header(tmp_path: Path) -> None:
    first = '"EXTF";700;16;"Debitoren/Kreditoren";5;20250106090000000;;"RE";"";"";"29098";55003;20250101;4;;;"";0\n'
    how = planned(
        tmp_path, first + rows("Nr;Status;Limite;Ort", lambda n: f"L{n};{outcome(n)};{n}00,00;{PLACES[n % 4]}")
    )
    assert (how.table.frame.header_line, len(parsed(how))) == (2, LEADS)


@pytest.mark.parametrize("again", ["\ufeff{header}", "\f{header}"])
def test_a_header_that_stands_again_within_is_no_lead(tmp_path: Path, again: str) -> None:
    header, *lines = rows("Nr;Status;Ort", row_of_place).splitlines()
    joined = "\n".join([header, *lines[:30], again.format(header=header), *lines[30:]])
    how = planned(tmp_path, joined)
    assert (len(parsed(how)), how.table.frame.repeated_headers) == (LEADS, 1)


def test_a_line_drawn_below_the_titles_is_no_lead(tmp_path: Path) -> None:
    header, *lines = (f"| {' | '.join(line.split(';'))} |" for line in rows("Nr;Status;Ort", row_of_place).splitlines())
    how = planned(tmp_path, "\n".join([header, "|---|:---|---:|", *lines]))
    assert parsed(how).ids.to_pylist() == [f"L{n}" for n in range(LEADS)]


def test_names_of_rows_without_a_title_stand_in_front(tmp_path: Path) -> None:
    content = rows("Nr;Status;Ort", lambda n: f'"{n + 1}";{row_of_place(n)}')
    assert attributes(planned(tmp_path, content))["ort"] == [PLACES[n % 4] for n in range(LEADS)]


def test_a_delimiter_too_many_behind_the_rows_is_no_name_of_a_row(tmp_path: Path) -> None:
    how = planned(tmp_path, rows("Nr;Status;Ort", lambda n: f"{row_of_place(n)};"))
    assert attributes(how)["ort"] == [PLACES[n % 4] for n in range(LEADS)]


def test_control_characters_of_a_database_are_no_part_of_a_value(tmp_path: Path) -> None:
    levels = ("Bü\0lach", "Köln")
    content = rows("Nr;Status;Ort", lambda n: f"L{n};{outcome(n)};{levels[n % 2]}")
    assert set(attributes(planned(tmp_path, content))["ort"]) == {"Bülach", "Köln"}


def leads_with_postcodes(folder: Path, *postcodes: str, country: str = "") -> ImportPlan:
    title, value = (";Land", f";{country}") if country else ("", "")
    row = lambda n: f"L{n};{outcome(n)};{postcodes[n % len(postcodes)]}{value}"  # noqa: E731
    return planned(folder, rows(f"Nr;Status;PLZ{title}", row))


def test_a_german_postcode_gets_back_the_zero_that_a_spreadsheet_took(tmp_path: Path) -> None:
    how = leads_with_postcodes(tmp_path, "80331", "1067", "10115", "4109", "20095")
    assert fields(how, "region")[:4] == ["DE-BY", "DE-SN", "DE-BE", "DE-SN"]


@pytest.mark.parametrize(("german", "country"), [(("80331", "01067"), ""), (("80331", "10115", "20095"), "CH")])
def test_a_swiss_postcode_among_german_ones_stays_swiss(tmp_path: Path, german: tuple[str, ...], country: str) -> None:
    how = leads_with_postcodes(tmp_path, "3011", *german, country=country)
    assert fields(how, "region")[0] == "CH-BE"


def test_postcodes_that_a_program_took_for_decimals_are_read(tmp_path: Path) -> None:
    assert fields(leads_with_postcodes(tmp_path, "8001.0", "1201.0"), "region")[:2] == ["CH-ZH", "CH-GE"]


def converted_date(at: datetime) -> str:
    """06.01.2025 as an American spreadsheet has it: June 1; 13.01.2025 stays a text."""
    return f"2025-{at.day:02}-{at.month:02}" if at.day <= 12 else f"{at:%d.%m.%Y}"


def test_dates_that_a_spreadsheet_turned_around_are_refused(tmp_path: Path) -> None:
    content = rows("Nr;Status;Datum", lambda n: f"L{n};{outcome(n)};{converted_date(moment(n))}")
    with pytest.raises(InputError, match="has turned day and month around"):
        planned(tmp_path, content, time="Datum")


def test_dates_of_two_forms_are_no_sign_that_they_were_turned_around(tmp_path: Path) -> None:
    form = lambda n: f"{moment(n):%Y-%m-%d}" if n % 2 else f"{moment(n):%d.%m.%Y}"  # noqa: E731
    content = rows("Nr;Status;Datum", lambda n: f"L{n};{outcome(n)};{form(n)}")
    created = parsed(planned(tmp_path, content, time="Datum")).created_at
    assert [at.item().date() for at in created] == [moment(n).date() for n in range(LEADS)]


@pytest.mark.parametrize(
    "written",
    [
        lambda at: f"{at:%H:%M %d.%m.%Y}",
        lambda at: f"{at:%H:%M %d/%m/%Y}",
        lambda at: f"{at:%I:%M %p, %b %d, %Y}",
        lambda at: f"/Date({int(at.timestamp() * 1000)})/",
        lambda at: f"/Date({int(at.timestamp() * 1000)}+0100)/",
    ],
)
def test_times_in_front_of_the_day_and_of_dot_net_are_read(tmp_path: Path, written: Callable[[datetime], str]) -> None:
    content = rows("Nr\tStatus\tDatum", lambda n: f"L{n}\t{outcome(n)}\t{written(moment(n))}")
    created = parsed(planned(tmp_path, content, time="Datum")).created_at
    assert [at.item().replace(tzinfo=UTC) for at in created] == [moment(n) for n in range(LEADS)]


def test_an_hour_in_front_does_not_hide_that_the_order_is_unclear(tmp_path: Path) -> None:
    content = rows("Nr,Status,Datum", lambda n: f"L{n},{outcome(n)},16:03 0{n % 9 + 1}/0{n % 5 + 1}/2025")
    with pytest.raises(InputError, match="does the day come first, or the month"):
        planned(tmp_path, content, time="Datum")


LEAD_OBJECTS = [{"Nr": f"L{n}", "Status": outcome(n), "x": n * 1.5} for n in range(LEADS)]


@pytest.mark.parametrize(
    "written",
    [
        {name: {str(n): lead[name] for n, lead in enumerate(LEAD_OBJECTS)} for name in ("Nr", "Status", "x")},
        {name: [lead[name] for lead in LEAD_OBJECTS] for name in ("Nr", "Status", "x")},
        {"columns": ["Nr", "Status", "x"], "index": [], "data": [list(lead.values()) for lead in LEAD_OBJECTS]},
        {f"-Nx{n}": lead for n, lead in enumerate(LEAD_OBJECTS)},
    ],
    ids=["pandas", "lists", "split", "by key"],
)
def test_json_by_column_or_by_key_is_read(tmp_path: Path, written: Any) -> None:
    leads: ParsedLeads = parsed(planned(tmp_path, json.dumps(written), "leads.json"))
    assert leads.ids.to_pylist() == [f"L{n}" for n in range(LEADS)]
    assert {name: leads.statuses.tolist().count(at) for at, name in enumerate(leads.status_names)} == {
        "Gewonnen": 20,
        "Verloren": 40,
    }


@pytest.mark.parametrize("stated", [{}, {"positive": "TRUE"}])
def test_a_won_lead_that_another_column_calls_closed_is_won(tmp_path: Path, stated: dict[str, str]) -> None:
    content = rows("Nr,Status,IsClosed", lambda n: f"L{n},{n % 4 == 1},{n % 4 != 0}".upper().replace("L", "L"))
    how = plan(table(tmp_path, content.upper()), "NR", "STATUS", lost=("ISCLOSED=TRUE",), **stated)
    assert (how.mapping.positive, how.mapping.open) == ("TRUE", ("FALSE",))
    leads = parsed(how)
    assert [leads.status_names[code] for code in leads.statuses[:4]] == ["FALSE", "TRUE", *["ISCLOSED=TRUE"] * 2]


@pytest.mark.parametrize("number", ["p:+41791234567", "tel:+41 79 123 45 67"])
def test_a_mark_in_front_of_a_telephone_number_is_no_part_of_it(tmp_path: Path, number: str) -> None:
    content = rows("Nr;Status;Telefon", lambda n: f"L{n};{outcome(n)};{number}")
    how = planned(tmp_path, content)
    assert lead_values(parsed(how), how.policy, person_key="k").rejections == []
    plain = planned(tmp_path, content.replace(number, "+41 79 123 45 67"), "plain.csv")
    assert fields(how, "person_key") == fields(plain, "person_key")
