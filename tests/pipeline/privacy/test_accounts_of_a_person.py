"""What was answered about a company is a person's where nobody else's lead names the company, as a sole trader's."""

from __future__ import annotations

from pathlib import Path

from leadwerk.pipeline.privacy.person import find_person
from support.homes import home_warehouse
from support.person_rows import SECRET
from support.selling import lead


def test_a_company_with_other_contacts_is_not_a_persons(tmp_path: Path) -> None:
    warehouse = home_warehouse(tmp_path)
    anna, beat = "a" * 64, "b" * 64
    warehouse.append(
        "leads",
        [
            lead("anna-1", account_id="shared.ch", person_key=anna),
            lead("anna-2", account_id="anna-alone.ch", person_key=anna),
            lead("beat-1", account_id="shared.ch", person_key=beat),
            lead("beat-2", person_key=beat),
        ],
    )
    assert find_person(warehouse, "anna-1", SECRET).by_kind["account"] == ("anna-alone.ch",)
    assert find_person(warehouse, "beat-1", SECRET).accounts == ()
