"""Hostile CSV files: every row that can be read is read, every other is named with its line and reason."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from leadwerk.errors import InputError
from leadwerk.importing.encoding import decode
from leadwerk.importing.records import Record, lines_of, sniff, split
from leadwerk.importing.table import CsvTable, read, write


def table(folder: Path, content: str | bytes) -> CsvTable:
    path = folder / "leads.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read(path)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_umlauts_survive_every_encoding_that_spreadsheets_write(tmp_path: Path, encoding: str) -> None:
    text = "Nr;Ort;Größe\r\n1;Zürich;groß\r\n2;Genève;mittel\r\n"
    found = table(tmp_path, text.encode(encoding))
    assert found.columns == ("Nr", "Ort", "Größe")
    assert found.values("Ort") == ["Zürich", "Genève"]


def test_the_encoding_is_said(tmp_path: Path) -> None:
    assert table(tmp_path, "a,b\n1,ü\n".encode("cp1252")).encoding == "cp1252"
    assert table(tmp_path, "a,b\n1,ü\n".encode("utf-8-sig")).encoding == "utf-8"


def test_bytes_that_windows_leaves_undefined_are_no_reason_to_refuse() -> None:
    assert decode(b"a\x81\xe4") == ("a\x81ä", "cp1252")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_although_others_stand_in_the_fields(tmp_path: Path, delimiter: str) -> None:
    rows = [["id", "betrag", "text"], ["1", "1,5", "a;b"], ["2", "2,5", "c|d"], ["3", "7,25", "e\tf"]]
    stream = io.StringIO()
    csv.writer(stream, delimiter=delimiter).writerows(rows)
    found = table(tmp_path, stream.getvalue())
    assert (found.delimiter, found.columns) == (delimiter, ("id", "betrag", "text"))
    assert [row.fields for row in found.rows] == rows[1:]


def test_a_row_with_too_many_or_too_few_fields_is_set_apart(tmp_path: Path) -> None:
    found = table(tmp_path, "id,name\n1,a\n2\n3,c,extra\n4,d\n")
    assert [row.fields[0] for row in found.rows] == ["1", "4"]
    assert [(b.line, b.reason) for b in found.broken] == [
        (3, "has 1 fields, the header 2"),
        (4, "has 3 fields, the header 2"),
    ]


def test_a_quote_that_is_never_closed_costs_one_line_only(tmp_path: Path) -> None:
    found = table(tmp_path, 'id,name\n1,a\n2,"never closed\n3,c\n4,"d, e"\n5,f\n')
    assert [row.fields for row in found.rows] == [["1", "a"], ["3", "c"], ["4", "d, e"], ["5", "f"]]
    assert [b.line for b in found.broken] == [3]


def test_a_quoted_field_may_hold_lines_delimiters_and_quotes(tmp_path: Path) -> None:
    found = table(tmp_path, 'id,note\n1,"first line\nsecond, ""quoted"" line"\n2,plain\n')
    assert found.values("note") == ['first line\nsecond, "quoted" line', "plain"]
    assert [row.line for row in found.rows] == [2, 4]


def test_inches_in_an_unquoted_field_are_text(tmp_path: Path) -> None:
    assert table(tmp_path, 'id,size\n1,27" screen\n2,x\n').values("size") == ['27" screen', "x"]


def test_columns_without_a_name_or_with_one_twice_get_their_own(tmp_path: Path) -> None:
    found = table(tmp_path, "id,,name,name\n1,2,3,4\n")
    assert found.columns == ("id", "column 2", "name", "name (2)")
    assert len(found.renamed) == 2


def test_a_column_is_found_whatever_its_case_and_the_nearest_is_proposed(tmp_path: Path) -> None:
    found = table(tmp_path, "Lead Number,Converted\n1,0\n")
    assert found.index(" lead number ") == 0
    with pytest.raises(InputError, match="Did you mean 'Lead Number'"):
        found.index("LeadNumber")


@pytest.mark.parametrize(("content", "reason"), [("", "it is empty"), ('"open\n', "a quote is opened")])
def test_a_file_without_a_table_is_refused(tmp_path: Path, content: str, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        table(tmp_path, content)


def test_a_file_that_is_not_there_is_refused_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nothing\.csv cannot be read"):
        read(tmp_path / "nothing.csv")


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    rows = [["1", 'a "b", c'], ["2", "é\nü"]]
    write(tmp_path / "deep" / "out.csv", ("id", "note"), rows)
    assert [row.fields for row in read(tmp_path / "deep" / "out.csv").rows] == rows


FIELD = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=12)


@given(st.lists(st.lists(FIELD, min_size=3, max_size=3), min_size=1, max_size=8), st.sampled_from(",;\t|"))
def test_every_well_formed_file_is_read_as_it_was_written(rows: list[list[str]], delimiter: str) -> None:
    stream = io.StringIO(newline="")
    csv.writer(stream, delimiter=delimiter, quoting=csv.QUOTE_ALL).writerows(rows)
    found = list(split(lines_of(stream.getvalue()), delimiter))
    assert [item.fields for item in found if isinstance(item, Record)] == rows


@given(st.text(max_size=200))
def test_no_text_makes_the_reader_fail_or_lose_a_line(text: str) -> None:
    lines = lines_of(text)
    found = list(split(lines, sniff(lines)))
    assert all(1 <= item.line <= len(lines) for item in found)
    assert [item.line for item in found] == sorted({item.line for item in found})
