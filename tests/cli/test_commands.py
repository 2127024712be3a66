"""The command line as a user meets it: files in, files out, and errors that say what to do."""

from __future__ import annotations

import errno
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from leadwerk.cli import score_csv
from leadwerk.cli.application import app, run
from leadwerk.cli.console import out
from leadwerk.cli.model_card import card
from leadwerk.cli.speech import Speech
from leadwerk.importing.table import read_table
from leadwerk.policy import model
from leadwerk.policy.load import load
from leadwerk.registry.erasure_marks import ErasureMark
from leadwerk.warehouse.statement import from_text
from support import example_leads, example_report as simulated
from support.command_line import result
from support.example_leads import NOW


def commands(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The commands that do something, each by the words that call it."""
    families = getattr(command, "commands", {})
    if path and (not families or command.invoke_without_command):
        yield path
    for name, member in families.items():
        yield from commands(member, (*path, name))


COMMANDS = sorted(commands(typer.main.get_command(app)))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("POLICY", "REGISTRY", "REPORTS", "CRM_TOKEN", "ENGINE"):
        monkeypatch.delenv(f"LEADWERK_{name}", raising=False)
    monkeypatch.setenv("LEADWERK_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def lead_file(folder: Path, rows: int = 600) -> Path:
    """Leads of which those with many visits, and those from Bern, convert more often."""
    chance = random.Random(5)
    path = folder / "leads.csv"
    lines = ["nr;besuche;ort;stufe;gewonnen"]
    for n in range(rows):
        visits, city = chance.randrange(12), chance.choice(["Bern", "Zürich", "Genève"])
        won = chance.random() < 0.05 + 0.06 * visits + (0.2 if city == "Bern" else 0)
        lines.append(f"{n};{visits};{city};{'nah' if won else 'fern'};{'ja' if won else 'nein'}")
    path.write_text("\n".join([*lines, '"kaputt;1', ""]), encoding="cp1252")
    return path


IMPORT = ("--id", "nr", "--outcome", "gewonnen", "--exclude", "stufe")


@pytest.mark.slow
def test_from_a_file_of_leads_to_scores(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = lead_file(tmp_path)
    imported = result(capsys, "import", str(file), *IMPORT)
    assert (imported["encoding"], imported["delimiter"]) == ("cp1252", ";")
    assert (imported["leads"], imported["rejected_rows"]) == (600, 1)
    assert read_table(Path(imported["rejects_file"])).values("line") == ["602"]

    trained = result(capsys, "retrain")
    assert trained["promoted"]
    assert trained["metrics"]["challenger"]["auc"]["value"] > 0.65

    scored = result(capsys, "score", "--csv", str(file), "--out", str(tmp_path / "scored.csv"))
    assert (scored["scored"], scored["rejected"]) == (600, 1)
    before, after = read_table(file), read_table(tmp_path / "scored.csv")
    assert after.columns == (*before.columns, "probability", "predictive_score", "score_cluster")
    assert [row[:5] for row in after.rows()] == list(before.rows())
    by_visits = {row[1]: float(row[5]) for row in after.rows() if row[2] == "Bern"}
    assert by_visits["11"] > by_visits["0"]
    result(capsys, "score", "--csv", str(tmp_path / "scored.csv"), "--out", str(tmp_path / "again.csv"))
    assert list(read_table(tmp_path / "again.csv").rows()) == list(after.rows())

    monkeypatch.setattr(score_csv, "BATCH", 7)
    result(capsys, "score", "--csv", str(file), "--out", str(tmp_path / "in_batches.csv"))
    assert (tmp_path / "in_batches.csv").read_bytes() == (tmp_path / "scored.csv").read_bytes()

    listed = result(capsys, "models", "list")
    assert (listed["champion"], listed["stood_down"]) == (trained["champion_after"], None)
    assert run(["report", "--out", str(tmp_path / "report.html"), "--output-language", "fr"]) == 0
    assert '<html lang="fr">' in (tmp_path / "report.html").read_text("utf-8")
    capsys.readouterr()
    assert {finding["verdict"] for finding in result(capsys, "doctor")} <= {"good", "look"}


@pytest.mark.slow
def test_a_champion_that_stood_down_is_named_and_can_be_had_back(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    registry, champion = example_leads.champion(home, load("mortgage"))
    registry.stand_down(expected=champion, at=NOW, reason="the points rank better")
    registry.mark_erasure(champion.version, ErasureMark("E-20260504-1", NOW))
    listed = result(capsys, "models", "list")
    assert (listed["champion"], listed["stood_down"]["version"]) == (None, champion.version)
    assert run(["models", "list"]) == 0
    output = " ".join(capsys.readouterr().out.split())
    assert "stood down" in output and "The points decide since 2026-05-04: the points rank better" in output
    assert run(["models", "show"]) == 2
    assert "models rollback" in " ".join(capsys.readouterr().err.split())
    assert run(["models", "rollback"]) == 0
    output = " ".join(capsys.readouterr().out.split())
    assert champion.version in output and "knew a person erased on 2026-05-04. Run `leadwerk retrain`" in output
    assert result(capsys, "models", "list")["champion"] == champion.version


@pytest.mark.slow
def test_a_person_sees_a_model_in_tables_and_a_program_its_manifest(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    registry, champion = example_leads.champion(home, load("mortgage"))
    manifest = registry.manifest(champion.version)
    assert result(capsys, "models", "show")["data"]["rows"] == manifest.data.rows
    assert run(["models", "show"]) == 0
    output = " ".join(capsys.readouterr().out.split())
    assert output.startswith(manifest.version)
    assert f"{manifest.data.rows:,} landmarks" in output
    assert f"champion since {champion.promoted_at}" in output


@pytest.mark.slow
def test_a_models_card_has_its_candidates_and_what_counts_most(capsys: pytest.CaptureFixture[str]) -> None:
    manifest = simulated.facts().champion
    assert manifest
    for part in card(manifest, None, Speech("en")):
        out.print(part)
    output = " ".join(capsys.readouterr().out.split())
    auc = manifest.metrics["challenger"].auc.value
    assert f"this model {auc:.3f}" in output
    assert "tested 1,500 landmarks, from 2026-04-05 on" in output
    assert "loan to value 0.610" in output
    assert "blog" not in output, "it counts nothing"
    assert "champion since" not in output


@pytest.mark.slow
def test_who_promotes_by_hand_and_why_is_kept(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    registry, champion = example_leads.champion(home, load("mortgage"))
    registry.stand_down(expected=champion, at=NOW, reason="the points rank better")
    signature = ("--by", "Ada Keller", "--reason", "the points were wrong")
    report = result(capsys, "models", "rollback", *signature)
    assert (report["by"], report["reason"]) == ("Ada Keller", "the points were wrong")
    assert run(["models", "show"]) == 0
    output = " ".join(capsys.readouterr().out.split())
    assert "by Ada Keller" in output and "because the points were wrong" in output
    [act] = result(capsys, "audit", "list", "--action", "rollback")
    assert (act["actor"], act["reason"]) == ("Ada Keller", "the points were wrong")
    assert (act["before"], act["after"]) == (None, champion.version)
    again = registry.champion()
    registry.stand_down(expected=again, at=NOW, reason="behind the points")
    assert result(capsys, "models", "promote", champion.version, "--by", "Bob")["reason"] == "by hand"


@pytest.mark.slow
def test_scoring_a_file_stores_nothing(home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = lead_file(tmp_path, 200)
    result(capsys, "import", str(file), *IMPORT)
    result(capsys, "retrain")
    files = {path.name: path.read_bytes() for path in home.rglob("*") if path.suffix in (".csv", ".json", ".yaml")}
    again = result(capsys, "import", str(file), *IMPORT)
    result(capsys, "score", "--csv", str(file), "--out", str(tmp_path / "scored.csv"))
    assert (again["new_leads"], again["new_outcomes"]) == (0, 0)
    assert files == {
        path.name: path.read_bytes() for path in home.rglob("*") if path.suffix in (".csv", ".json", ".yaml")
    }


@pytest.mark.slow
def test_a_scored_file_is_written_like_the_one_it_comes_from_and_never_over_it(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = lead_file(tmp_path, 200)
    result(capsys, "import", str(file), *IMPORT)
    result(capsys, "retrain")
    before = file.read_bytes()
    assert run(["score", "--csv", str(file), "--out", str(tmp_path / "x" / ".." / file.name)]) == 2
    assert "Name another file" in " ".join(capsys.readouterr().err.split())
    assert file.read_bytes() == before
    (tmp_path / "folder").mkdir()
    assert run(["score", "--csv", str(file), "--out", str(tmp_path / "folder")]) == 2
    assert "cannot be written: Is a directory" in " ".join(capsys.readouterr().err.replace("│", " ").split())
    result(capsys, "score", "--csv", str(file), "--out", str(tmp_path / "scored.csv"))
    assert (tmp_path / "scored.csv").read_text("cp1252").startswith("nr;besuche;ort;")
    assert read_table(tmp_path / "scored.rejects.csv").frame.delimiter == ";"


def test_a_dry_run_shows_the_file_and_leaves_nothing(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["import", str(lead_file(tmp_path)), *IMPORT, "--dry-run"]) == 0
    output = capsys.readouterr().out
    assert "cp1252, separated by semicolon" in output
    assert "the file's order stands for time" in output
    assert "1 malformed line is left out" in output
    assert not home.exists()


def test_a_file_of_which_nothing_is_known_shows_its_columns(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = lead_file(tmp_path)
    output = result(capsys, "import", str(file), "--dry-run")
    assert [column["name"] for column in output["columns"]] == ["nr", "besuche", "ort", "stufe", "gewonnen"]
    assert run(["import", str(file), "--dry-run"]) == 0
    assert "besuche" in capsys.readouterr().out
    assert run(["import", str(file), "--id", "nr"]) == 2
    assert "Give --id COL and --outcome COL" in " ".join(capsys.readouterr().err.split())


def test_what_looks_like_a_style_in_a_file_is_shown_as_it_stands(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "odd.csv"
    file.write_text("id,[/bold],x,x,won\n1,[/red],a,b,1\n2,[red]b,c,d,0\n", "utf-8")
    assert run(["import", str(file), "--id", "id", "--outcome", "won", "--dry-run"]) == 0
    output = capsys.readouterr().out
    assert all(text in output for text in ("[/bold]", "[/red]", "[red]b", "'x (2)'"))


@pytest.mark.slow
def test_a_policy_edited_after_an_import_is_not_overwritten(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = lead_file(tmp_path)
    result(capsys, "import", str(file), *IMPORT)
    policy = home / "policy.yaml"
    edited = policy.read_text("utf-8").replace("action: Nurture", "action: Call_Later")
    policy.write_text(edited, "utf-8")
    assert run(["import", str(file), *IMPORT]) == 2
    assert "was edited since" in " ".join(capsys.readouterr().err.split())
    assert policy.read_text("utf-8") == edited
    assert run(["import", str(file), *IMPORT, "--replace-policy"]) == 0
    assert "Nurture" in policy.read_text("utf-8")


@pytest.mark.slow
def test_leads_that_are_not_decided_yet_are_no_failures(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "leads.csv"
    states = ["Gewonnen", "Verloren", "Offen", "", "zurückgestellt"]
    file.write_text("nr,wert,ergebnis\n" + "".join(f"{n},{n % 7},{states[n % 5]}\n" for n in range(50)), "utf-8")
    named = ("--id", "nr", "--outcome", "ergebnis", "--positive", "gewonnen")
    assert run(["import", str(file), *named]) == 2
    assert "is not clear for these values of" in " ".join(capsys.readouterr().err.replace("│", " ").split())
    imported = result(capsys, "import", str(file), *named, "--lost", "Verloren")
    assert (imported["converted"], imported["lost"], imported["open"]) == (10, 10, 30)
    imported = result(capsys, "import", str(file), *named, "--open", "Offen")
    assert (imported["converted"], imported["lost"], imported["open"]) == (10, 20, 20)
    imported = result(capsys, "import", str(file), *named, "--open", "Offen", "--open", "zurückgestellt")
    assert (imported["converted"], imported["lost"], imported["open"]) == (10, 10, 30)


@pytest.mark.slow
def test_a_file_is_read_under_a_policy_of_ones_own(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home.mkdir()
    shipped = Path(model.__file__).parent / "defaults" / "b2b_swiss.yaml"
    (home / "policy.yaml").write_text(shipped.read_text("utf-8"), "utf-8")
    file = tmp_path / "crm.csv"
    rows = [
        f"{n};{n % 28 + 1}.3.2026;{('closedwon', 'closedlost', 'open', 'verschollen')[n % 4]};"
        f"{('CEO', 'Praktikant')[n // 2 % 2]};{(5, 60)[n // 2 % 2]};8001;CHF {n}'000;{n % 3}"
        for n in range(40)
    ]
    file.write_text("\n".join(["nr;kam;stand;job_title;employees;plz;it_budget;egal", *rows, ""]), "utf-8")
    named = ("import", str(file), "--id", "nr", "--outcome", "stand", "--keep-policy")
    assert run(list(named)) == 2
    assert "Name the column with --time COL." in " ".join(capsys.readouterr().err.split())
    when = ("--time", "kam", "--now", "2026-04-01T08:00:00Z")
    assert run([*named, *when]) == 2
    assert "No outcome of the policy names these statuses of 'stand': 'verschollen' (10)" in " ".join(
        capsys.readouterr().err.replace("│", " ").split()
    )
    imported = result(capsys, *named, *when, "--open", "verschollen")
    assert (imported["converted"], imported["lost"], imported["open"], imported["rejected_values"]) == (10, 10, 20, 0)
    assert {column["name"]: column["role"] for column in imported["columns"]} == {
        "nr": "id",
        "kam": "time (day first, Europe/Zurich)",
        "stand": "outcome, by the policy's outcomes",
        **dict.fromkeys(("job_title", "employees", "plz"), "read as every lead's field of this name"),
        "it_budget": "attribute of the policy",
        "egal": "no attribute of the policy: not used",
    }
    assert (home / "policy.yaml").read_text("utf-8") == shipped.read_text("utf-8")
    assert result(capsys, "rescore", "--now", "2026-04-01T09:00:00Z")["leads"] == 20
    [best, *_] = result(capsys, "leads", "list", "--now", "2026-04-01T10:00:00Z")["leads"]
    assert best["region"] == "CH-ZH"
    assert best["points"] > 0


@pytest.mark.slow
def test_rescore_as_sql_prints_the_statements_and_scores_nothing(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["import", str(lead_file(tmp_path)), *IMPORT, "--now", NOW.isoformat()]) == 0
    capsys.readouterr()
    assert run(["rescore", "--as-sql", "--now", NOW.isoformat()]) == 0
    script = capsys.readouterr().out
    assert script.startswith("INSERT INTO leadwerk.scores (")
    assert f"TIMESTAMP '{NOW:%Y-%m-%d %H:%M:%S}" in script
    assert "leadwerk.score(TO_JSON_STRING(features))" in script
    assert example_leads.DuckDBWarehouse(home).rows(from_text("SELECT score_id FROM leadwerk.scores"), {}) == []
    assert run(["rescore", "--as-sql", "--only-closed"]) == 2
    assert "exclude each other" in capsys.readouterr().err


def test_a_policy_written_by_hand_is_not_overwritten(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home.mkdir()
    (home / "policy.yaml").write_text("name: mine\n")
    assert run(["import", str(lead_file(tmp_path)), *IMPORT]) == 2
    assert "was not written by an import" in capsys.readouterr().err
    assert (home / "policy.yaml").read_text() == "name: mine\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["import", "nothing.csv", "--id", "a", "--outcome", "b"], "cannot be read"),
        (["score", "--csv", "x.csv"], "--csv needs --out"),
        (["score", "1", "--form", "{broken"], "The form cannot be read"),
        (["score", "1", "--form", "@nothing.json"], "The form cannot be read: No such file or directory."),
        (["policy", "diff", "nothing.yaml"], "nothing.yaml cannot be read: No such file or directory."),
        (["score", "1"], "Lead 1 is not known"),
        (["retrain", "--now", "yesterday"], "no moment with a time zone"),
        (["rescore", "--now", "0001-01-01T00:00:00+14:00"], "no moment with a time zone"),
        (["extract", "--from", "31.1.2026"], "is no day"),
        (["ingest"], "token is not set"),
        (["models", "promote", "nothing"], "There is no model nothing"),
        (["models", "rollback"], "No model was promoted yet"),
        (["report", "--output-language", "rm"], "There are no texts in 'rm'"),
        (["picks", "take", "1"], "The option --seller is missing."),
        (["bogus"], "There is no command bogus."),
    ],
)
def test_what_the_user_can_mend_is_said_in_one_block(
    home: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    assert run(arguments) == 2
    error = " ".join(capsys.readouterr().err.replace("│", " ").split())
    assert message in error
    assert "Traceback" not in error


def test_the_families_have_their_commands() -> None:
    named = {" ".join(path) for path in COMMANDS}
    assert {"import", "simulate", "leads list", "picks reconcile", "accounts show", "overrides clear"} <= named
    assert {"thresholds decide", "policy suggest", "policy suggest accept", "models rollback"} <= named


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_explains_itself(
    home: Path, capsys: pytest.CaptureFixture[str], command: tuple[str, ...]
) -> None:
    assert run([*command, "--help"]) == 0
    output = " ".join(capsys.readouterr().out.split())
    assert f"Usage: leadwerk {' '.join(command)}" in output
    assert "Example" in output
    assert "--home" in output


def test_a_place_that_cannot_be_written_to_is_said_in_one_block(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    for place in (tmp_path, tmp_path / "file" / "report.html"):
        assert run(["report", "--out", str(place)]) == 2
        output = " ".join(capsys.readouterr().err.replace("│", " ").split())
        assert "Traceback" not in output
        assert "Name a place that you may read and write." in output


def test_a_wrong_policy_is_shown_with_every_error(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("name: x\nhorizon_dais: 30\n")
    assert run(["policy", "check", str(wrong), "--json"]) == 2
    errors = json.loads(capsys.readouterr().out)["errors"]
    assert any("horizon_dais" in error["message"] + error["field"] for error in errors)
    assert run(["policy", "check", "b2b_swiss"]) == 0


def test_each_error_of_a_policy_begins_with_file_line_and_field_on_one_line(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = tmp_path / ("a_long_name_" * 12 + ".yaml")
    wrong.write_text("name: x\nhorizon_dais: [30]\n")
    assert run(["policy", "check", str(wrong)]) == 2
    output = capsys.readouterr().err.splitlines()
    assert f"{wrong}:2: horizon_dais: this field is unknown." in output
    assert "  Did you mean `horizon_days`?" in [line.rstrip() for line in output]


@pytest.mark.slow
def test_what_of_a_form_could_not_be_read_is_said(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    form = '{"loan_amount": "viel [/b]", "income": -5}'
    assert run(["score", "1", "--form", form, "--dry-run", "--output-language", "en"]) == 0
    output = " ".join(capsys.readouterr().out.split())
    assert "not read loan_amount: 'viel [/b]' is not an amount." in output
    assert "not read income: '-5' is negative." in output


@pytest.mark.slow
def test_the_doctor_names_what_to_do_first(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    findings = {finding["link"]: finding for finding in result(capsys, "doctor")}
    assert findings["policy"]["verdict"] == "good"
    assert "leadwerk ingest" in findings["leads"]["remedy"]
    assert "leadwerk simulate" in findings["GA4 export"]["remedy"]


@pytest.mark.slow
def test_the_doctor_goes_on_where_a_link_is_broken(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(["doctor", "--json"])
    links = {finding["link"] for finding in json.loads(capsys.readouterr().out)}
    (home / "policy.yaml").write_text("name: [\n")
    assert run(["doctor", "--json"]) == 2
    verdicts = {finding["link"]: finding["verdict"] for finding in json.loads(capsys.readouterr().out)}
    assert (verdicts["settings"], verdicts["policy"]) == ("good", "broken")
    assert verdicts.keys() == links


@pytest.mark.slow
def test_the_doctor_waits_once_for_a_warehouse_that_cannot_be_opened(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    result(capsys, "doctor")
    (home / "warehouse.duckdb").write_bytes((home / "warehouse.duckdb").read_bytes()[:20_000])
    assert run(["doctor", "--json"]) == 2
    findings = {finding["link"]: finding for finding in json.loads(capsys.readouterr().out)}
    assert "Restore it from a backup" in findings["deliveries"]["remedy"]
    assert findings["champion"]["verdict"] == "look"
    later = ("scores", "outcomes", "leads", "activity", "GA4 export")
    assert {findings[link]["summary"] for link in later} == {"not known: see deliveries"}


def test_import_shows_which_columns_it_reads_as_a_leads_fields(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "leads.csv"
    file.write_text("nr;PLZ/Ort;Sprache;stand\n1;8001 Zürich;de;ja\n2;1201 Genève;fr;nein\n", "utf-8")
    report = result(capsys, "import", str(file), "--id", "nr", "--outcome", "stand", "--dry-run")
    roles = {column["name"]: column["role"] for column in report["columns"]}
    assert roles["PLZ/Ort"] == "read as every lead's field postcode"
    assert roles["Sprache"] == "read as every lead's field language"
    unnamed = result(capsys, "import", str(file), "--dry-run")
    assert unnamed["columns"][1]["role"] == "read as every lead's field postcode"


@pytest.mark.parametrize(
    "command", [("history", "\udcff"), ("score", "\udcff"), ("picks", "take", "\udcff", "--seller", "anna")]
)
def test_an_argument_that_is_not_utf_8_is_named_without_a_traceback(
    home: Path, capsys: pytest.CaptureFixture[str], command: tuple[str, ...]
) -> None:
    assert run(list(command)) == 2
    assert "not UTF-8" in capsys.readouterr().err


def test_a_full_disk_is_called_full(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def fill(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "/data")

    monkeypatch.setattr("leadwerk.cli.application._execute", fill)
    assert run(["report"]) == 2
    assert "Free some space" in " ".join(capsys.readouterr().err.split())
