"""Rows become leads: what cannot be used is named, and the same file is the same leads."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from leadwerk.errors import InputError
from leadwerk.features.contract import contract
from leadwerk.importing.lead_rows import event_ids, lead_batches
from leadwerk.importing.lead_values import forms, lead_values
from leadwerk.importing.leads import ParsedLeads
from leadwerk.importing.mapping import slug
from leadwerk.importing.plan import ImportPlan
from leadwerk.importing.policy_file import is_untouched
from leadwerk.importing.table import CsvTable
from leadwerk.lead.form_field_names import field_of
from leadwerk.lead.lead import lead_version
from leadwerk.lead.synthetic_times import FIRST_MADE_UP_TIME
from support.imported_files import NOW, parsed, plan, table

FILE = """\
Nr;Eingang;Betrag;Kanton;Ergebnis
1;3.1.2026;450'000;ZH;gewonnen
2;4.1.2026 09:30;CHF 1'250'000.–;BE;verloren
3;5.1.2026;;ZH;
"""


def german(content: CsvTable, **stated: Any) -> ImportPlan:
    return plan(content, "Nr", "Ergebnis", **{"positive": "gewonnen", "time": "Eingang", **stated})


def created(leads: ParsedLeads) -> list[datetime]:
    return [moment.item().replace(tzinfo=UTC) for moment in leads.created_at]


def rows(how: ImportPlan, leads: ParsedLeads | None = None) -> list[dict[str, Any]]:
    leads = leads or parsed(how)
    values = lead_values(leads, how.policy, person_key="k")
    return [row for batch in lead_batches(leads, values, event_ids(leads, how.policy)) for row in batch.to_pylist()]


def attributes(row: dict[str, Any]) -> dict[str, Any]:
    return {item["name"]: item["text"] if item["number"] is None else item["number"] for item in row["attributes"]}


def reasons(leads: ParsedLeads) -> dict[int, str]:
    return {int(line): group.reason for group in leads.rejections for line in group.lines}


def test_a_row_becomes_a_lead_with_time_values_and_outcome(tmp_path: Path) -> None:
    how = german(table(tmp_path, FILE))
    leads = parsed(how)
    assert leads.ids.to_pylist() == ["1", "2", "3"]
    assert created(leads)[:2] == [datetime(2026, 1, 3, tzinfo=UTC), datetime(2026, 1, 4, 9, 30, tzinfo=UTC)]
    assert [leads.status_names[status] if status >= 0 else None for status in leads.statuses] == [
        "gewonnen", "verloren", None,
    ]  # fmt: skip
    assert [attributes(row) for row in rows(how)] == [
        {"betrag": 450_000.0, "kanton": "ZH"},
        {"betrag": 1_250_000.0, "kanton": "BE"},
        {"kanton": "ZH"},
    ]


def test_the_policy_follows_from_the_file(tmp_path: Path) -> None:
    policy = german(table(tmp_path, FILE)).policy
    assert [(a.kind, a.source) for a in policy.attributes] == [("number", "Betrag"), ("category", "Kanton")]
    assert [(rule.status, rule.outcome) for rule in policy.outcomes] == [("gewonnen", "won"), ("verloren", "lost")]
    assert "attribute_betrag" in {feature.name for feature in contract(policy)}


def test_what_is_excluded_is_not_learned_from(tmp_path: Path) -> None:
    assert [a.source for a in german(table(tmp_path, FILE), exclude=("Kanton",)).policy.attributes] == ["Betrag"]


def test_without_times_the_order_of_the_file_is_time_and_no_feature(tmp_path: Path) -> None:
    how = german(table(tmp_path, FILE), time=None)
    times = created(parsed(how))
    assert times[0] == FIRST_MADE_UP_TIME
    assert times == sorted(set(times))
    assert not {f.name for f in contract(how.policy)} & {"created_hour", "created_weekday", "lead_age_days"}


def test_the_same_file_gives_the_same_events_and_a_changed_row_another(tmp_path: Path) -> None:
    def events(text: str) -> list[str]:
        how = german(table(tmp_path, text))
        return list(event_ids(parsed(how), how.policy).to_pylist())

    before, changed = events(FILE), events(FILE.replace("ZH;gewonnen", "BE;gewonnen"))
    assert before == events(FILE)
    assert [event == other for event, other in zip(before, changed, strict=True)] == [False, True, True]


def test_every_row_that_cannot_be_used_says_why(tmp_path: Path) -> None:
    text = (
        FILE + ';6.1.2026;1;ZH;verloren\n7;irgendwann;1;ZH;verloren\n8;6.1.2031;1;ZH;verloren\n9;6.1.2026;1;2;3;4\n"\n'
    )
    reasons_by_row = reasons(parsed(german(table(tmp_path, text))))
    assert sorted(reasons_by_row) == [5, 6, 7, 8, 9]
    assert "the id is missing" in reasons_by_row[5]
    assert "no time" in reasons_by_row[6]
    assert "in the future" in reasons_by_row[7]
    assert reasons_by_row[8] == reasons_by_row[9] == "malformed: quotes or number of fields"


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
    leads = parsed(german(table(tmp_path, FILE + f"{row};1;ZH;verloren\n")))
    assert len(leads) == 3
    assert list(reasons(leads)) == [5]
    assert reason in reasons(leads)[5]


def test_a_value_that_is_no_number_is_left_out_and_the_row_kept(tmp_path: Path) -> None:
    more = "".join(f"{n};1.2.2026;{n}000;ZH;verloren\n" for n in range(10, 120))
    how = german(table(tmp_path, FILE + more + "200;1.2.2026;viel;ZH;verloren\n"))
    values = lead_values(parsed(how), how.policy, person_key="")
    assert "betrag" not in attributes(rows(how)[-1])
    assert [(g.field, g.lines.tolist(), g.value_only) for g in values.rejections] == [("Betrag", [115], True)]


def test_the_rows_of_a_lead_are_its_history(tmp_path: Path) -> None:
    text = FILE + "1;9.1.2026;900;BE;verloren\n1;2.1.2026;100;BE;\n"
    leads = parsed(german(table(tmp_path, text)))
    assert (len(leads), leads.later_rows) == (3, 2)
    assert created(leads)[leads.ids.to_pylist().index("1")] == datetime(2026, 1, 2, tzinfo=UTC)
    assert leads.status_names[leads.statuses[leads.ids.to_pylist().index("1")]] == "verloren"


def test_rare_levels_of_a_category_are_not_stored(tmp_path: Path) -> None:
    more = "".join(f"{n};1.2.2026;{n};{'ZH' if n % 2 else 'BE'};verloren\n" for n in range(10, 120))
    how = german(table(tmp_path, FILE.replace("BE;verl", "Anna Meier;verl") + more))
    leads = parsed(how)
    few = lead_values(leads, how.policy, person_key="", minimum_level_rows=2)
    assert {level for values in few.attributes for level in values.levels} == {"ZH", "BE"}


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
        (("Closed Lost", "Closed\u00a0 Won"), "closed won", "Closed\u00a0 Won"),
    ],
)
def test_the_good_outcome_is_found_or_named(
    tmp_path: Path, values: tuple[str, ...], stated: str | None, good: str
) -> None:
    content = table(tmp_path, "id,x\n" + "".join(f"{n},{value}\n" for n, value in enumerate(values)))
    assert plan(content, "id", "x", positive=stated).mapping.positive == good


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
def test_an_outcome_that_cannot_be_decided_is_asked_for(
    tmp_path: Path, values: tuple[str, ...], stated: str | None, message: str
) -> None:
    content = table(tmp_path, "id,x\n" + "".join(f"{n},{value}\n" for n, value in enumerate(values)))
    with pytest.raises(InputError, match=message):
        plan(content, "id", "x", positive=stated)


def test_one_outcome_alone_teaches_nothing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nothing to tell apart"):
        assert plan(table(tmp_path, "id,x\n1,yes\n2,yes\n"), "id", "x", positive="yes").policy_text


def test_another_column_can_state_which_leads_are_lost(tmp_path: Path) -> None:
    text = "id,stage,active\n1,Won,True\n2,New,False\n3,New,True\n4,Won,False\n"
    how = plan(table(tmp_path, text), "id", "stage", positive="Won", lost=("Active=false",))
    leads = parsed(how)
    names = [leads.status_names[status] for status in leads.statuses]
    assert names == ["Won", "active=false", "New", "Won"]
    assert {rule.status: rule.outcome for rule in how.policy.outcomes} == {
        "Won": "won", "New": "open", "active=false": "lost",
    }  # fmt: skip
    with pytest.raises(InputError, match="'nie' is no value of 'active'"):
        plan(how.table, "id", "stage", positive="Won", lost=("Active=nie",))


def test_names_that_mean_a_feature_already_or_come_twice_are_changed(tmp_path: Path) -> None:
    content = table(tmp_path, "id,x,country,a b,a-b\n1,yes,CH,1,2\n2,no,DE,3,4\n3,no,DE,3,4\n4,no,CH,3,4\n")
    assert [a.name for a in plan(content, "id", "x").policy.attributes] == ["country_stated", "a_b", "a_b_2"]


@pytest.mark.parametrize("title", ["", "123", "Ümläüt", "日本語", "a" * 200, "__x__"])
def test_every_title_becomes_a_name(title: str) -> None:
    assert slug(title).isidentifier()
    assert len(slug(title)) <= 50


def test_an_open_lead_is_no_lost_one(tmp_path: Path) -> None:
    policy = german(table(tmp_path, FILE + "4;6.1.2026;1;ZH;In  Bearbeitung\n")).policy
    assert {rule.status: rule.outcome for rule in policy.outcomes} == {
        "gewonnen": "won",
        "In  Bearbeitung": "open",
        "verloren": "lost",
    }


def test_what_is_open_is_stated_instead_of_guessed(tmp_path: Path) -> None:
    content = table(tmp_path, FILE + "4;6.1.2026;1;ZH;offen\n5;6.1.2026;1;ZH;ruht\n")
    assert german(content, open=["Ruht"]).mapping.open == ("ruht",)
    with pytest.raises(InputError, match="'nie' is no value of 'Ergebnis'"):
        german(content, open=["nie"])


def test_only_a_policy_as_the_import_wrote_it_is_untouched(tmp_path: Path) -> None:
    written = german(table(tmp_path, FILE)).policy_text
    assert is_untouched(written)
    assert not is_untouched(written.replace("horizon_days: 1", "horizon_days: 2"))


def test_row_numbers_are_ids_on_request_and_those_of_another_file_are_others(tmp_path: Path) -> None:
    how = plan(table(tmp_path, FILE), "row", "Ergebnis", positive="gewonnen")
    assert parsed(how).ids.to_pylist() == ["meine_leads.1", "meine_leads.2", "meine_leads.3"]


def test_addresses_are_no_ids(tmp_path: Path) -> None:
    content = table(tmp_path, "mail,x\na@firma.ch,yes\nb@firma.ch,no\n")
    with pytest.raises(InputError, match="holds e-mail addresses or telephone numbers, which are never stored"):
        parsed(plan(content, "mail", "x"))


@pytest.mark.parametrize(
    "ids", [("1.2E+15", "7"), ("2,8E+10", "2,9E+10"), tuple(f"12345678901234{n}00" for n in "567")]
)
def test_shortened_ids_are_refused(tmp_path: Path, ids: tuple[str, ...]) -> None:
    text = "id;x\n" + "".join(f"{text};{'ja' if at else 'nein'}\n" for at, text in enumerate(ids))
    with pytest.raises(InputError, match="A spreadsheet has shortened the ids in 'id'"):
        parsed(plan(table(tmp_path, text), "id", "x"))


TITLED = """\
Nr;Eingang;PLZ/Ort;Sprache;Funktion;Branche;Mitarbeitende;E-Mail;Besuche;Newsletter;Interessen;Gegründet;Ergebnis
1;3.1.2026;8001 Zürich;Deutsch;Geschäftsführerin;Maschinenbau;51-200;a@firma.ch;3;Ja;Leasing;1.1.2020;gewonnen
2;4.1.2026;1201 Genève;fr;CEO;Handel;12;;5;Nein;Leasing, Karte;2.1.2021;verloren
"""
MORE = "".join(
    f"{n};5.1.2026;3011;de;CEO;Handel;{n};;{n % 4};{'ja' if n % 2 else 'nein'};"
    f"{'Karte' if n % 3 else 'Leasing, Karte'};{n % 27 + 1}.2.2020;verloren\n"
    for n in range(3, 40)
)


def test_columns_with_the_usual_titles_are_a_leads_fields(tmp_path: Path) -> None:
    first, second, *_ = rows(german(table(tmp_path, TITLED + MORE)))
    assert [(row["region"], row["language"], row["employees"]) for row in (first, second)] == [
        ("CH-ZH", "de", 51),
        ("CH-GE", "fr", 12),
    ]
    assert [(row["job_title"], row["industry"]) for row in (first, second)] == [
        ("Geschäftsführerin", "Maschinenbau"),
        ("CEO", "Handel"),
    ]
    assert first["email_domain_kind"] == "business"
    assert "a@firma.ch" not in str(first)


def test_columns_become_what_the_same_form_over_http_becomes(tmp_path: Path) -> None:
    how = german(table(tmp_path, TITLED + MORE))
    leads = parsed(how)
    by_column, ids, moments = rows(how, leads), leads.ids.to_pylist(), created(leads)
    for at, form in enumerate(forms(leads, how.policy)):
        row, raw = by_column[at], {**form, "lead_id": ids[at]}
        version, _ = lead_version(
            raw, policy=how.policy, recorded_at=moments[at], event_id=row["event_id"], person_key="k"
        )
        assert version is not None
        expected = {name: value for name, value in version.items() if value is not None or name in row}
        assert {**expected, "attributes": attributes(version)} == {**row, "attributes": attributes(row)}
        assert {"newsletter", "interessen_leasing", "interessen_karte", "gegruendet"} <= set(attributes(row))


def test_a_column_that_is_excluded_is_no_field_either(tmp_path: Path) -> None:
    assert rows(german(table(tmp_path, TITLED), exclude=("Sprache",)))[0].get("language") is None


def test_the_future_of_another_zone_is_now(tmp_path: Path) -> None:
    text = FILE + "4;1.11.2026 01:00;1;ZH;verloren\n"
    assert max(created(parsed(german(table(tmp_path, text))))) == NOW


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
