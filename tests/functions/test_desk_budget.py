"""Budgets of the pages: how many statements the list and a lead cost, and how many bytes any page is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from leadwerk.policy.load import shipped_text
from leadwerk.policy.people import Person
from leadwerk.warehouse.duckdb import DuckDBWarehouse
from leadwerk.web import Answer
from leadwerk.web.door.admission import Visitor
from leadwerk.web.pages import cached, calls, companies, lead, operations, results, review, rules, thresholds
from leadwerk.web.pages.lead_form import LeadForm
from leadwerk.web.pages.site import NoForm
from leadwerk.web.pages.visit import Visit
from support.homes import close_files
from support.selling import DAY, HOUR, NOW, lead as lead_row, outcome, score, warehouse

LEADS = [f"lead-with-a-long-number-{number:04}" for number in range(120)]
REASONS = [
    {"feature": f"feature_{place}", "contribution": 0.9 - place / 5, "text": f"Dafür spricht: {'Preisseite ' * 4}",
     "facts": None}
    for place in range(8)
]  # fmt: skip
LIST_STATEMENTS, LEAD_STATEMENTS, MOST_BYTES = 2, 2, 60_000


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("budget")
    warehouse(
        home,
        leads=[
            lead_row(name, created_at=NOW - place * HOUR, recorded_at=NOW - place * HOUR,
                     account_id=f"a{place % 60}.ch", employees=place * 9)
            for place, name in enumerate(LEADS)
        ],
        scores=[
            score(name, NOW - day * DAY - HOUR, score_id=f"{name}:{day}", predictive_score=95 - place // 4,
                  score_cluster="HOT", reasons=REASONS)
            for place, name in enumerate(LEADS) for day in range(3)
        ],
        outcomes=[outcome(name, NOW - HOUR, "closedwon", "won") for name in LEADS[:30]],
    )  # fmt: skip
    close_files()
    (home / "policy.yaml").write_text(shipped_text("b2b_swiss"), "utf-8")
    return home


@pytest.fixture
def visit(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Visit]]:
    """Visits of a person; each page starts with nothing kept of the page before."""
    monkeypatch.setenv("LEADWERK_HOME", str(home))

    def of(role: Any, headers: Mapping[str, str] | None = None) -> Visit:
        cached.forget()
        person = Person(name="anna", roles=(role,), language="de")
        return Visit(Visitor(person), NOW, "/", {}, headers or {})

    yield of
    cached.forget()


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the statements that were read."""
    names: list[str] = []
    read = DuckDBWarehouse.rows

    def counted(self: DuckDBWarehouse, of: Any, parameters: Any) -> Any:
        names.append(of.name)
        return read(self, of, parameters)

    monkeypatch.setattr(DuckDBWarehouse, "rows", counted)
    return names


@pytest.mark.slow
def test_a_list_costs_two_statements_once_its_counts_are_kept(
    visit: Callable[[str], Visit], statements: list[str]
) -> None:
    seller = visit("seller")
    calls.show(seller, calls.CallsForm())
    statements.clear()
    calls.show(seller, calls.CallsForm(sort="newest"))
    assert len(statements) <= LIST_STATEMENTS, statements


@pytest.mark.parametrize("headers", [{}, {"X-Part": "panel"}], ids=["page", "panel"])
def test_a_lead_costs_two_statements_once_the_list_is_kept(
    visit: Callable[..., Visit], statements: list[str], headers: dict[str, str]
) -> None:
    seller = visit("seller", headers)
    lead.show(seller, LeadForm(), LEADS[40])
    statements.clear()
    lead.show(seller, LeadForm(), LEADS[41])
    assert len(statements) <= LEAD_STATEMENTS, statements


PAGES: dict[str, Callable[[Visit], Answer]] = {
    "calls": lambda visit: calls.show(visit, calls.CallsForm()),
    "all leads": lambda visit: calls.show(visit, calls.CallsForm(list="all")),
    "lead": lambda visit: lead.show(visit, LeadForm(), LEADS[50]),
    "results": lambda visit: results.show(visit, results.ResultsForm(weeks=52)),
    "review": lambda visit: review.show(visit, review.ReviewForm(month="2026-05")),
    "companies": lambda visit: companies.show(visit, companies.CompaniesForm()),
    "company": lambda visit: companies.detail(visit, NoForm(), "a50.ch"),
    "thresholds": lambda visit: thresholds.show(visit, thresholds.ThresholdsForm()),
    "rules": lambda visit: rules.show(visit, rules.RulesForm()),
    "operations": lambda visit: operations.show(visit, NoForm()),
}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_small_enough(visit: Callable[[str], Visit], name: str) -> None:
    answer = PAGES[name](visit("manager"))
    assert len(answer.body) <= MOST_BYTES, len(answer.body)
