"""Files as CRMs, banks and spreadsheets of four countries export them: read, or refused with a question."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from leadwerk.errors import InputError
from leadwerk.importing.leads import ParsedLeads
from leadwerk.importing.number_column import numbers_of
from support.imported_files import parsed, plan, table

LEADS = 60
MONTHS = ("gennaio", "febbraio", "marzo", "aprile", "maggio", "giugno", "luglio")


def moment(n: int) -> datetime:
    return datetime(2025, 1, 6, 16, 3, tzinfo=UTC) + timedelta(hours=37 * n)


def is_won(n: int) -> bool:
    return n % 3 == 0


def text_file(header: str, row: Callable[[int], str]) -> str:
    return "\n".join([header, *map(row, range(LEADS))]) + "\n"


def read(folder: Path, content: str, name: str = "leads.csv", **stated: Any) -> ParsedLeads:
    return parsed(plan(table(folder, content, name), "Nr", "Stato", **({"time": "Data"} | stated)))


@pytest.mark.parametrize(
    "written",
    [
        lambda at: f"{at.day} {MONTHS[at.month - 1]} {at.year}, ore {at:%H:%M}",
        lambda at: f"{at:%d/%m/%Y} alle ore {at:%H:%M}",
        lambda at: f"{at:%d/%m/%Y} à {at:%H}h{at:%M}",
        lambda at: f"{at:%d.%m.%Y} um {at:%H:%M} Uhr",
        lambda at: f"\u200e{at:%d/%m/%Y} {at:%H:%M}\u200f",
    ],
)
def test_days_with_a_word_before_the_hour_are_times(tmp_path: Path, written: Callable[[datetime], str]) -> None:
    leads = read(
        tmp_path, text_file("Nr;Data;Stato", lambda n: f"L{n};{written(moment(n))};{'Vinto' if is_won(n) else 'Perso'}")
    )
    assert [at.item().replace(tzinfo=UTC) for at in leads.created_at] == [moment(n) for n in range(LEADS)]


def test_marks_of_writing_direction_are_no_part_of_ids_and_titles(tmp_path: Path) -> None:
    row = lambda n: f"\u200eL{n}\u200f,{moment(n):%Y-%m-%d},{'Won' if is_won(n) else 'Lost'}"  # noqa: E731
    leads = read(tmp_path, text_file("\u202bNr\u202c,Data,Stato", row))
    assert leads.ids.to_pylist() == [f"L{n}" for n in range(LEADS)]


def test_amounts_of_money_with_three_digits_behind_the_point_are_thousands(tmp_path: Path) -> None:
    content = table(
        tmp_path, text_file("Nr;Stato;Betrag", lambda n: f"L{n};{'Won' if is_won(n) else 'Lost'};{n}.000 €")
    )
    how = plan(content, "Nr", "Stato")
    numbers = numbers_of(content.column("Betrag"), how.mapping.formats["Betrag"].decimal)
    assert numbers.tolist() == [n * 1000.0 for n in range(LEADS)]


def test_rows_without_anything_are_no_leads_wherever_they_stand(tmp_path: Path) -> None:
    row = lambda n: f";;\nL{n};{moment(n):%Y-%m-%d};{'Won' if is_won(n) else 'Lost'}"  # noqa: E731
    leads = read(tmp_path, text_file("Nr;Data;Stato", row))
    assert (len(leads), leads.rejections) == (LEADS, ())


def test_a_cell_of_a_page_over_several_rows_says_the_same_of_each(tmp_path: Path) -> None:
    rows = "".join(
        f"<tr>{f'<td rowspan=2>{moment(n):%d.%m.%Y}</td>' if n % 2 == 0 else ''}<td>L{n}</td>"
        f"<td>{'Won' if is_won(n) else 'Lost'}</td></tr>"
        for n in range(LEADS)
    )
    page = f"<table><tr><th colspan=3>Leads</th></tr><tr><th>Data<th>Nr<th>Stato</tr>{rows}</table>"
    leads = read(tmp_path, page, "leads.xls")
    assert leads.ids.to_pylist() == [f"L{n}" for n in range(LEADS)]
    assert [at.item().date() for at in leads.created_at] == [moment(n - n % 2).date() for n in range(LEADS)]


@pytest.mark.parametrize("number", ["+41 79 {0:03} 45 67", "079/{0:03}.45.67", "0041 79 {0:03} 4567"])
def test_telephone_numbers_are_no_ids(tmp_path: Path, number: str) -> None:
    content = text_file("Telefon;Stato", lambda n: f"{number.format(n)};{'Won' if is_won(n) else 'Lost'}")
    how = plan(table(tmp_path, content), "Telefon", "Stato")
    with pytest.raises(InputError, match="e-mail addresses or telephone numbers, which are never stored"):
        parsed(how)


@pytest.mark.parametrize("title", ["Nr", "Kundennummer", "Hotel"])
def test_ids_that_begin_with_zeros_are_no_telephone_numbers(tmp_path: Path, title: str) -> None:
    content = text_file(f"{title};Stato", lambda n: f"000{n:07};{'Won' if is_won(n) else 'Lost'}")
    assert parsed(plan(table(tmp_path, content), title, "Stato")).ids.to_pylist()[7] == "0000000007"


STAGES = ("Closed Lost", "Closed Lost", "Negotiation/Review")


def pipeline(stages: tuple[str, ...]) -> str:
    return text_file("Nr;Stato", lambda n: f"L{n};{'Closed Won' if is_won(n) else stages[n % len(stages)]}")


def test_statuses_that_may_be_lost_or_open_are_a_question(tmp_path: Path) -> None:
    content = table(tmp_path, pipeline(STAGES))
    with pytest.raises(
        InputError, match=r"not clear for these values of 'Stato': 'Negotiation/Review' \(20\)"
    ) as error:
        plan(content, "Nr", "Stato")
    assert "--open VALUE" in error.value.remedy and "--lost VALUE" in error.value.remedy
    stated = plan(content, "Nr", "Stato", open=("Negotiation/Review",)).mapping
    assert (stated.positive, stated.open) == ("Closed Won", ("Negotiation/Review",))
    assert plan(content, "Nr", "Stato", lost=("Closed Lost",)).mapping.open == ("Negotiation/Review",)


@pytest.mark.parametrize(
    "stages",
    [("Nurturing",), ("Lost - price", "Lost - timing"), ("Rejected", "Closed Lost"), ("Open", "Not converted")],
)
def test_statuses_that_mean_lost_need_no_question(tmp_path: Path, stages: tuple[str, ...]) -> None:
    mapping = plan(table(tmp_path, pipeline(stages)), "Nr", "Stato").mapping
    assert (mapping.positive, mapping.open) == ("Closed Won", tuple(stage for stage in stages if stage == "Open"))


SALESFORCE = {
    "English": ("Closed - Converted", "Closed - Not Converted", "Open - Not Contacted", "Working - Contacted"),
    "German": (
        *("Geschlossen - konvertiert", "Geschlossen - nicht konvertiert"),
        *("Offen - nicht kontaktiert", "In Bearbeitung - kontaktiert"),
    ),
    "two words": ("Konvertiert", "Nicht konvertiert"),
}


@pytest.mark.parametrize("name", SALESFORCE)
def test_the_statuses_that_salesforce_brings_need_no_question(tmp_path: Path, name: str) -> None:
    stages = SALESFORCE[name]
    content = table(tmp_path, text_file("Nr;Stato", lambda n: f"L{n};{stages[n % len(stages)]}"))
    mapping = plan(content, "Nr", "Stato").mapping
    assert (mapping.positive, {*mapping.open}) == (stages[0], {*stages[2:]})


def test_titles_of_only_spaces_are_titles(tmp_path: Path) -> None:
    row = lambda n: f"L{n},{'Won' if is_won(n) else 'Lost'},{moment(n):%Y-%m-%d},{n % 3},{n % 5},x"  # noqa: E731
    leads = read(tmp_path, text_file("Nr,Stato,Data, ,  ,", row))
    assert (len(leads), leads.table.columns[:3]) == (LEADS, ("Nr", "Stato", "Data"))


def test_a_line_above_the_titles_is_no_line_of_titles(tmp_path: Path) -> None:
    row = lambda n: f"L{n};{moment(n):%Y-%m-%d};{'Won' if is_won(n) else 'Lost'};{n % 5}"  # noqa: E731
    leads = read(tmp_path, text_file("Bericht;Muster AG;;\nNr;Data;Stato;Besuche", row))
    assert (len(leads), leads.table.columns) == (LEADS, ("Nr", "Data", "Stato", "Besuche"))
