"""Files as people have them, one folder of `inputs` a situation: what `import` and `score --csv` make of them."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from leadwerk.cli.application import run
from leadwerk.warehouse.duckdb import DuckDBWarehouse
from leadwerk.warehouse.statement import from_text
from support.case_files import INPUTS, NOW, contents

GERMAN = ("--id", "Lead-Nr", "--outcome", "Status", "--positive", "Gewonnen", "--time", "Erstellt am")
ENGLISH = ("--id", "Lead ID", "--outcome", "Status", "--positive", "Converted", "--time", "Create Date")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("POLICY", "REGISTRY", "REPORTS", "CRM_TOKEN", "ENGINE"):
        monkeypatch.delenv(f"LEADWERK_{name}", raising=False)
    monkeypatch.setenv("LEADWERK_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


class Case:
    """Commands on the files of one folder."""

    def __init__(self, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.home, self._capsys = home, capsys

    def command(self, *arguments: str) -> Any:
        assert run([*arguments, "--json"]) == 0, self._capsys.readouterr().err
        return json.loads(self._capsys.readouterr().out)

    def imported(self, file: str, *options: str) -> Any:
        return self.command("import", str(INPUTS / file), *options, *NOW)

    def refused(self, file: str, *options: str) -> str:
        """What the command says when it refuses; nothing has changed then."""
        before = contents(self.home)
        assert run(["import", str(INPUTS / file), *options, *NOW]) == 2
        assert contents(self.home) == before
        return " ".join(self._capsys.readouterr().err.replace("│", " ").split())

    def scored(self, file: str) -> tuple[Any, list[dict[str, str]]]:
        out = self.home.parent / "scored.csv"
        report = self.command("score", "--csv", str(INPUTS / file), "--out", str(out), *NOW)
        text = out.read_bytes().decode("utf-8-sig")
        mark = ";" if ";" in text.splitlines()[0] else ","
        return report, list(csv.DictReader(text.splitlines(), delimiter=mark))

    def leads(self) -> list[Any]:
        return DuckDBWarehouse(self.home).rows(from_text("SELECT * FROM leadwerk.leads ORDER BY lead_id"), {})

    def outcomes(self) -> dict[str, int]:
        text = "SELECT outcome, COUNT(*) AS leads FROM leadwerk.outcomes GROUP BY outcome"
        return {row["outcome"]: row["leads"] for row in DuckDBWarehouse(self.home).rows(from_text(text), {})}


@pytest.fixture
def case(home: Path, capsys: pytest.CaptureFixture[str]) -> Case:
    return Case(home, capsys)


def attribute(lead: Any, name: str) -> Any:
    values = {item["name"]: item["text"] if item["number"] is None else item["number"] for item in lead["attributes"]}
    return values.get(name)


def test_excels_first_line_names_the_delimiter_and_is_no_header(case: Case) -> None:
    report = case.imported("01-sep-line/leads.csv", *GERMAN)
    assert (report["leads"], report["rejected_rows"], report["delimiter"]) == (300, 0, ";")
    assert attribute(case.leads()[0], "region_stated") == "Graubünden"
    assert attribute(case.leads()[0], "budget") == 35809.36


def test_fields_left_out_at_the_end_of_a_row_are_empty(case: Case) -> None:
    report = case.imported("03-short-rows/leads.csv", *GERMAN)
    assert (report["leads"], report["rejected_rows"]) == (300, 0)
    assert report["short_rows"] == 176


def test_titles_above_and_totals_below_are_no_leads(case: Case) -> None:
    report = case.imported("05-preamble-and-totals/leads.csv", *GERMAN)
    assert (report["leads"], report["rejected_rows"]) == (300, 0)
    assert (report["header_line"], report["lines_above"], report["footer_rows"]) == (5, 3, 1)


@pytest.mark.slow
def test_a_header_can_be_named_by_its_line(case: Case) -> None:
    assert case.imported("05-preamble-and-totals/leads.csv", *GERMAN, "--header-row", "5")["leads"] == 300
    assert "no column 'Status'" in case.refused("05-preamble-and-totals/leads.csv", *GERMAN, "--header-row", "2")


@pytest.mark.slow
@pytest.mark.parametrize("file", ["07-us-dates/leads.csv", "08-us-times-am-pm/leads.csv"])
def test_american_dates_are_judged_by_the_whole_column(case: Case, file: str) -> None:
    report = case.imported(file, *ENGLISH)
    assert (report["leads"], report["rejected_rows"]) == (300, 0)
    leads = case.leads()
    days = [lead["created_at"].date().isoformat() for lead in leads]
    assert (days[0], days[-1]) == ("2025-01-06", "2025-08-18")
    assert days == sorted(days)


@pytest.mark.slow
def test_an_afternoon_is_twelve_hours_later(case: Case) -> None:
    case.imported("08-us-times-am-pm/leads.csv", *ENGLISH)
    assert [lead["created_at"].strftime("%H:%M") for lead in case.leads()[:3]] == ["16:03", "02:02", "20:26"]


def test_dates_that_can_be_read_in_two_ways_are_asked_for(case: Case, tmp_path: Path) -> None:
    lines = (INPUTS / "07-us-dates/leads.csv").read_text("utf-8").splitlines(keepends=True)
    unclear = [line for line in lines[1:] if int(line.rstrip().split(",")[-1].split("/")[1]) <= 12]
    file = tmp_path / "unclear.csv"
    file.write_text("".join([lines[0], *unclear]), "utf-8")
    assert "does the day come first, or the month? Say --date-order" in case.refused(str(file), *ENGLISH)
    assert case.imported(str(file), *ENGLISH, "--date-order", "mdy")["leads"] == len(unclear)


@pytest.mark.slow
def test_umlauts_of_dos_are_read_and_the_encoding_is_stated(case: Case) -> None:
    options = ("--id", "Lead-Nr", "--outcome", "Geschäftsabschluss", "--positive", "Gewonnen", "--time", "Erstellt am")
    report = case.imported("10-ms-dos-cp850/leads.csv", *options)
    assert (report["leads"], report["encoding"]) == (300, "cp850")
    assert {attribute(lead, "geschaeftsstelle") for lead in case.leads()} >= {"Graubünden", "Genève", "Zürich"}
    assert "has no column 'Geschäftsabschluss'" in case.refused(
        "10-ms-dos-cp850/leads.csv", *options, "--encoding", "cp1252"
    )


@pytest.mark.parametrize("file", ["leads.csv", "seconds.csv"])
def test_epochs_are_times(case: Case, file: str) -> None:
    report = case.imported(f"12-epoch-milliseconds/{file}", *ENGLISH)
    assert (report["leads"], report["rejected_rows"]) == (300, 0)
    assert case.leads()[0]["created_at"].isoformat() == "2025-01-06T16:03:00+00:00"


def test_ids_that_a_spreadsheet_shortened_are_refused_with_the_remedy(case: Case) -> None:
    message = case.refused(
        "13-scientific-ids/leads.csv", "--id", "Record ID", "--outcome", "Status", "--positive", "Gewonnen"
    )
    assert "A spreadsheet has shortened the ids in 'Record ID', such as '2,80000E+10'" in message
    assert "Export the file again" in message


@pytest.mark.slow
def test_a_list_of_options_is_a_yes_or_no_for_each(case: Case) -> None:
    case.imported(
        "14-multi-select/leads.csv",
        *("--id", "Record ID", "--outcome", "Lifecycle", "--positive", "customer", "--time", "Create Date"),
    )
    options = {lead["lead_id"]: lead for lead in case.leads()}
    assert attribute(options["L10003"], "interests_leasing") == 1.0
    assert attribute(options["L10004"], "interests_leasing") == 0.0
    trained = case.command("retrain", *NOW)
    assert trained["metrics"]["challenger"]["auc"]["value"] > 0.6


@pytest.mark.slow
def test_numbers_of_all_kinds_are_numbers(case: Case) -> None:
    case.imported("15-number-formats/leads.csv", "--id", "Id", "--outcome", "Status", "--positive", "Gewonnen")
    first, second, *_ = case.leads()
    assert {item["name"]: item["number"] for item in first["attributes"]} == {
        "abschlusswahrscheinlichkeit": 0.65,
        "oeffnungsrate": 0.652,
        "saldo": 6003.0,
        "volumen": 35809.36,
        "preis_us": 35800.0,
        "lakh": 358090.0,
        "dauer": 758.0,
        "umsatz_p_a": 35800.0,
    }
    assert attribute(second, "saldo") == -2001.0


def test_rows_that_continue_the_one_above_are_passed_over(case: Case) -> None:
    options = ("--id", "id", "--outcome", "Stage", "--positive", "Won", "--time", "Created on")
    report = case.imported("17-odoo-continuation-rows/leads.csv", *options, "--lost", "Active=False")
    assert (report["leads"], report["rejected_rows"], report["continuation_rows"]) == (300, 0, 300)
    assert (report["converted"], report["lost"], report["open"]) == (114, 186, 0)


@pytest.mark.slow
def test_a_leads_newest_row_is_its_outcome_and_its_oldest_row_its_creation(case: Case) -> None:
    options = ("--id", "lead", "--outcome", "status", "--positive", "Gewonnen", "--time", "changed_at")
    report = case.imported("20-status-history-rows/leads.csv", *options, "--open", "Kontaktiert", "--open", "Neu")
    assert (report["leads"], report["later_rows"], report["rejected_rows"]) == (300, 600, 0)
    assert (report["converted"], report["lost"], report["open"]) == (114, 186, 0)
    assert case.leads()[0]["created_at"].isoformat() == "2025-01-06T16:03:00+00:00"


@pytest.mark.slow
def test_titles_and_values_of_a_later_file_match_however_they_are_written(case: Case) -> None:
    case.imported("24-drifted-new-file/leads.csv", *GERMAN)
    case.command("retrain", *NOW)
    report, rows = case.scored("24-drifted-new-file/new.csv")
    assert (report["scored"], report["rejected"], report["missing_columns"]) == (30, 0, ["Region"])
    assert [item["column"] for item in report["new_values"]] == ["QUELLE"]
    assert report["new_values"][0]["commonest"] == "TikTok"
    rejected = (case.home.parent / "scored.rejects.csv").read_text("utf-8-sig")
    assert rejected.count("budget,this is no number") == 10  # inf and 1e400, five times each
    assert len({row["probability"] for row in rows}) > 5


def test_a_page_named_xls_is_read_as_the_table_it_holds(case: Case) -> None:
    report = case.imported("28-html-table-xls/leads.xls", *ENGLISH)
    assert (report["kind"], report["leads"], report["rejected_rows"]) == ("html", 300, 0)


@pytest.mark.slow
def test_a_point_before_three_digits_parts_thousands_where_the_file_is_german(case: Case) -> None:
    case.imported("34-thousands-with-points/leads.csv", *GERMAN)
    assert attribute(case.leads()[0], "budget") == 1021.0
    case.command("retrain", *NOW)
    _, rows = case.scored("34-thousands-with-points/new.csv")
    by_budget = {row["Budget"]: row["probability"] for row in rows}
    assert by_budget["350"] != by_budget["350.000"]


@pytest.mark.slow
def test_a_later_export_supersedes_an_earlier_one(case: Case) -> None:
    case.imported("37-monthly-exports/export-januar.csv", *GERMAN)
    case.imported("37-monthly-exports/export-februar.csv", *GERMAN)
    assert case.outcomes() == {"won": 82, "lost": 177, "open": 41}
    both = rows_of(case.home)
    alone = Case(case.home.parent / "alone", case._capsys)
    alone.command(
        "import", str(INPUTS / "37-monthly-exports/export-februar.csv"), *GERMAN, *NOW, "--home", str(alone.home)
    )
    assert both == rows_of(alone.home)


def rows_of(home: Path) -> list[Any]:
    """All that an import stores, but for the moment of writing."""
    warehouse = DuckDBWarehouse(home)
    tables = {"leads": "lead_id, recorded_at", "outcomes": "lead_id, occurred_at", "identities": "lead_id, visitor_id"}
    texts = [from_text(f"SELECT * FROM leadwerk.{name} ORDER BY {by}") for name, by in tables.items()]
    return [{**row, "stored_at": None} for text in texts for row in warehouse.rows(text, {})]


@pytest.mark.slow
def test_the_same_file_again_changes_nothing(case: Case) -> None:
    case.imported("37-monthly-exports/export-februar.csv", *GERMAN)
    before = rows_of(case.home)
    report = case.imported("37-monthly-exports/export-februar.csv", *GERMAN)
    assert (report["new_leads"], report["new_outcomes"]) == (0, 0)
    assert rows_of(case.home) == before


@pytest.mark.slow
def test_a_file_that_would_lose_what_the_home_learns_from_changes_nothing(case: Case) -> None:
    case.imported("38-import-without-a-lead/good.csv", *GERMAN)
    message = case.refused("38-import-without-a-lead/bad.csv", *GERMAN)
    assert "lacks 5 of the 5 columns that this home learns from" in message


@pytest.mark.slow
def file_of(folder: Path, name: str, row: Callable[[int], str], count: int = 60) -> str:
    file = folder / name
    file.write_text("\n".join(["Nr;Status;Ort", *map(row, range(count))]), "utf-8")
    return str(file)


def test_a_later_file_whose_ids_lost_their_zeros_changes_nothing(case: Case, tmp_path: Path) -> None:
    status = lambda n: "Gewonnen" if n % 3 == 0 else "Verloren"  # noqa: E731
    options = ("--id", "Nr", "--outcome", "Status")
    case.imported(file_of(tmp_path, "january.csv", lambda n: f"{n:06};{status(n)};Bern"), *options)
    february = file_of(tmp_path, "february.csv", lambda n: f"{n + 5};{status(n)};Bern")
    assert "'5' was '000005' in the file before" in case.refused(february, *options)
    complete = file_of(tmp_path, "complete.csv", lambda n: f"{n + 5:06};{status(n)};Bern")
    assert case.imported(complete, *options)["leads"] == 60
    assert case.imported(february, *options, "--replace-policy")["leads"] == 60


def test_umlauts_that_were_encoded_twice_are_named(case: Case, tmp_path: Path) -> None:
    row = lambda n: f"L{n};{'Gewonnen' if n % 3 == 0 else 'Verloren'};{('ZÃ¼rich', 'Bern')[n % 2]}"  # noqa: E731
    report = case.imported(file_of(tmp_path, "twice.csv", row), "--id", "Nr", "--outcome", "Status")
    assert ["'Ort' holds signs such as 'Ã¼'" in warning for warning in report["warnings"]] == [True]


def test_a_file_without_a_usable_row_changes_nothing(case: Case, tmp_path: Path) -> None:
    case.imported("38-import-without-a-lead/good.csv", *GERMAN)
    lines = (INPUTS / "38-import-without-a-lead/good.csv").read_text("utf-8").splitlines()
    file = tmp_path / "spoilt.csv"
    file.write_text("\n".join([lines[0], *(line.rsplit(",", 1)[0] + ",gestern" for line in lines[1:])]), "utf-8")
    message = case.refused(str(file), *GERMAN)
    assert "300 of 300 rows cannot be used" in message
    assert "this is no time; write it like 2025-12-31T14:30:00" in message and "'gestern' on line 2" in message


@pytest.mark.slow
def test_leads_to_be_scored_without_a_time_are_of_now_and_equal_rows_score_equally(case: Case) -> None:
    case.imported("41-no-time-column-when-scoring/leads.csv", *GERMAN)
    case.command("retrain", *NOW)
    report, rows = case.scored("41-no-time-column-when-scoring/new.csv")
    assert (report["scored"], report["time"]) == (200, "now")
    assert len({row["probability"] for row in rows}) == 1


@pytest.mark.slow
def test_no_feature_comes_from_times_that_the_file_does_not_state(case: Case) -> None:
    without_time = GERMAN[:-2]
    case.imported("41-no-time-column-when-scoring/leads.csv", *without_time)
    case.command("retrain", *NOW)
    manifest = case.command("models", "show")
    assert not {name for name in manifest["importances"] if name.startswith(("created_", "lead_age"))}


def test_columns_that_know_the_outcome_are_named_at_the_import(case: Case) -> None:
    report = case.imported("22-leaky-columns/leads.csv", "--id", "Lead ID", "--outcome", "Outcome", "--time", "Created")
    assert any("Lost Reason" in sentence for sentence in report["leaks"])
    assert any("Deal Amount" in sentence for sentence in report["leaks"])


@pytest.mark.slow
def test_a_dry_run_counts_and_warns_as_the_import_would_and_stores_nothing(case: Case) -> None:
    options = ("22-leaky-columns/leads.csv", "--id", "Lead ID", "--outcome", "Outcome", "--time", "Created")
    preview = case.imported(*options, "--dry-run")
    assert not case.home.exists()
    stored = case.imported(*options)
    assert any("Deal Amount" in sentence for sentence in preview["leaks"])
    assert {name: stored[name] for name in preview} == preview


@pytest.mark.slow
def test_a_row_without_a_time_is_scored_as_of_now_a_file_without_a_score_refused(case: Case, tmp_path: Path) -> None:
    case.imported("41-no-time-column-when-scoring/leads.csv", *GERMAN)
    case.command("retrain", *NOW)
    titles, first, second, *_ = (INPUTS / "41-no-time-column-when-scoring/leads.csv").read_text("utf-8").splitlines()
    mark = ";" if ";" in titles else ","
    at = titles.split(mark).index("Erstellt am")
    untimed = mark.join(cell if place != at else "" for place, cell in enumerate(first.split(mark)))
    spoilt = mark.join(cell if place != at else "gestern" for place, cell in enumerate(second.split(mark)))
    file = tmp_path / "new.csv"
    file.write_text("\n".join([titles, untimed, spoilt]), "utf-8")
    report, rows = case.scored(str(file))
    assert (report["scored"], report["rejected"], len(rows)) == (1, 1, 1)
    file.write_text("\n".join([titles, untimed]), "utf-8")
    assert case.scored(str(file))[0]["rejects_file"] is None
    assert not (tmp_path / "scored.rejects.csv").exists()
    file.write_text("\n".join([titles, spoilt]), "utf-8")
    assert run(["score", "--csv", str(file), "--out", str(tmp_path / "none.csv"), *NOW]) == 2
    assert not (tmp_path / "none.csv").exists()


def small_file(folder: Path, leads: int = 80) -> Path:
    """A young company's leads: a quarter are won, mostly those that partners recommended."""
    path = folder / "small.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["Lead ID", "Source", "Employees", "Newsletter", "Status", "Create Date"])
        for n in range(leads):
            won = n % 4 == 0
            source = "Partner" if (won and n % 8) or n % 20 == 1 else ("Google", "Fair")[n % 2]
            day = f"2025-{n % 12 + 1:02}-{n % 28 + 1:02}"
            writer.writerow(
                [f"L{n}", source, 10 + n * 37 % 400, "yes" if n % 3 else "no", "Converted" if won else "Lost", day]
            )
    return path


@pytest.mark.slow
def test_a_small_file_ends_with_scores_by_starting_rules(case: Case, tmp_path: Path) -> None:
    path = small_file(tmp_path)
    case.imported(str(path), *ENGLISH)
    policy = (case.home / "policy.yaml").read_text("utf-8")
    assert "Source: Partner" in policy
    report, rows = case.scored(str(path))
    assert report["scored"] == 80
    by_source = {row["Source"]: float(row["points"]) for row in rows}
    assert by_source["Partner"] > by_source["Google"]
    assert {row["score_cluster"] for row in rows if row["Source"] == "Partner"} <= {"HOT", "WARM"}
