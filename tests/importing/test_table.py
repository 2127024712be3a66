"""Hostile files: every row that can be read is read, every other is named with its line and reason."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, strategies as st

from leadwerk.errors import InputError
from leadwerk.importing.encoding import most_plausible
from leadwerk.importing.records import Dialect, MalformedLine, Record, sniff, split
from leadwerk.importing.table import CsvTable, ReadOptions, read_table
from leadwerk.importing.written_file import write_table
from support.imported_files import table
from support.workbooks import workbook

UMLAUTS = "Nr;Ort;Größe\r\n1;Zürich;groß\r\n2;Genève;mittel\r\n"


def rows(parsed_table: CsvTable) -> list[list[str]]:
    return [list(cells) for cells in parsed_table.rows()]


def lines_of(text: str) -> list[str]:
    return list(io.StringIO(text, newline=""))


@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252", "cp850", "mac_roman"],
)
def test_umlauts_survive_every_encoding_that_programs_write(tmp_path: Path, encoding: str) -> None:
    parsed = table(tmp_path, UMLAUTS.encode(encoding))
    assert parsed.columns == ("Nr", "Ort", "Größe")
    assert parsed.values("Ort") == ["Zürich", "Genève"]


@pytest.mark.parametrize("mark", [b"\xef\xbb\xbf" * 2, b"\xef\xbb\xbf" * 3])
def test_several_byte_order_marks_are_none_of_the_title(tmp_path: Path, mark: bytes) -> None:
    assert table(tmp_path, mark + UMLAUTS.encode()).columns[0] == "Nr"


def test_the_encoding_is_stated_and_can_be_overruled(tmp_path: Path) -> None:
    parsed = table(tmp_path, "a,b\n1,ü\n".encode("cp1252"))
    assert parsed.frame.description == "cp1252, separated by comma"
    assert read_table(parsed.path, ReadOptions(encoding="cp850")).values("b") == ["³"]
    with pytest.raises(InputError, match="'klingon' is unknown"):
        read_table(parsed.path, ReadOptions(encoding="klingon"))


@pytest.mark.parametrize(
    "sample", ["Müller Größe Ärzte Köln", "Genève Société François fête", "città perché più Müller"]
)
@pytest.mark.parametrize("encoding", ["cp1252", "cp850", "mac_roman"])
def test_a_few_words_show_their_encoding(sample: str, encoding: str) -> None:
    assert most_plausible([term.encode(encoding) for term in sample.split()]) == encoding


def test_bytes_that_windows_leaves_undefined_are_written_back_as_they_were(tmp_path: Path) -> None:
    parsed = table(tmp_path, b"a;b\n1;G\xe4ste \x81 f\xfcr Z\xfcrich\n")
    assert parsed.values("b") == ["Gäste \x81 für Zürich"]
    assert parsed.frame.encoding is not None
    write_table(tmp_path / "out.csv", parsed.columns, parsed.rows(), delimiter=";", encoding=parsed.frame.encoding)
    assert (tmp_path / "out.csv").read_bytes() == b"a;b\r\n1;G\xe4ste \x81 f\xfcr Z\xfcrich\r\n"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_although_others_stand_in_the_fields(tmp_path: Path, delimiter: str) -> None:
    expected_rows = [["id", "betrag", "text"], ["1", "1,5", "a;b"], ["2", "2,5", "c|d"], ["3", "7,25", "e\tf"]]
    stream = io.StringIO()
    csv.writer(stream, delimiter=delimiter).writerows(expected_rows)
    parsed = table(tmp_path, stream.getvalue())
    assert (parsed.frame.delimiter, parsed.columns) == (delimiter, ("id", "betrag", "text"))
    assert rows(parsed) == expected_rows[1:]


def test_a_delimiter_can_be_stated(tmp_path: Path) -> None:
    path = table(tmp_path, "a^b\n1^2\n").path
    assert read_table(path, ReadOptions(delimiter="^")).columns == ("a", "b")
    with pytest.raises(InputError, match="cannot separate fields"):
        read_table(path, ReadOptions(delimiter="<>"))


def test_a_row_with_too_many_fields_is_set_apart_and_a_short_one_filled(tmp_path: Path) -> None:
    parsed = table(tmp_path, "id,name\n1,a\n2\n3,c,extra\n4,d,\n")
    assert rows(parsed) == [["1", "a"], ["2", ""], ["4", "d"]]
    assert parsed.frame.short_rows == 1
    assert parsed.malformed == (MalformedLine(4, "has 3 fields, the header 2"),)


def test_a_quote_that_is_never_closed_costs_one_line_only(tmp_path: Path) -> None:
    parsed = table(tmp_path, 'id,name\n1,a\n2,"never closed\n3,c\n4,"d, e"\n5,f\n')
    assert rows(parsed) == [["1", "a"], ["3", "c"], ["4", "d, e"], ["5", "f"]]
    assert [line.line for line in parsed.malformed] == [3]


def test_a_quoted_field_may_hold_lines_delimiters_and_quotes(tmp_path: Path) -> None:
    parsed = table(tmp_path, 'id,note\n1,"first line\nsecond, ""quoted"" line"\n2,plain\n')
    assert parsed.values("note") == ['first line\nsecond, "quoted" line', "plain"]
    assert parsed.lines.tolist() == [2, 4]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('id,size\n1,27" screen\n2,x\n', [["1", '27" screen'], ["2", "x"]]),
        ('id, name\n1, "a, b"\n2, "c"\n', [["1", "a, b"], ["2", "c"]]),
        ('id,name\n1,"say \\"a, b\\""\n2,"c"\n', [["1", 'say "a, b"'], ["2", "c"]]),
        ("'id','name'\n'1','a, b'\n'2','c'\n", [["1", "a, b"], ["2", "c"]]),
        ('"id,name"\n"1,""a, b"""\n"2,c"\n', [["1", "a, b"], ["2", "c"]]),
        ("id,name,\n1,a,\n2,b,\n", [["1", "a"], ["2", "b"]]),
        ("id,name\n1,a\nid,name\n2,b\n", [["1", "a"], ["2", "b"]]),
        ('sep=,\n"id","name"\n1,a\n2,b\n', [["1", "a"], ["2", "b"]]),
        ("Report\n\nid,name,x\n1,a,\n2,b,\nTotal,,2\n", [["1", "a", ""], ["2", "b", ""]]),
        ("id,name,x\n1,a,1\n2,b,1\n\nCreated by the CRM on Monday,,\n", [["1", "a", "1"], ["2", "b", "1"]]),
    ],
)
def test_frames_and_quotes_of_all_kinds(tmp_path: Path, text: str, expected: list[list[str]]) -> None:
    assert rows(table(tmp_path, text)) == expected


def test_columns_without_a_name_or_with_one_twice_get_their_own(tmp_path: Path) -> None:
    parsed = table(tmp_path, "id,,name,name\n1,2,3,4\n")
    assert parsed.columns == ("id", "column 2", "name", "name (2)")
    assert len(parsed.renamed) == 2


@pytest.mark.parametrize("column_name", [" lead number ", "LeadNumber", "lead\u200b number", "LEAD\u00a0NUMBER"])
def test_a_column_is_found_whatever_its_case_and_spaces(tmp_path: Path, column_name: str) -> None:
    assert table(tmp_path, "Lead Number,Converted\n1,0\n").index(column_name) == 0


def test_of_a_misspelt_column_the_nearest_is_proposed(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="Did you mean 'Lead Number'"):
        table(tmp_path, "Lead Number,Converted\n1,0\n").index("LeadNumbre")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "it is empty"),
        (b'"open\n', "a quote is opened"),
        (b"%PDF-1.7 ...", "it is a PDF document"),
        (b"\x1f\x8b\x08...", "it is compressed"),
        (b"<?xml version='1.0'?><Workbook/>", "it is an XML document"),
        (b"<html><body>nothing</body></html>", "HTML page without a table"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 not a workbook", "the workbook cannot be read"),
        (b"PK\x03\x04 not an archive", "a damaged workbook or archive"),
        (b"PAR1 not Parquet", "the Parquet file cannot be read"),
        (b'{"a": \n{"a":', "neither an array of objects nor lines"),
    ],
)
def test_a_file_without_a_table_is_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        table(tmp_path, content)


def test_a_file_that_is_not_there_is_refused_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nothing\.csv cannot be read"):
        read_table(tmp_path / "nothing.csv")


def test_an_archive_that_is_no_workbook_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "leads.zip", "w") as archive:
        archive.writestr("leads.csv", "id\n1\n")
    with pytest.raises(InputError, match="it is a ZIP archive"):
        read_table(tmp_path / "leads.zip")


@pytest.mark.parametrize(
    "text",
    ['{"id": 1, "ok": true, "tags": ["a", "b"]}\n{"id": 2, "more": 1.5}\n',
     '[{"id": 1, "ok": true, "tags": ["a", "b"]}, {"id": 2, "more": 1.5}]'],
)  # fmt: skip
def test_json_of_both_kinds_is_read(tmp_path: Path, text: str) -> None:
    parsed = table(tmp_path, text, "leads.json")
    assert parsed.columns == ("id", "ok", "tags", "more")
    assert rows(parsed) == [["1", "true", "a;b", ""], ["2", "", "", "1.5"]]


def test_parquet_is_read(tmp_path: Path) -> None:
    pq.write_table(pa.table({"id": [1, 2], "amount": [1.5, None]}), tmp_path / "leads.parquet")
    assert rows(read_table(tmp_path / "leads.parquet")) == [["1", "1.5"], ["2", ""]]


def test_a_workbook_is_read_and_of_several_sheets_one_is_asked_for(tmp_path: Path) -> None:
    leads: list[list[object]] = [
        ["Leads 2025"],
        ["id", "amount", "city"],
        [28000000001, 1250.5, "Zürich"],
        [2, 3, "Bern"],
    ]
    single = workbook(tmp_path / "one.csv", {"Leads": leads, "Empty": []})
    parsed = read_table(single)
    assert (parsed.frame.kind, parsed.frame.header_line) == ("workbook", 2)
    assert rows(parsed) == [["28000000001", "1250.5", "Zürich"], ["2", "3", "Bern"]]
    several = workbook(tmp_path / "two.xlsx", {"Leads": leads, "More": leads})
    with pytest.raises(InputError, match="several sheets with rows: 'Leads', 'More'"):
        read_table(several)
    assert rows(read_table(several, ReadOptions(sheet="More"))) == rows(parsed)
    with pytest.raises(InputError, match="has no sheet 'Less'"):
        read_table(several, ReadOptions(sheet="Less"))


def test_a_cover_sheet_and_a_list_of_choices_are_no_tables(tmp_path: Path) -> None:
    leads: list[list[object]] = [["id", "amount"], ["L1", 3], ["L2", 4]]
    cover: list[list[object]] = [["Leads of 2025"], ["by Anna"]]
    path = workbook(tmp_path / "report.xlsx", {"Cover": cover, "Data": leads, "Choices": [["Won"], ["Lost"]]})
    assert rows(read_table(path)) == [["L1", "3"], ["L2", "4"]]


def test_a_cell_merged_over_several_rows_says_the_same_of_each(tmp_path: Path) -> None:
    leads: list[list[object]] = [["id", "source"], ["L1", "Fair"], ["L2", ""], ["L3", ""], ["L4", "Web"]]
    path = workbook(tmp_path / "merged.xlsx", {"Leads": leads}, merged="B2:B4")
    assert rows(read_table(path)) == [["L1", "Fair"], ["L2", "Fair"], ["L3", "Fair"], ["L4", "Web"]]


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    expected_rows = [["1", 'a "b", c'], ["2", "é\nü"]]
    write_table(tmp_path / "deep" / "out.csv", ("id", "note"), expected_rows)
    assert rows(read_table(tmp_path / "deep" / "out.csv")) == expected_rows


@pytest.mark.parametrize("cell", ["=1+1", "@SUM(A1)", "+1+1", "-cmd|x", "\t=1", '=HYPERLINK("x")'])
def test_a_spreadsheet_runs_no_cell_that_is_written(tmp_path: Path, cell: str) -> None:
    write_table(tmp_path / "out.csv", ("id", cell), [["1", cell], ["-5", "+41 79 123"]])
    written = list(csv.reader((tmp_path / "out.csv").read_text("utf-8-sig").splitlines()))
    assert written == [["id", f"'{cell}"], ["1", f"'{cell}"], ["-5", "+41 79 123"]]


FIELD = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=12)


@given(st.lists(st.lists(FIELD, min_size=3, max_size=3), min_size=1, max_size=8), st.sampled_from(",;\t|"))
def test_every_well_formed_file_is_read_as_it_was_written(expected_rows: list[list[str]], delimiter: str) -> None:
    stream = io.StringIO(newline="")
    csv.writer(stream, delimiter=delimiter, quoting=csv.QUOTE_ALL).writerows(expected_rows)
    parsed = list(split(lines_of(stream.getvalue()), Dialect(delimiter)))
    assert [item.fields for item in parsed if isinstance(item, Record)] == expected_rows


@given(st.text(max_size=200))
def test_no_text_makes_the_reader_fail_or_lose_a_line(text: str) -> None:
    lines = lines_of(text)
    parsed = list(split(lines, sniff(lines)))
    assert all(1 <= item.line <= len(lines) for item in parsed)
    assert [item.line for item in parsed] == sorted({item.line for item in parsed})


@given(st.binary(max_size=400))
def test_no_bytes_make_the_reader_fail_but_by_a_refusal(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    try:
        parsed = table(tmp_path_factory.mktemp("bytes"), content)
        assert all(len(cells) == len(parsed) for cells in parsed.cells)
        json.dumps(parsed.columns)
    except InputError as error:
        assert error.remedy
