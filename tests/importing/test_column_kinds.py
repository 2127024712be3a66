"""What a column is, is judged by all of its values together."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, strategies as st

from leadwerk.importing.column_kinds import Column, describe_columns
from leadwerk.importing.number_column import numbers_of
from leadwerk.importing.personal_columns import names_persons
from leadwerk.importing.table import CsvTable, Frame
from leadwerk.importing.text_column import TextColumn
from leadwerk.importing.time_column import moments_of


def described(*values: str, title: str = "column", **stated: str) -> Column:
    cells = TextColumn.from_texts(list(values))
    table = CsvTable(Path("x.csv"), Frame("text"), (title,), np.arange(len(values)), (cells,))
    return describe_columns(table, **stated)[0]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["1", "2.5", "", "NA"], "number"),
        (["1'200", "CHF 900.–"], "number"),
        (["yes", "no", "yes"], "yes_no"),
        (["Ja", "nein", "JA "], "yes_no"),
        (["wahr", "falsch", ""], "yes_no"),
        (["vrai", "faux"], "yes_no"),
        (["x", "", "x"], "yes_no"),
        (["31.12.2025", "1.1.2026", "2.1.2026"], "date"),
        (["5 janvier 2026", "1er février 2026"], "date"),
        (["1700000000000", "1700000000001"], "date"),
        (["a", "a", ""], "constant"),
        (["", "n/a", "-"], "empty"),
        ([str(n) for n in range(11, 40)], "row_number"),
        ([str(n) for n in (*range(20, 40), *range(20))], "row_number"),
        ([*map(str, range(40)), "55"], "number"),
        ([*map(str, range(40)), "39"], "number"),
        ([*map(str, range(40)), ""], "number"),
        ([str(n / 2) for n in range(40)], "number"),
        ([str(n) for n in range(8)], "number"),
        ([f"person {n}" for n in range(500)], "text"),
        ([f"Anna Muster {n}" for n in range(40)], "text"),
        ([*["Rückruf auf morgen, sagt Anna Meier"] * 30, *["Anna Meier will etwas anderes wissen"] * 30], "text"),
        (["a.muster@firma.ch", "b@web.de", "fehlt"], "contact"),
        (["079 123 45 67", "+41 44 123 45 67", ""], "contact"),
        ([*["Skype"] * 8, "a.muster@firma.ch"], "contact"),
        (["0791234567", "0441234567"], "contact"),
        (["01.02.2026", "03.02.2026"], "date"),
        (["0.041666667", "0.0123456789", "0.2"], "number"),
        (["+12.5", "-3", "0"], "number"),
        (["65%", "12,5 %"], "number"),
        (["(2,001.00)", "6,003.00"], "number"),
        (["11-50", "51-200", "5000+"], "number"),
        (["00:12:38", "01:00:00"], "number"),
        (["100,00-", "250,00"], "number"),
        (["a;b", "b;c", "a", "c;a", "b", "a;b;c"] * 5, "options"),
        (["Bern, Schweiz", "Genf, Schweiz"] * 3, "category"),
    ],
)
def test_kinds(values: list[str], kind: str) -> None:
    assert described(*values).kind == kind


@pytest.mark.parametrize(
    "title",
    [
        *("Name", "Vorname", "first_name", " Last-Name ", "Prénom", "Cognome", "FirstName", "FullName", "Name1"),
        *("Vor- und Nachname", "Kunde", "Kontakt", "Ansprechperson", "Customer", "Client (Name)", "Contact Person"),
        *("Nom du client", "Interlocuteur", "Referente", "Nome cliente", "Antragsteller", "Mieter", "Benutzername"),
        *("Lead Owner", "Telefonnummer", "Strasse", "E-Mail 2", "Anrede"),
    ],
)
def test_columns_that_name_persons_are_not_learned_from(title: str) -> None:
    assert described("Anna", "Beat", "Anna", "Anna", title=title).kind == "contact"
    assert described("Anna", "Beat", "Anna", "Anna", title=title, include=(title,)).kind == "category"


def test_an_index_is_learned_from_where_the_user_says_so() -> None:
    assert described(*map(str, range(40)), title="", include=("",)).kind == "number"


@pytest.mark.parametrize(
    "title", ["Firmenname", "Kundentyp", "Company Name", "Customer Segment", "Kampagnenname", "Contact Count", "Ort"]
)
def test_columns_beside_persons_are_learned_from(title: str) -> None:
    assert not names_persons(title)


def test_a_few_odd_values_do_not_make_numbers_a_category() -> None:
    assert described(*map(str, range(200)), "many").kind == "number"


def test_numbered_grades_are_categories() -> None:
    assert described("01.High", "02.Medium", "03.Low").kind == "category"


@pytest.mark.parametrize(
    ("values", "decimal"),
    [
        (["3.125", "0.5", "12"], "."),
        (["3,5", "1.250,00"], ","),
        (["1,250,000", "900"], "."),
        (["1.250.000", "900"], ","),
        (["1.250", "1250"], "."),
        ([*(f"{n}.{n * 7 % 1000:03}" for n in range(1, 31)), "7", "950"], ","),
        (["12", "13"], None),
    ],
)
def test_a_column_proves_its_decimal_mark(values: list[str], decimal: str | None) -> None:
    column = described(*values)
    assert (column.kind, column.format.decimal, column.question) == ("number", decimal, "")


def test_a_decimal_mark_that_nothing_proves_is_asked_for_and_can_be_stated() -> None:
    assert "Say --decimal" in described("1.250", "3.500").question
    stated = described("1.250", "3.500", decimal=",")
    assert (stated.question, stated.format.decimal) == ("", ",")


def test_other_columns_and_the_delimiter_are_evidence() -> None:
    unclear, clear = TextColumn.from_texts(["1.250", "3.500"]), TextColumn.from_texts(["1,5", "2,25"])
    lone = CsvTable(Path("x.csv"), Frame("text"), ("a",), np.arange(2), (unclear,))
    beside = CsvTable(Path("x.csv"), Frame("text"), ("a", "b"), np.arange(2), (unclear, clear))
    assert describe_columns(lone)[0].question
    assert describe_columns(beside)[0].format.decimal == ","


def test_column_counts_missing_and_distinct_values() -> None:
    column = described("Bern", "", "Bern", "Chur", "null")
    assert (column.missing, column.distinct, column.examples) == (2, 2, ("Bern", "Chur"))


def test_examples_of_persons_are_not_shown() -> None:
    assert described("Anna", "Beat", "Anna", title="Name").examples == ()


@given(st.floats(min_value=-1e13, max_value=1e13))
def test_every_number_python_writes_is_read_back(value: float) -> None:
    assert numbers_of(TextColumn.from_texts([repr(value)]), ".")[0] == value


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=30), max_size=5))
def test_no_text_makes_the_parsers_fail(texts: list[str]) -> None:
    column = TextColumn.from_texts(texts)
    for decimal in (".", ",", None):
        assert len(numbers_of(column, decimal)) == len(column.distinct)  # type: ignore[arg-type]
    for form in ("text", "serial", "seconds", "milliseconds", "microseconds"):
        assert len(moments_of(column, form, "dmy", "Europe/Zurich")) == len(column.distinct)  # type: ignore[arg-type]
    described(*texts)


def test_different_cells_come_with_their_counts_however_many_there_are() -> None:
    texts = [f" text {number % 9_000}" for number in range(10_000)]
    cells = TextColumn.from_texts([*texts, "", "n/a"])
    assert dict(cells.filled_texts()) == Counter(text.strip() for text in texts)
