"""What a delivery would do is shown without a call, field by field."""

from __future__ import annotations

from leadwerk.errors import CRMRejected
from leadwerk.pipeline.dead_letters import read_dead_letters
from leadwerk.pipeline.delivery_preview import FieldChange, preview
from leadwerk.warehouse.duckdb import DuckDBWarehouse
from support.numbered_scores import MINUTE, NOW, POLICY, run, score
from support.scripted_crm import ScriptedCRM, raising


def test_added_changed_and_same_leads_are_told_apart_and_nothing_is_sent(warehouse: DuckDBWarehouse) -> None:
    crm = ScriptedCRM()
    warehouse.append("scores", [score("a", 1), score("b", 1)])
    run(warehouse, crm)
    warehouse.append("scores", [score("a", 2), score("b", 2, predictive_score=1), score("c", 3)])
    result = preview(warehouse, POLICY, crm, now=NOW + MINUTE)
    assert (result.added, result.changed, result.same, result.blocked) == (1, 1, 1, 0)
    assert FieldChange("a", "predictive_score", 1, 2) in result.changes
    assert [change.field for change in result.changes if change.lead_id == "a"] == ["predictive_score"]
    assert FieldChange("c", "score_cluster", None, "WARM") in result.changes
    assert result.fields["predictive_score"] == 2
    assert crm.received == ["a-1", "b-1"]
    assert run(warehouse, crm, minutes=2).sent == 2


def test_dead_letters_are_grouped_by_reason_with_a_remedy(warehouse: DuckDBWarehouse) -> None:
    warehouse.append("scores", [score(lead, 1) for lead in "abc"])
    refused = raising(CRMRejected("no such field", status=422))
    run(warehouse, ScriptedCRM([refused, refused, raising(CRMRejected("gone", status=410))]))
    groups = read_dead_letters(warehouse, POLICY, NOW + MINUTE)
    assert [(group.code, group.leads) for group in groups] == [("refused", 2), ("deleted", 1)]
    assert groups[0].example == "no such field"
    assert all(group.remedy for group in groups)
