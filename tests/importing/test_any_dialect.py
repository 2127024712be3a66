"""A table written in any dialect, encoding, date order and number style comes back as the same leads."""

from __future__ import annotations

import csv
import html
import io
import json
import string
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, assume, given, strategies as st

from leadwerk.errors import InputError
from leadwerk.importing.column_mapping import StatedColumns
from leadwerk.importing.lead_values import lead_values
from leadwerk.importing.leads import ParsedLeads, parse_leads
from leadwerk.importing.plan import StatedFormats, mapping_for_scoring, plan_import
from leadwerk.importing.table import read_table
from leadwerk.policy.model import Policy
from support.examples import examples
from support.imported_files import NOW, parsed
from support.workbooks import workbook

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
    number: str = "amount"
    container: str = "text"
    is_wrapped: bool = False
    zone: str = "UTC"


MONTHS = {
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "it": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "en": "January February March April May June July August September October November December",
}
NAMED = {
    "de": "{d}. {m} {y}, {t} Uhr",
    "fr": "{d} {m} {y} à {t}",
    "it": "{d} {m} {y}, ore {t}",
    "en": "{m} {d}, {y} {t}",
}
"""Times with the names of months as people of four languages write them."""


ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "cp850", "mac_roman")
NUMBERS = ("amount", "amount", "brackets", "percent", "thousands", "millions", "lakhs", "sign behind")
habits = st.builds(
    Habit,
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
    encoding=st.sampled_from(
        ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "cp850", "mac_roman"]
    ),
    line_end=st.sampled_from(["\n", "\r\n", "\r"]),
    time=st.sampled_from(
        [
            "%d.%m.%Y %H:%M",
            "%Y-%m-%d %H:%M",
            "%m/%d/%Y %I:%M %p",
            "%d/%m/%Y %H:%M",
            "%Y-%m-%dT%H:%M:00Z",
            "epoch",
            "milliseconds",
            "microseconds",
            "serial",
            "%d.%m.%y %H:%M",
            "%Y/%m/%d half",
            "offsets",
            *NAMED,
        ]
    ),
    decimal=st.sampled_from([".", ","]),
    thousands=st.sampled_from(["", "'", " ", "mark"]),
    unit=st.sampled_from(["{}", "CHF {}", "{} €", "${}"]),
    title=st.sampled_from(["", "Leads of 2024\n\n", "Report,,,\nfor:,everybody\n"]),
    total=st.booleans(),
    names_delimiter=st.booleans(),
    number=st.sampled_from(
        ["amount", "amount", "brackets", "percent", "thousands", "millions", "lakhs", "sign behind"]
    ),
    container=st.sampled_from(["text", "text", "text", "workbook", "typed workbook", "json", "page"]),
    is_wrapped=st.booleans(),
    zone=st.sampled_from(["UTC", "UTC", "Europe/Zurich", "America/New_York", "Asia/Kolkata"]),
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


EPOCHS = {"epoch": 1, "milliseconds": 1_000, "microseconds": 1_000_000}


def moment(minutes: int, habit: Habit) -> str:
    """A time as the habit writes it: on a clock in its zone, unless the text itself states the moment."""
    at = START + timedelta(minutes=minutes)
    if habit.time in EPOCHS:
        return str(int(at.timestamp()) * EPOCHS[habit.time])
    if habit.time == "offsets":
        return at.astimezone(timezone(timedelta(hours=minutes % 25 - 12))).isoformat()
    if habit.time.endswith("Z"):
        return at.strftime(habit.time)
    at = at.astimezone(ZoneInfo(habit.zone)).replace(tzinfo=None)
    if habit.time == "%Y/%m/%d half":
        return f"{at:%Y/%m/%d} {at.hour % 12 or 12}:{at:%M:%S} {'vorm.' if at.hour < 12 else 'nachm.'}"
    if habit.time in NAMED:
        month = MONTHS[habit.time].split()[at.month - 1]
        return NAMED[habit.time].format(d=at.day, m=month, y=at.year, t=f"{at:%H:%M}")
    if habit.time == "serial":
        return f"{(at.replace(tzinfo=UTC) - datetime(1899, 12, 30, tzinfo=UTC)) / timedelta(days=1):.9f}".replace(
            ".", habit.decimal
        )
    return at.strftime(habit.time)


def is_told_twice(minutes: int, zone: str) -> bool:
    """Whether a clock in the zone shows this time twice, on the night when summer ends."""
    at = (START + timedelta(minutes=minutes)).astimezone(ZoneInfo(zone))
    return at.utcoffset() != at.replace(fold=1 - at.fold).utcoffset()


def number(hundredths: int, habit: Habit) -> str:
    """A number as the habit writes it; every second one is negative where it writes negatives in its own way."""
    plain = f"{hundredths // 100}{habit.decimal}{hundredths % 100:02}"
    is_negative = hundredths % 2 == 1
    styles = {
        "percent": f"{plain} %",
        "thousands": f"{plain}K",
        "millions": f"{plain} Mio.",
        "brackets": f"({plain})" if is_negative else plain,
        "sign behind": f"{plain}-" if is_negative else plain,
        "lakhs": f"₹{in_lakhs(hundredths // 100)}.{hundredths % 100:02}",
    }
    return styles.get(habit.number) or amount(hundredths, habit)


def in_lakhs(whole: int) -> str:
    """A whole number as India groups it: 12,34,56,789."""
    digits, groups = str(whole), []
    digits, groups = digits[:-3], [digits[-3:]]
    while digits:
        digits, groups = digits[:-2], [digits[-2:], *groups]
    return ",".join(groups)


def value(hundredths: int, habit: Habit) -> float:
    """The number that `number` writes."""
    factor = {"percent": 0.01, "thousands": 1e3, "millions": 1e6}.get(habit.number, 1.0)
    sign = -1 if habit.number in ("brackets", "sign behind") and hundredths % 2 == 1 else 1
    return sign * hundredths * factor / 100


def amount(hundredths: int, habit: Habit) -> str:
    part = {"mark": "." if habit.decimal == "," else ","}.get(habit.thousands, habit.thousands)
    return habit.unit.format(f"{hundredths // 100:,}".replace(",", part) + f"{habit.decimal}{hundredths % 100:02}")


def table_of(rows: list[tuple[int, int, str, bool]], habit: Habit) -> list[list[str]]:
    cells = [
        [f"L{at}", moment(minutes, habit), number(hundredths, habit), city, "ja" if won else "nein"]
        for at, (minutes, hundredths, city, won) in enumerate(rows)
    ]
    return [["Nr", "Eingang", "Betrag", "Ort", "Ergebnis"], *cells]


def written(rows: list[tuple[int, int, str, bool]], habit: Habit) -> bytes:
    stream = io.StringIO(newline="")
    stream.write(habit.title)
    if habit.names_delimiter:
        stream.write(f"sep={habit.delimiter}\n")
    writer = csv.writer(stream, delimiter=habit.delimiter, quoting=habit.quoting, lineterminator="\n")  # type: ignore[arg-type]
    writer.writerows(table_of(rows, habit))
    if habit.total:
        writer.writerow(["Total", "", "", "", ""])
    text = stream.getvalue()
    if habit.is_wrapped and not habit.title and not habit.names_delimiter:
        escaped = (line.replace('"', '""') for line in text.splitlines())
        text = "".join(f'"{line}"\n' for line in escaped)
    text = text.replace("\n", habit.line_end)
    if habit.encoding in ("cp850", "cp1252", "mac_roman"):
        text = text.replace("₹", "Rs.").replace("€", "EUR")
    return text.encode(habit.encoding)


def typed(cell: str) -> object:
    """A cell as a spreadsheet holds it: a number where the text is one."""
    try:
        return float(cell)
    except ValueError:
        return cell


def store(path: Path, rows: list[tuple[int, int, str, bool]], habit: Habit) -> Path:
    """The rows in a file of the habit's kind."""
    titles, *cells = table_of(rows, habit)
    if habit.container == "workbook":
        return workbook(path, {"Leads": [[*row] for row in (titles, *cells)]})
    if habit.container == "typed workbook":
        return workbook(path, {"Leads": [[*titles], *([*map(typed, row)] for row in cells)]})
    if habit.container == "json":
        path.write_text("\n".join(json.dumps(dict(zip(titles, row, strict=True))) for row in cells), "utf-8")
    elif habit.container == "page":
        lines = "".join(f"<tr>{''.join(f'<td>{html.escape(cell)}' for cell in row)}</tr>" for row in (titles, *cells))
        path.write_text(f"<html><meta charset=utf-8><table>{lines}</table></html>", "utf-8")
    else:
        path.write_bytes(written(rows, habit))
    return path


def is_readable(rows: list[tuple[int, int, str, bool]], habit: Habit) -> bool:
    """Whether the file says what it means: Excel reads a sep= line below a title as a title, and so do we."""
    return not (habit.title and habit.names_delimiter) and not any(is_told_twice(row[0], habit.zone) for row in rows)


STATED = StatedColumns(id="Nr", outcome="Ergebnis", positive="ja", time="Eingang")


def assert_same_leads(leads: ParsedLeads, policy: Policy, rows: list[tuple[int, int, str, bool]], habit: Habit) -> None:
    assert leads.ids.to_pylist() == [f"L{number}" for number in range(len(rows))]
    assert [at.item().replace(tzinfo=UTC) for at in leads.created_at] == [
        START + timedelta(minutes=minutes) for minutes, *_ in rows
    ]
    values = {item.attribute.source: item for item in lead_values(leads, policy, person_key="").attributes}
    assert values["Betrag"].numbers is not None
    assert values["Betrag"].numbers.tolist() == pytest.approx([value(hundredths, habit) for _, hundredths, *_ in rows])
    assert [cell_text(values["Ort"], at) for at in range(len(rows))] == [city for _, _, city, _ in rows]


@given(leads, habits)
@examples(80, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_the_same_leads_come_back(tmp_path: Path, rows: list[tuple[int, int, str, bool]], habit: Habit) -> None:
    rows = spread(rows)
    assume(is_readable(rows, habit))
    table = read_table(store(tmp_path / "leads.csv", rows, habit))
    plan = plan_import(table, replace(STATED, zone=habit.zone), StatedFormats(), ("de",))
    parsed_leads = parsed(plan)
    assert_same_leads(parsed_leads, plan.policy, rows, habit)
    assert [parsed_leads.status_names[status] == "ja" for status in parsed_leads.statuses] == [won for *_, won in rows]


@given(leads, habits, habits)
@examples(60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_they_come_back_from_a_file_to_be_scored_that_another_program_wrote(
    tmp_path: Path, rows: list[tuple[int, int, str, bool]], learned: Habit, later: Habit
) -> None:
    rows = spread(rows)
    # The zone is the source's, and amounts in another currency are asked about.
    later = replace(later, zone=learned.zone, number=learned.number, unit=learned.unit)
    assume(is_readable(rows, learned) and is_readable(rows, later))
    table = read_table(store(tmp_path / "leads.csv", rows, learned))
    plan = plan_import(table, replace(STATED, zone=learned.zone), StatedFormats(), ("de",))
    new = read_table(store(tmp_path / "new.csv", rows, later))
    leads = parse_leads(new, mapping_for_scoring(new, plan.mapping), now=NOW, is_scoring=True)
    assert_same_leads(leads, plan.policy, rows, later)


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
