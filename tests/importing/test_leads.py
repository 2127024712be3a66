"""Rows become leads: what cannot be used is named, and the same file is the same leads."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from leadwerk.errors import InputError
from leadwerk.features.contract import contract
from leadwerk.importing import policy_file
from leadwerk.importing.columns import describe
from leadwerk.importing.leads import FIRST_MADE_UP_TIME, ParsedLeads, leads
from leadwerk.importing.mapping import ColumnMapping, attributes, slug, state, statuses
from leadwerk.importing.table import CsvTable, read
from leadwerk.lead.form_field_names import field_of
from leadwerk.lead.lead import lead_version
from leadwerk.policy.load import parse
from leadwerk.policy.model import Policy

NOW = datetime(2026, 11, 1, tzinfo=UTC)
FILE = """\
Nr;Eingang;Betrag;Kanton;Ergebnis
1;3.1.2026;450'000;ZH;gewonnen
2;4.1.2026 09:30;CHF 1'250'000.–;BE;verloren
3;5.1.2026;;ZH;
"""


def table(folder: Path, text: str = FILE) -> CsvTable:
    path = folder / "Meine Leads.csv"
    path.write_text(text, encoding="utf-8")
    return read(path)


def mapping(content: CsvTable, time: str | None = "Eingang", exclude: tuple[str, ...] = ()) -> ColumnMapping:
    return state(content, id="Nr", outcome="Ergebnis", positive="gewonnen", time=time, exclude=exclude)


def policy(content: CsvTable, how: ColumnMapping) -> Policy:
    columns = [describe(name, content.values(name)) for name in content.columns]
    named = attributes(columns, how)
    return parse(policy_file.text(content.path.stem, how, named, statuses(content, how), ("de", "fr", "it", "en")))


def found(content: CsvTable, how: ColumnMapping) -> ParsedLeads:
    return leads(content, how, policy(content, how), "import.test", now=NOW)


def test_a_row_becomes_a_lead_with_time_values_and_outcome(tmp_path: Path) -> None:
    content = table(tmp_path)
    first, second, third = found(content, mapping(content)).leads
    assert (first.lead_id, first.created_at, first.status) == ("1", datetime(2026, 1, 3, tzinfo=UTC), "gewonnen")
    assert second.values == {"Betrag": 1_250_000.0, "Kanton": "BE"}
    assert (third.values["Betrag"], third.status) == (None, None)


def test_the_policy_follows_from_the_file(tmp_path: Path) -> None:
    content = table(tmp_path)
    made = policy(content, mapping(content))
    assert [(a.name, a.kind, a.source) for a in made.attributes] == [
        ("betrag", "number", "Betrag"),
        ("kanton", "category", "Kanton"),
    ]
    assert [(rule.status, rule.outcome) for rule in made.outcomes] == [("gewonnen", "won"), ("verloren", "lost")]
    assert {"attribute_betrag", "attribute_kanton"} <= {feature.name for feature in contract(made)}


def test_what_is_excluded_is_not_learned_from(tmp_path: Path) -> None:
    content = table(tmp_path)
    assert [a.source for a in policy(content, mapping(content, exclude=("Kanton",))).attributes] == ["Betrag"]


def test_without_times_the_order_of_the_file_is_time(tmp_path: Path) -> None:
    content = table(tmp_path)
    times = [lead.created_at for lead in found(content, mapping(content, time=None)).leads]
    assert times[0] == FIRST_MADE_UP_TIME
    assert times == sorted(set(times))


def test_the_same_file_gives_the_same_events_and_a_changed_row_another(tmp_path: Path) -> None:
    content = table(tmp_path)
    before = [lead.event_id for lead in found(content, mapping(content)).leads]
    again = [lead.event_id for lead in found(table(tmp_path), mapping(content)).leads]
    changed = table(tmp_path, FILE.replace("ZH;gewonnen", "ZG;gewonnen"))
    after = [lead.event_id for lead in found(changed, mapping(changed)).leads]
    assert before == again
    assert [one == other for one, other in zip(before, after, strict=True)] == [False, True, True]


def test_every_row_that_cannot_be_used_says_why(tmp_path: Path) -> None:
    text = (
        FILE
        + "1;6.1.2026;1;ZH;verloren\n;6.1.2026;1;ZH;verloren\n7;irgendwann;1;ZH;verloren\n8;6.1.2031;1;ZH;verloren\n9\n"
    )
    content = table(tmp_path, text)
    rejected = found(content, mapping(content)).rejected
    reasons = {item.line: item.reason for item in rejected}
    assert sorted(reasons) == [5, 6, 7, 8, 9]
    assert "stands on line 2 already" in reasons[5]
    assert "the id is missing" in reasons[6]
    assert "no time" in reasons[7]
    assert "in the future" in reasons[8]
    assert "has 1 fields" in reasons[9]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("a\0b;6.1.2026", "no id"),
        ("a\u202eb;6.1.2026", "no id"),
        (f"{'x' * 201};6.1.2026", "no id"),
        ("9;1.1.1901", "too long ago"),
        ("9;0001-01-01T00:00:00+14:00", "no time"),
        ("9;9999-12-31T23:59:59-14:00", "no time"),
    ],
)
def test_an_impossible_id_or_time_costs_only_its_row(tmp_path: Path, row: str, reason: str) -> None:
    content = table(tmp_path, FILE + f"{row};1;ZH;verloren\n")
    result = found(content, mapping(content))
    assert len(result.leads) == 3
    [rejected] = result.rejected
    assert (rejected.line, rejected.value_only) == (5, False)
    assert reason in rejected.reason


def test_a_value_that_is_no_number_is_left_out_and_the_row_kept(tmp_path: Path) -> None:
    rows = "".join(f"{n};1.2.2026;{n}000;ZH;verloren\n" for n in range(10, 120))
    content = table(tmp_path, FILE + rows + "200;1.2.2026;viel;ZH;verloren\n")
    result = found(content, mapping(content))
    assert result.leads[-1].values["Betrag"] is None
    assert [(item.field, item.text, item.value_only) for item in result.rejected] == [("Betrag", "viel", True)]


@pytest.mark.parametrize(
    ("values", "stated", "good"),
    [
        (("0", "1"), None, "1"),
        (("FALSE", "TRUE"), None, "TRUE"),
        (("nein", "Ja"), None, "Ja"),
        (("lost", "WON"), "won", "WON"),
        (("Verloren", "Gewonnen"), None, "Gewonnen"),
        (("Verloren", "Offen", "Gewonnen"), None, "Gewonnen"),
        (("yes", "no", "Yes", "yes"), None, "yes"),
    ],
)
def test_the_good_outcome_is_found_or_named(
    tmp_path: Path, values: tuple[str, ...], stated: str | None, good: str
) -> None:
    content = table(tmp_path, "id,x\n" + "".join(f"{n},{value}\n" for n, value in enumerate(values)))
    assert state(content, id="id", outcome="x", positive=stated, time=None, exclude=()).positive == good


@pytest.mark.parametrize(
    ("values", "stated", "message"),
    [
        (("red", "blue"), None, "not clear"),
        (("yes", "1", "no"), None, "not clear"),
        (("a", "b"), "c", "'c' is no value of 'x'"),
        ((), None, "has a header and no rows"),
        (("", "-"), None, "empty in every row"),
        (("open", "offen"), None, "every lead is open"),
        (tuple(f"case {n}" for n in range(60)), None, "60 different values"),
    ],
)
def test_an_outcome_that_nobody_could_guess_is_asked_for(
    tmp_path: Path, values: tuple[str, ...], stated: str | None, message: str
) -> None:
    content = table(tmp_path, "id,x\n" + "".join(f"{n},{value}\n" for n, value in enumerate(values)))
    with pytest.raises(InputError, match=message):
        state(content, id="id", outcome="x", positive=stated, time=None, exclude=())


def test_one_outcome_alone_teaches_nothing(tmp_path: Path) -> None:
    content = table(tmp_path, "id,x\n1,yes\n2,yes\n")
    how = state(content, id="id", outcome="x", positive="yes", time=None, exclude=())
    with pytest.raises(InputError, match="nothing to tell apart"):
        statuses(content, how)


def test_names_that_mean_a_feature_already_or_come_twice_are_changed(tmp_path: Path) -> None:
    content = table(tmp_path, "id,x,country,a b,a-b\n1,yes,CH,1,2\n2,no,DE,3,4\n")
    how = state(content, id="id", outcome="x", positive=None, time=None, exclude=())
    assert [a.name for a in policy(content, how).attributes] == ["country_stated", "a_b", "a_b_2"]


@pytest.mark.parametrize("title", ["", "123", "Ümläüt", "日本語", "a" * 200, "__x__"])
def test_every_title_becomes_a_name(title: str) -> None:
    assert slug(title).isidentifier()
    assert len(slug(title)) <= 50


def test_an_open_lead_is_no_lost_one(tmp_path: Path) -> None:
    content = table(tmp_path, FILE + "4;6.1.2026;1;ZH;In  Bearbeitung\n")
    made = policy(content, mapping(content))
    assert {rule.status: rule.outcome for rule in made.outcomes} == {
        "gewonnen": "won",
        "In  Bearbeitung": "open",
        "verloren": "lost",
    }


def test_what_is_open_is_stated_instead_of_guessed(tmp_path: Path) -> None:
    content = table(tmp_path, FILE + "4;6.1.2026;1;ZH;offen\n5;6.1.2026;1;ZH;ruht\n")
    stated = state(content, id="Nr", outcome="Ergebnis", positive="gewonnen", open=["Ruht"], time=None, exclude=())
    assert stated.open == ("ruht",)
    with pytest.raises(InputError, match="'nie' is no value of 'Ergebnis'"):
        state(content, id="Nr", outcome="Ergebnis", positive="gewonnen", open=["nie"], time=None, exclude=())


def test_only_a_policy_as_the_import_wrote_it_is_untouched(tmp_path: Path) -> None:
    content = table(tmp_path)
    written = policy_file.text("x", mapping(content), {}, statuses(content, mapping(content)), ("de",))
    assert policy_file.untouched(written)
    assert not policy_file.untouched(written.replace("horizon_days: 1", "horizon_days: 2"))


TITLED = """\
Nr;Eingang;PLZ/Ort;Sprache;Funktion;Branche;Mitarbeitende;E-Mail;Besuche;Ergebnis
1;3.1.2026;8001 Zürich;Deutsch;Geschäftsführerin;Maschinenbau;51-200;a@firma.ch;3;gewonnen
2;4.1.2026;1201 Genève;fr;CEO;Handel;12;;5;verloren
"""


def test_columns_with_the_usual_titles_are_a_leads_fields(tmp_path: Path) -> None:
    content = table(tmp_path, TITLED)
    how = mapping(content)
    mine = policy(content, how)
    first, second = found(content, how).leads
    rows = [
        lead_version(one.raw, policy=mine, recorded_at=NOW, event_id=one.lead_id, person_key="k")[0]
        for one in (first, second)
    ]
    assert [(row["region"], row["language"], row["employees"]) for row in rows] == [
        ("CH-ZH", "de", 51),
        ("CH-GE", "fr", 12),
    ]
    assert [(row["job_title"], row["industry"]) for row in rows] == [
        ("Geschäftsführerin", "Maschinenbau"),
        ("CEO", "Handel"),
    ]
    assert rows[0]["email_domain_kind"] == "business"


def test_a_column_that_is_excluded_is_no_field_either(tmp_path: Path) -> None:
    content = table(tmp_path, TITLED)
    assert "language" not in found(content, mapping(content, exclude=("Sprache",))).leads[0].values


@pytest.mark.parametrize(
    ("title", "field"),
    [
        ("Postleitzahl", "postcode"), ("Code postal", "postcode"), ("CAP", "postcode"), ("NPA/Localité", "postcode"),
        ("Langue", "language"), ("Lingua", "language"), ("Fonction", "job_title"), ("Funzione", "job_title"),
        ("Job Title", "job_title"), ("Secteur d’activité", "industry"), ("Settore", "industry"),
        ("Nombre d'employés", "employees"), ("Numero di dipendenti", "employees"), ("Pays", "country"),
        ("Chiffre d’affaires", "revenue"), ("E-Mail", "email"), ("Loan Amount", "loan_amount"), ("Umsatzsteuer", None),
        ("ID", None), ("Name", None),
    ],
)  # fmt: skip
def test_titles_in_four_languages(title: str, field: str | None) -> None:
    assert field_of(title) == field
