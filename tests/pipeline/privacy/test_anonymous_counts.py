"""After an erasure the results count as before, and nothing of the counts leads to the person."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from leadwerk.pipeline.desk.outcome_counts import outcome_counts
from leadwerk.pipeline.desk.picks import Picks
from leadwerk.pipeline.policies.shared_draft import DraftStore
from leadwerk.pipeline.privacy.anonymous_counts import SMALLEST_GROUP
from leadwerk.pipeline.privacy.erase import ErasurePlaces, erase, sweep
from leadwerk.pipeline.uploads import Uploads
from leadwerk.policy.load import load
from leadwerk.policy.model import Policy, Privacy
from leadwerk.registry import FolderStore, open_registry
from leadwerk.report.results.outcome_counts import SEGMENTS, Totals, grouped, totals
from leadwerk.warehouse.duckdb import DuckDBWarehouse
from leadwerk.warehouse.statement import from_text
from support.selling import lead, outcome, score, warehouse

DAY = timedelta(days=1)
NOW = datetime.fromisoformat("2026-06-15T08:00:00+00:00")
CAME = datetime.fromisoformat("2026-03-10T08:00:00+00:00")
FRENCH, GERMAN = tuple(f"f{number}" for number in range(SMALLEST_GROUP)), ("g0", "g1")
POLICY = msgspec.structs.replace(load("b2b_swiss"), horizon_days=30)


@pytest.fixture
def home(tmp_path: Path) -> DuckDBWarehouse:
    """Enough leads of March in French that a count names nobody, and too few in German; all were won."""
    came = {"created_at": CAME, "recorded_at": CAME}
    languages = dict.fromkeys(FRENCH, "fr") | dict.fromkeys(GERMAN, "de")
    return warehouse(
        tmp_path,
        leads=[lead(name, **came, language=language) for name, language in languages.items()],
        scores=[score(name, CAME + DAY, score_cluster="HOT") for name in languages],
        outcomes=[outcome(name, CAME + 9 * DAY, "won", "won") for name in languages],
    )


def erase_lead(home: DuckDBWarehouse, folder: Path, name: str, policy: Policy = POLICY) -> ErasurePlaces:
    picks = Picks(home, policy, FolderStore(folder / "picks"))
    place = ErasurePlaces(
        home,
        picks,
        open_registry(str(folder / "models")),
        Uploads.of_home(folder),
        DraftStore(FolderStore(folder / "reports")),
        "s3cret",
    )
    erase(place, name, by="Eva", reason="request 17", now=NOW)
    return place


def by_language(home: DuckDBWarehouse) -> dict[str | None, Totals]:
    return grouped(outcome_counts(home, POLICY, now=NOW, weeks=26, segment="language"), lambda row: row.segment)


def test_after_an_erasure_the_results_count_as_before(home: DuckDBWarehouse, tmp_path: Path) -> None:
    before = by_language(home)
    assert before["fr"] == Totals(leads=5, certain=5, won=5, hot=5)
    place = erase_lead(home, tmp_path, "f0")
    assert by_language(home) == before
    sweep(place, NOW + DAY)
    assert by_language(home) == before
    for segment in (*SEGMENTS, "none"):
        everybody = totals(outcome_counts(home, POLICY, now=NOW, weeks=26, segment=segment))  # type: ignore[arg-type]
        assert everybody == Totals(leads=7, certain=7, won=7, hot=7)


def test_a_trait_that_few_share_is_left_out(home: DuckDBWarehouse, tmp_path: Path) -> None:
    erase_lead(home, tmp_path, "g0")
    assert {language: total.leads for language, total in by_language(home).items()} == {"fr": 5, "de": 1, None: 1}


def test_nothing_of_a_count_leads_to_a_person(home: DuckDBWarehouse, tmp_path: Path) -> None:
    erase_lead(home, tmp_path, "f0")
    rows = home.rows(from_text("SELECT * FROM leadwerk.anonymous_counts"), {})
    assert {row["segment"] for row in rows} == {*SEGMENTS, "none"}
    assert {row["day"].day for row in rows} == {1}
    [erasure] = home.rows(from_text("SELECT DISTINCT erasure_id FROM leadwerk.erasures"), {})
    text = repr(rows)
    assert "'f0'" not in text and erasure["erasure_id"] not in text


def test_the_policy_may_keep_no_counts(home: DuckDBWarehouse, tmp_path: Path) -> None:
    strict = msgspec.structs.replace(POLICY, privacy=Privacy(anonymous_counts=False))
    erase_lead(home, tmp_path, "f0", strict)
    assert by_language(home)["fr"].leads == 4
    assert home.rows(from_text("SELECT * FROM leadwerk.anonymous_counts"), {}) == []
