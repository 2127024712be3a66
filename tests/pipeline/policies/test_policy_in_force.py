"""The rules of then: whatever was published since, a past ledger is that of its day, and says when it cannot be."""

from __future__ import annotations

import shutil
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, strategies as st

from leadwerk.pipeline import rescore
from leadwerk.pipeline.desk.ledger_at import LedgerAt, ledger
from leadwerk.pipeline.policies import publishing
from leadwerk.pipeline.policies.policy_in_force import PolicyRecords, Which, rules_at
from leadwerk.pipeline.policies.policy_store import PolicyStore, cached_policies, open_policies, read_draft
from leadwerk.pipeline.policies.publishing import publication_note
from leadwerk.policy.load import shipped_text
from leadwerk.settings import Settings, read
from leadwerk.warehouse.duckdb import DuckDBWarehouse
from leadwerk.warehouse.statement import from_text
from support.examples import examples
from support.selling import BORN, DAY, HOUR, NOW, lead, touch, warehouse

B2B = shipped_text("b2b_swiss")
SCORES = from_text("SELECT * FROM leadwerk.scores ORDER BY scored_at, lead_id")
CEO = {"job_title": "CEO", "employees": 60}


def settings_of(home: Path, **other: str) -> Settings:
    return read({"LEADWERK_HOME": str(home)} | {f"LEADWERK_{name}": value for name, value in other.items()})


def text_with(points: int) -> str:
    """The shipped policy with another number for a webinar."""
    rule = "signal: webinar, points: "
    assert B2B.count(rule) == 1
    return B2B.replace(rule + "10", f"{rule}{points}")


class Office:
    """A deployment whose policy is published, at moments of the test's choosing."""

    def __init__(self, home: Path, translations: Path) -> None:
        (home / "translations").symlink_to(translations)
        (home / "policy.yaml").write_text(B2B, encoding="utf-8")
        touches = [touch(n, "1", "webinar_attended", NOW - n * DAY - HOUR) for n in range(1, 15, 3)]
        self.warehouse: DuckDBWarehouse = warehouse(home, leads=[lead("1", **CEO), lead("2")], touchpoints=touches)
        self.home, self.place = home, open_policies(settings_of(home))

    def publish(self, points: int, at: datetime) -> str:
        present = self.place.in_force()
        draft = read_draft(text_with(points), "draft.yaml")
        if draft.policy.version != present.version:
            publishing.publish(self.place, self.warehouse, draft, present, publication_note("Ada", "because", at))
        return draft.policy.version

    def night(self, at: datetime) -> None:
        rescore.run(self.warehouse, self.place.in_force().policy, None, now=at, stored_at=at + HOUR)

    def ledger(
        self, at: datetime, which: Which = "in_force", policies: PolicyStore | None = None, lead_id: str = "1"
    ) -> LedgerAt:
        present = self.place.in_force().policy
        records = PolicyRecords(self.warehouse, present, policies or self.place)
        rules = rules_at(records, lead_id, at=at, now=NOW, which=which)
        return ledger(self.warehouse, rules.policy, rules, lead_id, at=at)


@pytest.fixture(scope="module")
def translations(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("translations")  # seconds a statement, and the same for every test


@pytest.fixture
def office(tmp_path: Path, translations: Path) -> Office:
    return Office(tmp_path, translations)


def webinar(ledger: LedgerAt) -> set[int]:
    return {entry.base for entry in ledger.entries if (entry.rule, entry.kind) == ("webinar", "event")}


def test_points_of_a_past_moment_are_counted_by_the_policy_that_was_published_then(office: Office) -> None:
    first, second = office.publish(20, NOW - 6 * DAY), office.publish(30, NOW - 3 * DAY)
    before, after = office.ledger(NOW - 4 * DAY), office.ledger(NOW)
    assert (before.policy_source, before.policy_version, before.since) == ("published", first, NOW - 6 * DAY)
    assert (after.policy_source, after.policy_version, after.since) == ("published", second, NOW - 3 * DAY)
    assert (webinar(before), webinar(after)) == ({20}, {30})
    assert before.sum == before.rating.points


def test_a_publication_holds_from_its_moment_on(office: Office) -> None:
    at = NOW - 3 * DAY
    office.publish(20, NOW - 6 * DAY)
    office.publish(30, at)
    assert webinar(office.ledger(at)) == {30}
    assert webinar(office.ledger(at - timedelta(microseconds=1))) == {20}


def test_a_reverted_policy_is_the_one_of_its_days(office: Office) -> None:
    office.publish(20, NOW - 6 * DAY)
    publishing.revert(office.place, office.warehouse, None, publication_note("Bob", "too many calls", NOW - 4 * DAY))
    assert [webinar(office.ledger(NOW - ago * DAY)) for ago in (5, 3)] == [{20}, {10}]


def test_the_stored_score_of_that_moment_has_the_same_points(office: Office) -> None:
    office.night(NOW - 5 * DAY)
    office.publish(28, NOW - 4 * DAY)
    ledger = office.ledger(NOW - 5 * DAY)
    assert ledger.stored is not None and ledger.adds_up is True
    assert (ledger.stored.points, ledger.policy_source) == (ledger.sum, "scored")
    today = office.ledger(NOW - 5 * DAY, which="current")
    assert (today.policy_source, today.adds_up, webinar(today)) == ("requested", False, {28})
    assert today.in_force == ledger.policy_version != today.policy_version


def test_a_process_that_had_not_noticed_the_publication_is_told_by_its_score(office: Office) -> None:
    former = office.place.in_force().policy
    office.publish(28, NOW - 4 * DAY)
    late = NOW - 4 * DAY + timedelta(seconds=30)
    rescore.run(office.warehouse, former, None, now=late, stored_at=late)
    ledger = office.ledger(late)
    assert (ledger.policy_source, ledger.policy_version, ledger.adds_up) == ("scored", former.version, True)


def test_before_the_first_publication_the_policy_that_it_replaced_was_in_force(office: Office) -> None:
    first = office.place.in_force().version
    office.publish(28, NOW - 4 * DAY)
    ledger = office.ledger(NOW - 5 * DAY)
    assert (ledger.policy_source, ledger.policy_version, ledger.since) == ("replaced_later", first, None)
    assert webinar(ledger) == {10}


def test_what_nobody_recorded_is_said_and_counted_by_the_present_rules(office: Office) -> None:
    ledger = office.ledger(NOW - 5 * DAY)
    assert (ledger.policy_source, ledger.in_force, ledger.stored, ledger.adds_up) == ("not_recorded", None, None, None)
    assert ledger.policy_version == office.place.in_force().version


def test_a_policy_that_is_not_kept_is_named_and_the_present_rules_stand_in(office: Office) -> None:
    """A file that somebody edited by hand: its scores name a version of which there is no text any more."""
    office.night(NOW - 5 * DAY)
    former = office.place.in_force().version
    (office.home / "policy.yaml").write_text(text_with(25), encoding="utf-8")
    ledger = office.ledger(NOW - 5 * DAY)
    assert (ledger.policy_source, ledger.in_force, ledger.adds_up) == ("not_kept", former, False)
    assert ledger.policy_version == office.place.in_force().version != former


@pytest.mark.parametrize("damage", ["gone", "tampered", "no policy"])
def test_an_archive_that_cannot_be_believed_is_not_used(office: Office, damage: str) -> None:
    first = office.publish(20, NOW - 6 * DAY)
    office.publish(30, NOW - 3 * DAY)
    archived = office.home / "policies" / f"{first}.yaml"
    if damage == "gone":
        archived.unlink()
    else:
        archived.write_text(text_with(29) if damage == "tampered" else "name: [", encoding="utf-8")
    ledger = office.ledger(NOW - 5 * DAY)
    assert (ledger.policy_source, ledger.in_force, webinar(ledger)) == ("not_kept", first, {30})


def test_without_an_archive_a_score_of_the_present_policy_is_still_reproduced(office: Office, tmp_path: Path) -> None:
    office.night(NOW - 5 * DAY)
    shipped = cached_policies(settings_of(tmp_path, POLICY="b2b_swiss"))
    assert shipped is None
    present = office.place.in_force().policy
    rules = rules_at(PolicyRecords(office.warehouse, present, None), "1", at=NOW - 5 * DAY, now=NOW)
    assert (rules.source, rules.policy.version) == ("scored", present.version)


@pytest.mark.slow
def test_each_lead_has_its_own_scores_for_witnesses(office: Office) -> None:
    office.night(NOW - 5 * DAY)
    assert office.ledger(NOW - 5 * DAY, lead_id="2").stored != office.ledger(NOW - 5 * DAY).stored
    assert office.ledger(NOW - 5 * DAY + HOUR).stored is None


deeds = st.lists(
    st.tuples(st.integers(1, 40), st.sampled_from(["publish", "night", "revert"]), st.integers(8, 13)),
    min_size=2,
    max_size=7,
)


@pytest.mark.slow
@examples(10, suppress_health_check=list(HealthCheck))
@given(deeds)
def test_whatever_was_published_and_when_every_stored_score_is_reproduced_exactly(
    tmp_path_factory: pytest.TempPathFactory, translations: Path, done: list[tuple[int, str, int]]
) -> None:
    home = tmp_path_factory.mktemp("home")
    office, at = Office(home, translations), BORN
    with office.warehouse.unit_of_work():
        for hours, deed, points in done:
            at += hours * HOUR
            if deed == "publish":
                office.publish(points, at)
            elif deed == "night":
                office.night(at)
            elif publishing.history(office.warehouse, at):
                publishing.revert(office.place, office.warehouse, None, publication_note("Bob", "back", at))
        for row in office.warehouse.rows(SCORES, {}):
            ledger = office.ledger(row["scored_at"], lead_id=row["lead_id"])
            assert (ledger.adds_up, ledger.sum, ledger.policy_version) == (True, row["points"], row["policy_version"])
            assert [_stored_fields(entry, row) for entry in ledger.entries] == row["ledger"]
    shutil.rmtree(home)


def _stored_fields(entry: Any, row: dict[str, Any]) -> dict[str, Any]:
    return {name: getattr(entry, name) for name in row["ledger"][0]}
