"""Units belong to the column: numbers of a later file are converted to those learned from, or asked about."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from leadwerk.errors import InputError
from leadwerk.importing.lead_values import forms, lead_values
from leadwerk.importing.leads import parse_leads
from leadwerk.importing.plan import ImportPlan, mapping_for_scoring
from leadwerk.pipeline.import_home import prepared_files, refuse_overwriting
from support.imported_files import NOW, plan, table

NUMBERS = [(n * 37) % 83 + 10 for n in range(60)]
Written = Callable[[int], str]


def text(write: Written, title: str) -> str:
    lines = (
        f"L{n};0{n % 9 + 1}.02.2026;{write(number)};{'won' if n % 3 else 'lost'}" for n, number in enumerate(NUMBERS)
    )
    return "\n".join([f"Nr;Eingang;{title};Status", *lines])


def learned_plan(folder: Path, write: Written, title: str = "Mass") -> ImportPlan:
    return plan(table(folder, text(write, title)), "Nr", "Status", positive="won", time="Eingang")


def first_numbers(folder: Path, learned: Written, present: Written) -> tuple[list[float], list[float]]:
    """The first numbers of the file learned from, and those of a later file as its scoring reads them."""
    how = learned_plan(folder, learned)
    later = table(folder, text(present, "Mass"), "new.csv")
    leads = parse_leads(later, mapping_for_scoring(later, how.mapping), now=NOW, is_scoring=True)
    before = parse_leads(how.table, how.mapping, now=NOW)
    columns = [lead_values(of, how.policy, person_key="").attributes[0].numbers for of in (before, leads)]
    in_forms = [form["Mass"] for form in forms(leads, how.policy)]
    assert columns[1] is not None
    assert columns[1].tolist() == in_forms
    return tuple(np.round(column[:3], 6).tolist() for column in columns if column is not None)  # type: ignore[return-value]


CONVERTED: dict[str, tuple[Written, Written]] = {
    "shorter measure": (lambda n: f"{n} cm", lambda n: f"{n * 10} mm"),
    "longer measure": (lambda n: f"{n}00 kg", lambda n: f"{n / 10} t".replace(".", ",")),
    "years": (lambda n: f"{n * 12} Monate", lambda n: f"{n} Jahre"),
    "percent without its sign": (lambda n: f"{n} %", lambda n: f"{n}"),
    "percent as a share": (lambda n: f"{n} %", lambda n: f"0,{n}"),
    "a share as percent": (lambda n: f"0,{n}", lambda n: f"{n} %"),
    "numbers as percent": (lambda n: f"{n}", lambda n: f"{n} %"),
    "a unit left out": (lambda n: f"{n} cm", lambda n: f"{n}"),
    "thousands written out": (lambda n: f"{n} kCHF", lambda n: f"CHF {n}'000.–"),
    "thousands in words": (lambda n: f"{n}000", lambda n: f"{n}k"),
}


@pytest.mark.parametrize("name", CONVERTED)
def test_numbers_of_another_unit_are_converted(tmp_path: Path, name: str) -> None:
    before, later = first_numbers(tmp_path, *CONVERTED[name])
    assert later == before


ASKED: dict[str, tuple[Written, Written, str]] = {
    "thousands left out": (lambda n: f"{n} kCHF", lambda n: f"{n}", r"k or Mio. behind.*\(no unit\)"),
    "millions left out": (lambda n: f"{n},5 Mio.", lambda n: f"{n},5", r"k or Mio. behind.*\(no unit\)"),
    "another currency": (lambda n: f"CHF {n}", lambda n: f"{n} €", r"\(CHF\).*\(EUR\)"),
    "another measure": (lambda n: f"{n} m²", lambda n: f"{n} kg", r"\(m2\).*\(kg\)"),
    "a duration left out": (lambda n: f"00:{n % 60:02}:00", lambda n: f"{n}", r"\(durations\).*\(no unit\)"),
}


@pytest.mark.parametrize("name", ASKED)
def test_numbers_that_do_not_convert_are_asked_about(tmp_path: Path, name: str) -> None:
    learned, present, question = ASKED[name]
    with pytest.raises(InputError, match=question):
        first_numbers(tmp_path, learned, present)


def test_the_unit_of_a_leads_field_is_held_to_as_well(tmp_path: Path) -> None:
    how = learned_plan(tmp_path, lambda n: f"{n} kCHF", "Umsatz")
    later = table(tmp_path, text(str, "Umsatz"), "new.csv")
    with pytest.raises(InputError, match="Umsatz"):
        mapping_for_scoring(later, how.mapping)


def test_what_is_not_learned_from_may_have_any_unit(tmp_path: Path) -> None:
    content = table(tmp_path, text(lambda n: f"{n} kCHF", "Mass"))
    how = plan(content, "Nr", "Status", positive="won", time="Eingang", exclude=("Mass",))
    assert mapping_for_scoring(table(tmp_path, text(str, "Mass"), "new.csv"), how.mapping).time == "Eingang"


def test_a_later_import_in_another_unit_is_refused(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with prepared_files(learned_plan(tmp_path, lambda n: f"{n} cm"), home) as commit:
        commit()
    refuse_overwriting(learned_plan(tmp_path, lambda n: f"{n + 1} cm"), home, replace=False)
    later = learned_plan(tmp_path, lambda n: f"{n} mm")
    with pytest.raises(InputError, match=r"\(cm\).*\(mm\)"):
        refuse_overwriting(later, home, replace=False)
    refuse_overwriting(later, home, replace=True)
