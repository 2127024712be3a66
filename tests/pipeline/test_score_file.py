"""A lead of a file has the same score whether it is computed in columns or asked for by itself."""

from __future__ import annotations

import numpy as np
import pytest

from leadwerk.importing.column_mapping import ColumnMapping
from leadwerk.importing.lead_values import forms
from leadwerk.importing.leads import ParsedLeads, parse_leads
from leadwerk.importing.plan import mapping_for_scoring
from leadwerk.importing.table import read_table
from leadwerk.pipeline import score as request_stage, score_file
from leadwerk.pipeline.serving.messages import ScoredLead, ScoreRequest
from leadwerk.policy.load import load
from leadwerk.policy.model import Policy
from leadwerk.scoring.model import Scorer
from leadwerk.warehouse.duckdb import DuckDBWarehouse
from support import example_leads, example_models as models
from support.example_leads import NOW

LEADS = 40


def text() -> str:
    """Leads with gaps in every column, two of them known to the warehouse by more than a file."""
    lines = ["lead_id,created_at,loan_amount,property_value,income,instalment,plz,language,channel,job_title,e_mail"]
    for n in range(LEADS):
        lead_id = str(n + 1)
        amount = "" if n % 7 == 0 else str(200_000 + 17_000 * n)
        value = "0" if n % 11 == 0 else str(500_000 + 9_000 * n)
        income = "" if n % 5 == 0 else str(60_000 + 3_000 * n)
        language, plz = ("de", "fr", "", "xx")[n % 4], ("8001", "1200", "", "80331")[n % 4]
        created_at = f"2026-04-{n % 28 + 1:02}T{n % 24:02}:30:00Z"
        channel, title = ("web", "branch", "")[n % 3], ("CEO", "Praktikantin", "")[n % 3]
        address = f"a{n}@firma{n}.ch" if n % 2 else ""
        cells = (
            lead_id,
            created_at,
            amount,
            value,
            income,
            str(1_000 + 50 * n),
            plz,
            language,
            channel,
            title,
            address,
        )
        lines.append(",".join(cells))
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def policy() -> Policy:
    return load("mortgage")


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> DuckDBWarehouse:
    return example_leads.warehouse(tmp_path_factory.mktemp("home") / "home")


@pytest.fixture(scope="module")
def parsed(tmp_path_factory: pytest.TempPathFactory) -> ParsedLeads:
    path = tmp_path_factory.mktemp("files") / "leads.csv"
    path.write_text(text(), encoding="utf-8")
    table = read_table(path)
    mapping = ColumnMapping(id="lead_id", outcome="", positive="", time="created_at", zone="Europe/Zurich")
    return parse_leads(table, mapping_for_scoring(table, mapping), now=NOW, is_scoring=True)


def one_by_one(
    warehouse: DuckDBWarehouse, policy: Policy, scorer: Scorer | None, parsed: ParsedLeads
) -> list[ScoredLead]:
    requests = [
        ScoreRequest(lead_id=lead_id, form=form)
        for lead_id, form in zip(parsed.ids.to_pylist(), forms(parsed, policy), strict=True)
    ]
    context = request_stage.ScoringRun(warehouse, policy, scorer, now=NOW, stored_at=NOW, store=False, person_key="k")
    return request_stage.run(context, requests).scores


@pytest.mark.parametrize("has_model", [True, False])
def test_columns_give_the_scores_of_requests(
    warehouse: DuckDBWarehouse, policy: Policy, parsed: ParsedLeads, has_model: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(score_file, "BLOCK", 16)  # several blocks, the last one shorter
    scorer = Scorer.load(models.files(policy), policy, threads=1) if has_model else None
    scores = score_file.run(warehouse, policy, scorer, parsed, now=NOW)
    expected = one_by_one(warehouse, policy, scorer, parsed)
    columns = scores.columns
    assert scores.is_scored.all()
    assert columns.score_cluster.tolist() == [score.score_cluster for score in expected]
    assert columns.matrix_cell.tolist() == [score.matrix_cell for score in expected]
    assert columns.points.tolist() == [score.points for score in expected]
    if has_model:
        assert columns.predictive_score.tolist() == [score.predictive_score for score in expected]
        np.testing.assert_allclose(columns.probability, [score.probability for score in expected], rtol=1e-6)
        assert len(set(columns.score_cluster.tolist())) > 1


def test_most_leads_of_a_file_are_not_asked_for_one_by_one(
    warehouse: DuckDBWarehouse, policy: Policy, parsed: ParsedLeads, monkeypatch: pytest.MonkeyPatch
) -> None:
    requested: list[str] = []
    original = request_stage.run

    def counted(*arguments: object, **options: object) -> object:
        requested.extend(request.lead_id for request in arguments[1])  # type: ignore[attr-defined]
        return original(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(request_stage, "run", counted)
    score_file.run(warehouse, policy, None, parsed, now=NOW)
    assert 0 < len(requested) < LEADS / 2
