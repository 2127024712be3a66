"""Picks of accounts: all contacts or none, whoever else picks at the same time."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from leadwerk.errors import AlreadyPicked, InputError, UnknownAccount
from leadwerk.pipeline.desk.account_picks import pick_account, release_account
from leadwerk.pipeline.desk.call_list import Served
from leadwerk.pipeline.desk.picks import Picks
from leadwerk.registry import FolderStore
from support.selling import NOW, POLICY, lead, warehouse
from support.strict_store import StrictStore

HOUR = timedelta(hours=1)
CONTACTS = ["a1", "a2", "a3"]


@pytest.fixture(params=["folder", "strict"])
def picks(request: pytest.FixtureRequest, tmp_path: Path) -> Picks:
    store = FolderStore(tmp_path / "picks") if request.param == "folder" else StrictStore()
    leads = [lead(lead_id, account_id="acme.ch") for lead_id in reversed(CONTACTS)] + [lead("b1", account_id="beta.ch")]
    return Picks(warehouse(tmp_path, leads=leads), POLICY, store)


def sellers_by_lead(picks: Picks) -> dict[str, str]:
    return {pick.lead_id: pick.seller for pick in picks.active(NOW + HOUR)}


def test_every_contact_is_taken_and_no_other_lead(picks: Picks) -> None:
    account_pick = pick_account(picks, "acme.ch", "anna", NOW)
    assert [pick.lead_id for pick in account_pick.contacts] == CONTACTS
    assert {pick.expires_at for pick in account_pick.contacts} == {NOW + POLICY.capacity.pick_hours * HOUR}
    assert sellers_by_lead(picks) == dict.fromkeys(CONTACTS, "anna")
    assert pick_account(picks, "acme.ch", "anna", NOW + HOUR) == account_pick


def test_contacts_of_other_languages_are_left_to_their_sellers(tmp_path: Path) -> None:
    leads = [lead("de1", account_id="acme.ch", language="de"), lead("fr1", account_id="acme.ch", language="fr")]
    picks = Picks(warehouse(tmp_path, leads=leads), POLICY, FolderStore(tmp_path / "picks"))
    assert [pick.lead_id for pick in pick_account(picks, "acme.ch", "anna", NOW, Served(("de",))).contacts] == ["de1"]
    with pytest.raises(UnknownAccount):
        pick_account(picks, "acme.ch", "beat", NOW, Served(("it",)))
    assert sellers_by_lead(picks) == {"de1": "anna"}


def test_a_contact_in_another_sellers_hands_leaves_all_as_they_were(picks: Picks) -> None:
    picks.pick("a1", "anna", NOW)
    picks.pick("a3", "beat", NOW)
    with pytest.raises(AlreadyPicked, match="Lead a3 is held by beat"):
        pick_account(picks, "acme.ch", "anna", NOW + HOUR)
    assert sellers_by_lead(picks) == {"a1": "anna", "a3": "beat"}


def test_a_release_gives_back_the_sellers_own_contacts_only(picks: Picks) -> None:
    picks.pick("a3", "beat", NOW)
    picks.pick("a1", "anna", NOW)
    assert release_account(picks, "acme.ch", "anna", NOW + HOUR).contacts == ("a1",)
    assert sellers_by_lead(picks) == {"a3": "beat"}
    assert release_account(picks, "acme.ch", "anna", NOW + HOUR).contacts == ()


def test_of_sellers_who_take_an_account_at_once_one_has_all_of_it(picks: Picks) -> None:
    start = threading.Barrier(4)

    def attempt(number: int) -> str | None:
        start.wait()
        try:
            return pick_account(picks, "acme.ch", f"seller {number}", NOW).seller
        except AlreadyPicked:
            return None

    with ThreadPoolExecutor(4) as pool:
        winners = [seller for seller in pool.map(attempt, range(4)) if seller]
    assert sellers_by_lead(picks) == dict.fromkeys(CONTACTS, *winners)


def test_what_cannot_be_taken_is_named(picks: Picks) -> None:
    with pytest.raises(UnknownAccount, match=r"Account nobody\.ch is not known"):
        pick_account(picks, "nobody.ch", "anna", NOW)
    with pytest.raises(InputError, match="A pick needs the name of its seller"):
        pick_account(picks, "acme.ch", " ", NOW)
    assert sellers_by_lead(picks) == {}
