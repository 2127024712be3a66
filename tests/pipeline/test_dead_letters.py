"""Dead letters: what the CRM refused for good is sent again by the next delivery, once a person orders it."""

from __future__ import annotations

import pytest

from leadwerk.errors import CRMRejected, InputError
from leadwerk.pipeline.audit.trail import AuditFilter, read_trail
from leadwerk.pipeline.dead_letters import SendAgain, read_dead_letters, send_again
from leadwerk.texts.message import in_language
from leadwerk.warehouse.duckdb import DuckDBWarehouse
from support.numbered_scores import MINUTE, NOW, POLICY, run, score
from support.scripted_crm import ScriptedCRM, raising

LATER = NOW + 10 * MINUTE
ORDER = SendAgain("refused", None, by="otto", reason="the field is there now")


@pytest.fixture
def crm(warehouse: DuckDBWarehouse) -> ScriptedCRM:
    """A CRM that refused two leads, and does not know a third any more."""
    warehouse.append("scores", [score("a", 3), score("b", 2), score("gone", 1)])
    refusal = raising(CRMRejected("there is no such field", status=422))
    crm = ScriptedCRM([None, None, None])
    run(warehouse, crm)
    warehouse.append("scores", [score("a", 13), score("b", 12), score("gone", 11)])
    crm.script = [refusal, refusal, raising(CRMRejected("no such lead", status=404))]
    assert run(warehouse, crm, minutes=5).dead_letter == 3
    crm.script, crm.received = [], []
    return crm


def test_the_letters_of_one_reason_are_sent_again_by_the_next_delivery(
    warehouse: DuckDBWarehouse, crm: ScriptedCRM
) -> None:
    assert run(warehouse, crm, minutes=8).sent == 0
    assert send_again(warehouse, POLICY, ORDER, LATER) == 2
    assert [letter.code for letter in read_dead_letters(warehouse, POLICY, LATER)] == ["deleted"]
    assert run(warehouse, crm, minutes=11).sent == 2
    assert sorted(crm.received) == ["a-13", "b-12"]


def test_the_trail_says_who_sent_them_again_and_why(warehouse: DuckDBWarehouse, crm: ScriptedCRM) -> None:
    send_again(warehouse, POLICY, ORDER, LATER)
    [entry] = read_trail(warehouse, AuditFilter(until=LATER, action="send_again"))
    assert (entry.actor, entry.object, entry.reason) == ("otto", "refused", "the field is there now")
    assert (entry.before, entry.after) == ("dead_letter: 2", "retry: 2")


def test_what_nobody_refused_is_not_sent_again(warehouse: DuckDBWarehouse, crm: ScriptedCRM) -> None:
    send_again(warehouse, POLICY, ORDER, LATER)
    for order in (ORDER, SendAgain("refused", "no_such_field", by="otto", reason="x")):
        with pytest.raises(InputError, match="No refused score waits"):
            send_again(warehouse, POLICY, order, LATER)
    assert len(read_trail(warehouse, AuditFilter(until=LATER, action="send_again"))) == 1


def test_a_cause_is_cured_in_the_words_of_its_reader(warehouse: DuckDBWarehouse, crm: ScriptedCRM) -> None:
    letters = {letter.code: letter for letter in read_dead_letters(warehouse, POLICY, LATER)}
    assert {code: letter.may_be_sent for code, letter in letters.items()} == {"refused": True, "deleted": False}
    assert in_language(letters["deleted"].remedy, "de").startswith("Nichts: Der Lead wurde im CRM gelöscht")
    assert "leadwerk deliver --code refused" in letters["refused"].remedy
