"""Rescoring: every open lead, only what changed, and the same tables however often it runs."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from leadwerk.pipeline import rescore
from leadwerk.pipeline.run_limit import RunLimit
from leadwerk.policy.load import load
from leadwerk.policy.points import PointsModel
from leadwerk.scoring.model import Scorer
from leadwerk.warehouse.duckdb import DuckDBWarehouse
from leadwerk.warehouse.statement import from_text
from support import example_leads, example_models as models
from support.example_leads import NOW
from support.homes import home_warehouse

MORTGAGE = load("mortgage")


@pytest.fixture(scope="module")
def scorer() -> Scorer:
    return Scorer.load(models.files(MORTGAGE), MORTGAGE)


@pytest.fixture
def warehouse(tmp_path: Path) -> DuckDBWarehouse:
    return example_leads.warehouse(tmp_path)


def run(warehouse: DuckDBWarehouse, scorer: Scorer | None, now=NOW) -> rescore.RescoreReport:
    return rescore.run(warehouse, MORTGAGE, scorer, now=now, stored_at=now)


def scores(warehouse: DuckDBWarehouse) -> list[dict]:
    return warehouse.rows(from_text("SELECT * FROM leadwerk.scores ORDER BY lead_id, scored_at"), {})


def test_open_leads_are_scored_with_reasons_and_closed_ones_are_not(warehouse, scorer):
    report = run(warehouse, scorer)
    assert (report.leads, report.stored) == (3, 3)
    assert sum(report.clusters.values()) == 3
    stored = scores(warehouse)
    assert [row["lead_id"] for row in stored] == ["1", "2", "3"]
    assert {row["score_origin"] for row in stored} == {"rescore"}
    assert all(row["reasons"] for row in stored)


def test_a_second_run_stores_nothing(warehouse, scorer):
    run(warehouse, scorer)
    before = scores(warehouse)
    assert run(warehouse, scorer).stored == 0
    assert scores(warehouse) == before


def test_after_a_crash_in_between_a_rerun_stores_the_rest(warehouse, scorer, monkeypatch):
    whole = run(warehouse, scorer)
    complete = scores(warehouse)
    cut = home_warehouse(warehouse.home / "cut")
    world_again = example_leads.warehouse(cut.home)
    monkeypatch.setattr(rescore, "BATCH", 1)
    appended = 0
    append = world_again.append

    def dying(table, rows):
        nonlocal appended
        appended += 1
        if appended == 2:
            raise KeyboardInterrupt
        return append(table, rows)

    monkeypatch.setattr(world_again, "append", dying)
    with pytest.raises(KeyboardInterrupt):
        run(world_again, scorer)
    monkeypatch.setattr(world_again, "append", append)
    assert run(world_again, scorer).stored == whole.stored - 1
    assert scores(world_again) == complete


def test_another_model_is_news_for_everybody(warehouse, scorer):
    run(warehouse, scorer)
    files = models.files(MORTGAGE, seed=4)
    other = Scorer.load(models.ModelFiles("20260201T000000Z-next", files.manifest, files.files), MORTGAGE)
    assert run(warehouse, other, NOW + timedelta(minutes=1)).stored == 3


def test_leads_older_than_the_window_are_left_alone(warehouse, scorer):
    assert run(warehouse, scorer, NOW + timedelta(days=rescore.OPEN_LEAD_DAYS)).leads == 0


def test_without_a_champion_points_decide(warehouse):
    report = run(warehouse, None)
    assert (report.model_version, report.stored) == (None, 3)
    for row in scores(warehouse):
        assert (row["basis"], row["probability"], row["predictive_score"]) == ("points", None, None)
        assert row["score_cluster"] in {"HOT", "WARM", "COLD"}
        assert round(sum(entry["points"] for entry in row["ledger"]), 2) == row["points"]
        assert row["reasons"]


def test_without_champion_and_rules_leads_are_unscored(warehouse):
    bare = msgspec.structs.replace(MORTGAGE, points=PointsModel(), stages=())
    report = rescore.run(warehouse, bare, None, now=NOW, stored_at=NOW)
    assert report.clusters == {"UNSCORED": 3}
    assert {(row["basis"], row["points"], row["matrix_cell"], row["stage"]) for row in scores(warehouse)} == {
        ("no_champion", None, None, None)
    }


def test_an_empty_warehouse_has_nobody_to_rescore(tmp_path, scorer):
    assert run(home_warehouse(tmp_path / "empty"), scorer).leads == 0


def limited(
    warehouse: DuckDBWarehouse, scorer: Scorer | None, now, *, only_left: bool = False
) -> rescore.RescoreReport:
    options = rescore.RescoreOptions(limit=RunLimit(records=1), only_left=only_left)
    return rescore.run(warehouse, MORTGAGE, scorer, now=now, stored_at=now, options=options)


def test_a_limited_run_begins_with_the_leads_that_the_last_one_left(warehouse, scorer, monkeypatch):
    monkeypatch.setattr(rescore, "BATCH", 1)
    days = [NOW + timedelta(hours=hour) for hour in range(3)]
    reports = [limited(warehouse, scorer, day) for day in days]
    assert [(report.leads, report.left, report.stored) for report in reports] == [(1, 2, 1)] * 3
    assert sorted(row["lead_id"] for row in scores(warehouse)) == ["1", "2", "3"]


@pytest.mark.slow
def test_a_round_that_is_continued_ends_where_it_began(warehouse, scorer, monkeypatch):
    monkeypatch.setattr(rescore, "BATCH", 1)
    limited(warehouse, scorer, NOW)
    limited(warehouse, scorer, NOW + timedelta(hours=1))  # a new round, from the second lead on
    left = [limited(warehouse, scorer, NOW + timedelta(hours=2 + i), only_left=True) for i in range(3)]
    assert [(report.leads, report.left) for report in left] == [(1, 1), (1, 0), (0, 0)]
    whole = run(warehouse, scorer, NOW + timedelta(hours=6))
    assert (whole.leads, whole.left, whole.stored) == (3, 0, 0)


def test_a_stored_position_names_no_lead(warehouse, scorer, monkeypatch):
    monkeypatch.setattr(rescore, "BATCH", 1)
    limited(warehouse, scorer, NOW)
    [stored] = warehouse.rows(from_text("SELECT source, `cursor` FROM leadwerk.cursors"), {})
    assert stored["source"] == "rescore"
    assert set(msgspec.json.decode(stored["cursor"])) == {"first", "at"}


def test_a_run_in_time_stores_no_position(warehouse, scorer):
    options = rescore.RescoreOptions(limit=RunLimit(seconds=600))
    assert rescore.run(warehouse, MORTGAGE, scorer, now=NOW, stored_at=NOW, options=options).left == 0
    assert warehouse.rows(from_text("SELECT source FROM leadwerk.cursors"), {}) == []
