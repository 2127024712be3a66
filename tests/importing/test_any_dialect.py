"""A table written in any dialect, encoding, date order and number style comes back as the same leads."""

from __future__ import annotations

import csv
import io
import string
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, assume, given, strategies as st

from leadwerk.errors import InputError
from leadwerk.importing.column_mapping import StatedColumns
from leadwerk.importing.lead_values import lead_values
from leadwerk.importing.plan import StatedFormats, plan_import
from leadwerk.importing.table import read_table
from support.examples import examples
from support.imported_files import parsed

CITIES = ("Zürich", "Genève", "Bern", "Köln", "Graubünden", "Città")
START = datetime(2024, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Habit:
    """How a program writes a file."""

    delimiter: str
    quoting: int
    encoding: str
    line_end: str
    time: str
    decimal: str
    thousands: str
    unit: str
    title: str
    total: bool
    names_delimiter: bool


habits = st.builds(
    Habit,
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252", "cp850", "mac_roman"]),
    line_end=st.sampled_from(["\n", "\r\n", "\r"]),
    time=st.sampled_from(
        [
            "%d.%m.%Y %H:%M",
            "%Y-%m-%d %H:%M",
            "%m/%d/%Y %I:%M %p",
            "%d/%m/%Y %H:%M",
            "%Y-%m-%dT%H:%M:00Z",
            "epoch",
            "serial",
        ]
    ),
    decimal=st.sampled_from([".", ","]),
    thousands=st.sampled_from(["", "'", " ", "mark"]),
    unit=st.sampled_from(["{}", "CHF {}", "{} €", "${}"]),
    title=st.sampled_from(["", "Leads of 2024\n\n", "Report,,,\nfor:,everybody\n"]),
    total=st.booleans(),
    names_delimiter=st.booleans(),
)
leads = st.lists(
    st.tuples(
        st.integers(0, 700 * 24 * 60),  # minutes from the start
        st.integers(0, 99_999_999),  # hundredths
        st.sampled_from(CITIES),
        st.booleans(),
    ),
    min_size=40,
    max_size=60,
)


def spread(rows: list[tuple[int, int, str, bool]]) -> list[tuple[int, int, str, bool]]:
    """Rows over two years, of different amounts, in more than one city, some won: a column of one value is not used."""
    return [
        (
            n * 17_000 % 1_000_000 + minutes % 1440,
            hundredths + n * 1_237,
            CITIES[n] if n < 2 else city,
            n != 1 and (won or n == 0),
        )
        for n, (minutes, hundredths, city, won) in enumerate(rows)
    ]


def moment(minutes: int, habit: Habit) -> str:
    at = START + timedelta(minutes=minutes)
    if habit.time == "epoch":
        return str(int(at.timestamp()))
    if habit.time == "serial":
        return f"{(at - datetime(1899, 12, 30, tzinfo=UTC)) / timedelta(days=1):.9f}".replace(".", habit.decimal)
    return at.strftime(habit.time)


def amount(hundredths: int, habit: Habit) -> str:
    part = {"mark": "." if habit.decimal == "," else ","}.get(habit.thousands, habit.thousands)
    return habit.unit.format(f"{hundredths // 100:,}".replace(",", part) + f"{habit.decimal}{hundredths % 100:02}")


def written(rows: list[tuple[int, int, str, bool]], habit: Habit) -> bytes:
    stream = io.StringIO(newline="")
    stream.write(habit.title)
    if habit.names_delimiter:
        stream.write(f"sep={habit.delimiter}\n")
    writer = csv.writer(stream, delimiter=habit.delimiter, quoting=habit.quoting, lineterminator="\n")  # type: ignore[arg-type]
    writer.writerow(["Nr", "Eingang", "Betrag", "Ort", "Ergebnis"])
    for number, (minutes, hundredths, city, won) in enumerate(rows):
        writer.writerow(
            [f"L{number}", moment(minutes, habit), amount(hundredths, habit), city, "ja" if won else "nein"]
        )
    if habit.total:
        writer.writerow(["Total", "", "", "", ""])
    text = stream.getvalue().replace("\n", habit.line_end)
    return (text.replace("€", "EUR") if habit.encoding == "cp850" else text).encode(habit.encoding)


@given(leads, habits)
@examples(80, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_the_same_leads_come_back(tmp_path: Path, rows: list[tuple[int, int, str, bool]], habit: Habit) -> None:
    assume(not (habit.title and habit.names_delimiter))  # Excel reads such a line as a title, and so do we
    rows = spread(rows)
    path = tmp_path / "leads.csv"
    path.write_bytes(written(rows, habit))
    table = read_table(path)
    stated = StatedColumns(id="Nr", outcome="Ergebnis", positive="ja", time="Eingang")
    plan = plan_import(table, stated, StatedFormats(), ("de",))
    parsed_leads = parsed(plan)
    assert parsed_leads.ids.to_pylist() == [f"L{number}" for number in range(len(rows))]
    assert [at.item().replace(tzinfo=UTC) for at in parsed_leads.created_at] == [
        START + timedelta(minutes=minutes) for minutes, *_ in rows
    ]
    assert [parsed_leads.status_names[status] == "ja" for status in parsed_leads.statuses] == [won for *_, won in rows]
    values = {item.attribute.source: item for item in lead_values(parsed_leads, plan.policy, person_key="").attributes}
    assert values["Betrag"].numbers is not None
    assert [round(number * 100) for number in values["Betrag"].numbers] == [hundredths for _, hundredths, *_ in rows]
    assert [cell_text(values["Ort"], at) for at in range(len(rows))] == [city for _, _, city, _ in rows]


def cell_text(values: Any, lead: int) -> str:
    return str(values.levels[values.codes[lead]])


CELLS = st.text(st.sampled_from(string.printable + "äöüé€–’\u00a0\u200b"), max_size=20)


@given(st.lists(st.lists(CELLS, min_size=1, max_size=6), min_size=1, max_size=12), st.sampled_from(",;\t|"))
@examples(100, suppress_health_check=list(HealthCheck))
def test_any_cells_become_leads_or_a_refusal(tmp_path: Path, rows: list[list[str]], delimiter: str) -> None:
    path = tmp_path / "leads.csv"
    numbered = ([str(n), "yes" if n % 2 else "no", *row] for n, row in enumerate(rows))
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows([["id", "won", "c1", "c2", "c3", "c4"], *numbered])
    try:
        table = read_table(path)
        plan = plan_import(table, StatedColumns(id="id", outcome="won"), StatedFormats(), ("en",))
        parsed_leads = parsed(plan)
        values = lead_values(parsed_leads, plan.policy, person_key="")
    except InputError as error:
        assert error.remedy
        return
    assert len(parsed_leads) <= len(rows)
    for item in values.attributes:
        column = item.numbers if item.numbers is not None else item.codes
        assert column is not None and len(column) == len(parsed_leads)
