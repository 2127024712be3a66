"""Customers on the page Results: profile and groups in plain words, measured by a manager, shown to no seller."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from leadwerk.catalogue.languages import Language
from leadwerk.pipeline import wiring
from leadwerk.pipeline.customers import NAME, read_customers
from leadwerk.policy.load import load
from leadwerk.policy.people import Person, Role
from leadwerk.report.page import render
from leadwerk.report.results.customers import CustomerFindings, CustomerTrait, GroupTrait, LeadGroup, customers_view
from leadwerk.report.wording import Wording
from leadwerk.web.door.admission import Visitor
from leadwerk.web.pages import cached, results
from leadwerk.web.pages.desk_site import site
from leadwerk.web.pages.results import ResultsForm
from leadwerk.web.pages.site import NoForm
from leadwerk.web.pages.visit import Visit
from leadwerk.web.problem_document import NotFound
from support import example_report
from support.selling import NOW, lead, score, warehouse

LANGUAGES: tuple[Language, ...] = ("de", "fr", "it", "en")
FINDINGS = CustomerFindings(
    measured_at=NOW,
    leads=1000,
    customers=100,
    tested=40,
    traits=(
        CustomerTrait(
            labels={"de": "Branche: Software", "en": "industry: software"},
            customer_share=0.4,
            lead_share=0.2,
            lift=2.0,
            low=1.5,
            high=2.5,
            points=None,
        ),
    ),
    groups=(
        LeadGroup(leads=400, converted=80, traits=(GroupTrait("visits", "high", None),)),
        LeadGroup(leads=400, converted=4, traits=(GroupTrait("language", "value", "fr"),)),
        LeadGroup(leads=200, converted=16, traits=()),
    ),
    silhouette=0.1,
)


@pytest.fixture
def visit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Visit:
    warehouse(tmp_path, leads=[lead("1")], scores=[score("1")])
    for name, value in {"HOME": str(tmp_path), "POLICY": "b2b_swiss"}.items():
        monkeypatch.setenv(f"LEADWERK_{name}", value)
    cached.forget()
    return of_person("manager")


def of_person(role: Role) -> Visit:
    person = Person(name="eva", roles=(role,), language="en")
    return Visit(visitor=Visitor(person), now=NOW, path="/results", query={}, headers={})


def keep(visit: Visit, findings: CustomerFindings) -> None:
    wiring.reports(visit.config).write(NAME, msgspec.json.encode(findings))


def test_who_becomes_a_customer_is_said_in_sentences() -> None:
    view = customers_view(Wording(load("b2b_swiss"), "en", NOW), FINDINGS)
    assert view is not None
    assert view.traits == [
        "Industry: software: 40% of the customers, 20% of all leads; 2.0 times as frequent among customers, "
        "at least 1.5 times with 95% certainty. No rule gives points for it yet."
    ]
    verdicts = ("more often", "more rarely", "may be chance")
    assert [verdict for verdict, text in zip(verdicts, view.groups, strict=True) if verdict in text] == list(verdicts)
    assert [text.partition(":")[0] for text in view.groups[::2]] == ["Visits to the website (high)", "Like most leads"]
    assert "run into each other" in view.groups_answer


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("silhouette", [None, 0.1, 0.3, 0.6])
def test_the_findings_are_told_in_every_language(language: Language, silhouette: float | None) -> None:
    ruled = msgspec.structs.replace(FINDINGS.traits[0], points=1, labels={})
    findings = msgspec.structs.replace(FINDINGS, silhouette=silhouette, traits=(*FINDINGS.traits, ruled))
    view = customers_view(Wording(load("b2b_swiss"), language, NOW), findings)
    assert view is not None
    texts = [view.measured, view.profile_answer, view.groups_answer, *view.traits, *view.groups]
    assert not [text for text in texts if not text or "{" in text]


def test_a_manager_measures_and_reads_and_a_seller_sees_nothing_of_it(visit: Visit) -> None:
    assert "Nobody has measured this yet" in results.show(visit, ResultsForm()).body.decode()
    answer = results.measure(visit, NoForm())
    assert (answer.status, answer.headers["Location"]) == (303, "/results?said=measured#customers")
    measured = read_customers(wiring.reports(visit.config))
    assert measured is not None
    assert (measured.measured_at, measured.traits, measured.groups) == (NOW, (), ())
    assert "No groups: too few leads" in results.show(visit, ResultsForm()).body.decode()
    keep(visit, FINDINGS)
    pages_of_roles = {
        role: results.show(of_person(role), ResultsForm()).body.decode() for role in ("manager", "operator", "seller")
    }
    assert ["software" in pages_of_roles[role] for role in pages_of_roles] == [True, True, False]
    assert ['action="/results/customers"' in pages_of_roles[role] for role in pages_of_roles] == [True, False, False]
    [page] = [page for page in site.pages if page.path == "/results/customers"]
    assert page.roles == ("manager",)


def test_the_findings_are_files_for_who_oversees(visit: Visit) -> None:
    keep(visit, FINDINGS)
    tables = {
        name: results.download(visit, ResultsForm(), name).body.decode("utf-8-sig") for name in ("customers", "groups")
    }
    assert "Industry: software,40%,20%" in tables["customers"]
    assert "Visits to the website (high),400,80,20.0%" in tables["groups"]
    for name in tables:
        with pytest.raises(NotFound):
            results.download(of_person("seller"), ResultsForm(), name)


def test_the_printed_report_says_what_the_page_says() -> None:
    facts = example_report.facts()
    view = customers_view(Wording(facts.policy, "en", facts.now), FINDINGS)
    assert view is not None
    printed = render(replace(facts, results=replace(facts.results, customers=FINDINGS)), "en")
    assert [sentence for sentence in (*view.traits, *view.groups) if sentence not in printed] == []
    assert 'id="customers"' not in render(facts, "en")
