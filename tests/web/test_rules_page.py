"""The page of the rules where a shipped policy is in force by its name."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from leadwerk import settings
from leadwerk.errors import ConfigurationError, InputError
from leadwerk.policy.load import load, shipped_text
from leadwerk.policy.people import Person
from leadwerk.web.door.admission import Visitor
from leadwerk.web.pages import rules
from leadwerk.web.pages.site import FreeForm
from leadwerk.web.pages.start_form import FileForm
from leadwerk.web.pages.visit import Visit
from support.selling import NOW


@pytest.fixture
def visit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Visit:
    for name, value in {"HOME": str(tmp_path), "POLICY": "mortgage"}.items():
        monkeypatch.setenv(f"LEADWERK_{name}", value)
    eva = Person(email="eva@example.ch", name="eva", roles=("manager",), language="en")
    return Visit(visitor=Visitor(eva), now=NOW, path="/rules", query={}, headers={})


def test_a_shipped_policy_is_shown_with_how_it_could_be_changed(visit: Visit) -> None:
    answer = rules.show(visit, rules.RulesForm())
    assert answer.status == 200
    page = answer.body.decode()
    assert "The shipped policy “mortgage” is in force by its name" in page
    assert "LEADWERK_POLICY" in page
    assert "<button>" not in page.partition('<section class="card" id="numbers"')[2]


def test_a_change_of_a_shipped_policy_is_refused_with_its_remedy(visit: Visit) -> None:
    with pytest.raises(ConfigurationError, match="shipped policy mortgage, which cannot be replaced"):
        rules.paste(visit, rules.TextForm("name: x"))


@pytest.mark.parametrize("number", ["9" * 400, "-99999999", "1e3", "12.5", "", "٣"])
def test_a_number_that_no_policy_could_hold_is_refused_before_it_is_computed_with(
    visit: Visit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: str
) -> None:
    (tmp_path / "policy.yaml").write_text(shipped_text("mortgage"), encoding="utf-8")
    monkeypatch.setenv("LEADWERK_POLICY", str(tmp_path / "policy.yaml"))
    [rule, *_] = load("mortgage").points.rules
    with pytest.raises(InputError, match="whole number of at most seven digits"):
        rules.change_numbers(replace(visit, config=settings.read()), FreeForm({f"points.{rule.name}": number}))


def test_a_line_number_of_thousands_of_digits_is_refused() -> None:
    with pytest.raises(InputError):
        _ = FileForm({"header_row": "9" * 5000}, "UTC").read_options
