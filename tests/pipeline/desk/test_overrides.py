"""A person overrides a lead: recorded once, in force as of any moment, followed by scores, lists and thresholds."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, strategies as st

from leadwerk.crm.port import LeadUpdate
from leadwerk.errors import InputError, UnknownLead
from leadwerk.pipeline import deliver, rescore, score
from leadwerk.pipeline.desk import call_list, timeline
from leadwerk.pipeline.desk.call_list import LeadFilter
from leadwerk.pipeline.desk.override_list import override_list
from leadwerk.pipeline.desk.overrides import (
    DAYS,
    OverrideRecord,
    OverrideRequest,
    active_overrides,
    override,
    release,
)
from leadwerk.pipeline.desk.page_cursor import PageRequest
from leadwerk.pipeline.desk.picks import Picks
from leadwerk.pipeline.leads.read_lead_states import LeadSelection, read_lead_states
from leadwerk.pipeline.serving.messages import ScoredLead, ScoreRequest, deliverable
from leadwerk.pipeline.thresholds import read_demand
from leadwerk.policy.load import load
from leadwerk.policy.points import PointsModel
from leadwerk.policy.selling import Capacity, Seller
from leadwerk.registry import FolderStore
from leadwerk.scoring.model import Scorer
from leadwerk.warehouse.duckdb import DuckDBWarehouse
from leadwerk.warehouse.statement import from_text
from support import example_leads, example_models as models, selling
from support.examples import examples
from support.scripted_crm import ScriptedCRM
from support.selling import BORN, DAY, HOUR, NOW, POLICY, lead, outcome

BARE = msgspec.structs.replace(POLICY, points=PointsModel(), stages=())


@pytest.fixture
def desk(tmp_path: Path) -> DuckDBWarehouse:
    """1 and 2 are open, `old` is older than the leads that are rescored, `lost` is closed."""
    long_ago = {"created_at": NOW - 200 * DAY, "recorded_at": NOW - 200 * DAY}
    return selling.warehouse(
        tmp_path,
        leads=[lead("1", employees=400, job_title="CEO"), lead("2"), lead("old", **long_ago), lead("lost")],
        outcomes=[outcome("lost", NOW - DAY, "closedlost", "lost")],
    )


def set_override(
    desk: DuckDBWarehouse, lead_id: str = "1", cluster: str = "HOT", now: datetime = NOW, **changes: Any
) -> OverrideRecord:
    fields = {"by": "Eva", "reason": "met at the fair", **changes}
    return override(desk, POLICY, lead_id, OverrideRequest(cluster=cluster, **fields), now)


def ask(desk: DuckDBWarehouse, lead_id: str = "1", now: datetime = NOW, policy: Any = POLICY) -> ScoredLead:
    run = score.ScoringRun(desk, policy, None, now=now, stored_at=now)
    [scored] = score.run(run, [ScoreRequest(lead_id=lead_id)]).scores
    return scored


def rescored(desk: DuckDBWarehouse, now: datetime) -> dict[str, tuple[str, str | None]]:
    """The newest score of each lead after a rescoring: cluster, and who decided."""
    rescore.run(desk, POLICY, None, now=now, stored_at=now)
    return {row["lead_id"]: (row["score_cluster"], row["decided_by"]) for row in table(desk, "scores", "scored_at")}


def table(desk: DuckDBWarehouse, name: str, order: str = "set_at") -> list[dict[str, Any]]:
    return desk.rows(from_text(f"SELECT * FROM leadwerk.{name} ORDER BY {order}"), {})


class TestAWord:
    def test_is_recorded_with_name_reason_and_end(self, desk):
        record = set_override(desk, days=14)
        assert (record.cluster, record.by, record.reason, record.until) == (
            "HOT",
            "Eva",
            "met at the fair",
            date(2026, 5, 18),
        )
        [row] = table(desk, "overrides")
        assert (row["author"], row["cluster"], row["set_at"], row["ends_at"]) == ("Eva", "HOT", NOW, record.ends_at)

    def test_that_names_no_end_holds_for_thirty_days(self, desk):
        assert (DAYS, set_override(desk).until) == (30, date(2026, 6, 3))

    @pytest.mark.parametrize("end", [{}, {"days": 7}, {"until": date(2026, 5, 20)}])
    def test_delivered_twice_is_recorded_once(self, desk, end):
        first = set_override(desk, **end)
        assert set_override(desk, now=NOW + HOUR, **end) == first
        assert len(table(desk, "overrides")) == 1

    @pytest.mark.parametrize(
        "changes",
        [{"cluster": "WARM"}, {"by": "Urs"}, {"reason": "another"}, {"days": 31}, {"until": date(2026, 5, 5)}],
    )
    def test_that_differs_is_recorded_and_says_whom_it_overrules(self, desk, changes):
        set_override(desk)
        second = set_override(desk, now=NOW + HOUR, **changes)
        assert (len(table(desk, "overrides")), second.overrules) == (2, "Eva")
        assert active_overrides(desk, POLICY, NOW + HOUR) == [msgspec.structs.replace(second, overrules=None)]

    def test_is_kept_on_one_line_and_without_spaces_around_it(self, desk):
        record = set_override(desk, by=" Eva ", reason=" met\n at  the fair ")
        assert (record.by, record.reason) == ("Eva", "met at the fair")

    def test_two_overrides_of_one_moment_are_both_recorded_and_one_holds_for_all(self, desk):
        records = [set_override(desk), set_override(desk, cluster="COLD", by="Urs")]
        assert records[1].overrules == "Eva"
        assert [row["author"] for row in table(desk, "overrides", "sequence")] == ["Eva", "Urs"]
        assert ask(desk).decided_by == "Urs"

    def test_written_by_two_deliveries_that_saw_nothing_of_each_other_is_one_row(self, desk):
        set_override(desk)
        [row] = table(desk, "overrides")
        desk.append("overrides", [row])
        assert len(table(desk, "overrides")) == 1

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"cluster": "hot"}, "cluster"),
            ({"cluster": "UNSCORED"}, "cluster"),
            ({"by": " "}, "by"),
            ({"by": "E" * 101}, "by"),
            ({"by": "E\x00va"}, "by"),
            ({"reason": ""}, "reason"),
            ({"reason": "r" * 501}, "reason"),
            ({"days": 0}, "days"),
            ({"days": 366}, "days"),
            ({"until": date(2026, 5, 3)}, "until"),
            ({"until": date(2027, 5, 5)}, "until"),
            ({"days": 3, "until": date(2026, 5, 9)}, "until"),
            ({"lead_id": "lost"}, "lead_id"),
        ],
    )
    def test_that_makes_no_sense_is_refused_with_its_remedy(self, desk, changes, field):
        with pytest.raises(InputError) as refused:
            set_override(desk, **changes)
        assert (refused.value.field, bool(refused.value.remedy)) == (field, True)
        assert table(desk, "overrides") == []

    def test_about_nobody_is_refused(self, desk):
        with pytest.raises(UnknownLead, match="nobody"):
            set_override(desk, "nobody")
        with pytest.raises(UnknownLead):
            set_override(desk, now=BORN - DAY)  # not known by then


class TestARelease:
    def test_is_recorded_with_a_name_and_leaves_the_lead_to_the_product(self, desk):
        set_override(desk)
        record = release(desk, POLICY, "1", by="Urs", reason="a mistake", now=NOW + HOUR)
        assert (record.cluster, record.by, record.until, record.overrules) == (None, "Urs", None, "Eva")
        assert ask(desk, now=NOW + HOUR).decided_by is None
        assert active_overrides(desk, POLICY, NOW + HOUR) == []

    def test_of_what_nobody_decides_changes_nothing(self, desk):
        assert release(desk, POLICY, "1", by="Urs", now=NOW) is None
        set_override(desk, days=1)
        assert release(desk, POLICY, "1", by="Urs", now=NOW + 3 * DAY) is None
        assert [row["author"] for row in table(desk, "overrides")] == ["Eva"]

    def test_needs_a_lead_and_a_name(self, desk):
        with pytest.raises(UnknownLead):
            release(desk, POLICY, "nobody", by="Urs", now=NOW)
        with pytest.raises(InputError, match="by"):
            release(desk, POLICY, "1", by="", now=NOW)


class TestScores:
    def test_follow_at_once_and_only_in_what_is_decided(self, desk):
        without_override = ask(desk, now=NOW - HOUR)
        set_override(desk)
        overridden = ask(desk)
        assert (overridden.score_cluster, overridden.decided_by, overridden.stage) == ("HOT", "Eva", "sql")
        assert (overridden.points, overridden.grade, overridden.ledger) == (
            without_override.points,
            without_override.grade,
            without_override.ledger,
        )
        assert overridden.reasons[0].text == "Eva hat den Lead bis 03.06.2026 auf «heiss» gesetzt: met at the fair"
        stored = table(desk, "scores", "scored_at")
        assert [(row["score_cluster"], row["decided_by"]) for row in stored] == [("COLD", None), ("HOT", "Eva")]

    @pytest.mark.slow
    def test_change_when_a_word_begins_ends_or_lapses_and_not_in_between(self, desk):
        clusters = [rescored(desk, NOW)["2"]]
        set_override(desk, "2", days=2, now=NOW + HOUR)
        steps = (HOUR, 5 * HOUR, DAY, 2 * DAY, 3 * DAY, 4 * DAY)
        clusters += [rescored(desk, NOW + step)["2"] for step in steps]
        assert clusters == [("COLD", None), *[("HOT", "Eva")] * 4, *[("COLD", None)] * 2]
        assert [row["score_cluster"] for row in table(desk, "scores", "scored_at") if row["lead_id"] == "2"] == [
            "COLD", "HOT", "COLD",
        ]  # fmt: skip

    def test_say_the_new_end_when_a_word_is_prolonged(self, desk):
        set_override(desk, days=2)
        ask(desk)
        set_override(desk, days=9, now=NOW + HOUR)
        assert "bis 13.05.2026" in ask(desk, now=NOW + HOUR).reasons[0].text
        assert len(table(desk, "scores", "scored_at")) == 2

    def test_do_not_change_once_more_when_asked_again(self, desk):
        set_override(desk)
        ask(desk)
        ask(desk)
        ask(desk, now=NOW + HOUR)
        assert len(table(desk, "scores", "scored_at")) == 1

    def test_come_with_the_next_who_scores_after_a_crash_between_word_and_score(self, desk):
        set_override(desk)  # and nothing more
        assert rescored(desk, NOW + DAY)["1"] == ("HOT", "Eva")

    @pytest.mark.slow
    def test_of_an_old_lead_follow_until_after_the_end(self, desk):
        assert "old" not in rescored(desk, NOW)
        set_override(desk, "old", days=3)
        assert [rescored(desk, NOW + days * DAY)["old"][1] for days in (1, 3, 4)] == ["Eva", "Eva", None]
        assert "old" in rescored(desk, NOW + 5 * DAY)

    @pytest.mark.slow
    def test_stages_are_recorded_forth_and_back(self, desk):
        rescored(desk, NOW)
        set_override(desk, "2", days=1)
        for days in (1, 2):
            rescored(desk, NOW + days * DAY)
        moved = [row for row in table(desk, "stage_changes", "changed_at") if row["lead_id"] == "2"]
        assert [(row["to_stage"], row["direction"]) for row in moved][-2:] == [("sql", "forward"), ("known", "back")]

    @pytest.mark.slow
    def test_by_the_model_keep_chance_and_score(self, tmp_path):
        mortgage = load("mortgage")
        warehouse = example_leads.warehouse(tmp_path)
        scorer = Scorer.load(models.files(mortgage), mortgage)

        def scored(now: datetime) -> ScoredLead:
            run = score.ScoringRun(warehouse, mortgage, scorer, now=now, stored_at=now)
            return score.run(run, [ScoreRequest(lead_id="1")]).scores[0]

        without_override = scored(NOW)
        cluster = "COLD" if without_override.score_cluster != "COLD" else "HOT"
        override(warehouse, mortgage, "1", OverrideRequest(cluster=cluster, by="Eva", reason="r"), NOW)
        overridden = scored(NOW + timedelta(minutes=1))
        assert (overridden.score_cluster, overridden.decided_by) == (cluster, "Eva")
        unchanged = (
            overridden.probability,
            overridden.predictive_score,
            overridden.hot_threshold,
            overridden.points,
            overridden.reasons[1:],
        )
        assert unchanged == (
            without_override.probability,
            without_override.predictive_score,
            without_override.hot_threshold,
            without_override.points,
            without_override.reasons,
        )
        [listed] = override_list(warehouse, mortgage, scorer, NOW + timedelta(minutes=1))
        assert (listed.product.cluster, listed.product.score) == (
            without_override.score_cluster,
            without_override.predictive_score,
        )


class RememberingCRM(ScriptedCRM):
    """Keeps what it took, in order."""

    def take(self, update: LeadUpdate) -> None:
        super().take(update)
        self.__dict__.setdefault("taken", []).append(update)

    def last_update(self) -> tuple[str, tuple[str, ...]] | None:
        """Cluster and reasons of what came last."""
        update = self.__dict__.get("taken")
        return (update[-1].fields["score_cluster"], update[-1].fields["score_reasons"]) if update else None


class TestTheCRM:
    @pytest.mark.slow
    def test_is_told_of_the_beginning_and_the_end_even_where_nobody_scores(self, desk):
        crm = RememberingCRM()

        def delivered(now: datetime) -> Any:
            scored = ask(desk, now=now, policy=BARE)
            deliver.run(desk, BARE, crm, now=now)
            assert bool(deliverable([scored])) == (scored.decided_by is not None)
            return crm.last_update()

        assert delivered(NOW - HOUR) is None
        set_override(desk, days=1)
        cluster, reasons = delivered(NOW)
        assert (cluster, "met at the fair" in reasons[0]) == ("HOT", True)
        assert delivered(NOW + 2 * DAY) == ("UNSCORED", ())


class TestTheDesk:
    def listed(self, desk, now=NOW, **filters):
        return [
            (lead.lead_id, lead.decided_by)
            for lead in call_list.page(desk, POLICY, LeadFilter(**filters), PageRequest(now=now)).leads
        ]

    @pytest.mark.slow
    def test_lists_leads_a_person_set_hot_and_not_those_a_person_disqualified(self, desk):
        for lead_id, cluster in (("2", "HOT"), ("1", "DISQUALIFIED"), ("old", "HOT")):
            ask(desk, lead_id, NOW - HOUR)
            set_override(desk, lead_id, cluster)
            ask(desk, lead_id)
        assert sorted(self.listed(desk, cluster="HOT")) == [("2", "Eva"), ("old", "Eva")]
        assert self.listed(desk, cluster="DISQUALIFIED") == [("1", "Eva")]
        assert ("1", "Eva") not in self.listed(desk)

    def test_ranks_a_lead_within_the_band_of_the_cluster_that_a_person_set(self, tmp_path):
        stored = {"hot": (80, "HOT", None), "warm": (60, "WARM", None), "cold": (10, "COLD", None)}
        stored |= {"raised": (3, "HOT", "Eva"), "lowered": (99, "COLD", "Eva"), "calmed": (98, "WARM", "Eva")}
        warehouse = selling.warehouse(
            tmp_path,
            leads=[lead(name) for name in stored],
            scores=[
                selling.score(name, predictive_score=value, score_cluster=cluster, decided_by=by)
                for name, (value, cluster, by) in stored.items()
            ],
        )
        order = [name for name, _ in self.listed(warehouse)]
        assert order == ["hot", "raised", "calmed", "warm", "lowered", "cold"]
        page = call_list.page(warehouse, POLICY, LeadFilter(), PageRequest(now=NOW))
        values = {listed.lead_id: listed.score for listed in page.leads}
        assert values == {name: value for name, (value, _, _) in stored.items()}

    def test_a_pick_and_a_word_leave_each_other_alone(self, desk, tmp_path):
        picks = Picks(desk, POLICY, FolderStore(tmp_path / "picks"))
        set_override(desk)
        ask(desk)
        assert picks.pick("1", "anna", NOW).seller == "anna"
        set_override(desk, cluster="DISQUALIFIED", now=NOW + HOUR)
        ask(desk, now=NOW + HOUR)
        assert picks.holder("1", NOW + HOUR).seller == "anna"
        assert [pick.lead_id for pick in picks.active(NOW + HOUR)] == ["1"]

    def test_the_history_tells_the_word_before_the_score_that_follows(self, desk, tmp_path):
        set_override(desk)
        ask(desk)
        release(desk, POLICY, "1", by="Urs", reason="a mistake", now=NOW + HOUR)
        ask(desk, now=NOW + HOUR)
        picks = Picks(desk, POLICY, FolderStore(tmp_path / "picks"))
        history = timeline.history(picks, "1", now=NOW + HOUR, output_language="en")
        texts = [event.text for event in history.timeline if event.kind in ("override", "score")]
        assert texts[0] == "Eva set the lead to “hot” until 2026-06-03: met at the fair"
        assert texts[1].startswith("hot, ") and texts[1].endswith("decided by Eva")
        assert texts[2] == "Urs leaves the lead to its score again (a mistake)"
        assert [score.decided_by for score in history.scores] == ["Eva", None]

    def test_the_list_of_words_says_what_the_product_would_say_and_when_they_end(self, desk):
        set_override(desk, "2", "HOT", days=9)
        set_override(desk, "1", "COLD", days=2, by="Urs")
        first, second = override_list(desk, POLICY, None, NOW)
        assert [(override.lead_id, override.by, override.product.cluster) for override in (first, second)] == [
            ("1", "Urs", "COLD"), ("2", "Eva", "COLD"),
        ]  # fmt: skip
        assert (first.until, first.product.points) == (date(2026, 5, 6), ask(desk, "1").points)
        assert override_list(desk, POLICY, None, NOW - HOUR) == []


class TestThresholds:
    POLICY = msgspec.structs.replace(POLICY, capacity=Capacity(sellers=(Seller(name="anna", hours_per_week=20),)))

    def calls(self, tmp_path: Path, *scores: dict[str, Any], **x: Any) -> list[float]:
        """Calls at the lowest and at the highest threshold, beside a lead of 45 points that nobody overrides."""
        came = {"created_at": NOW - 9 * DAY, "recorded_at": NOW - 9 * DAY}
        warehouse = selling.warehouse(
            tmp_path,
            leads=[lead("first"), lead("plain", **came), lead("x", **(x or came))],
            scores=[
                selling.score("first", NOW - 15 * DAY, points=1.0),
                selling.score("plain", NOW - 8 * DAY, points=45.0),
                *scores,
            ],
        )
        demand = read_demand.newly_reaching_demand(warehouse, self.POLICY, "points", NOW)
        assert demand is not None
        return [float(demand.everybody[0]), float(demand.everybody[-1])]

    def score(self, days: int, points: float, cluster: str, by: str | None = "Eva") -> dict[str, Any]:
        return selling.score("x", NOW - days * DAY, points=points, score_cluster=cluster, decided_by=by)

    def test_a_lead_that_a_person_set_hot_costs_a_call_whatever_its_points(self, tmp_path):
        assert self.calls(tmp_path, self.score(5, 3.0, "HOT")) == [2, 1]

    @pytest.mark.parametrize("cluster", ["WARM", "COLD", "DISQUALIFIED"])
    def test_one_that_he_set_to_less_costs_none(self, tmp_path, cluster):
        assert self.calls(tmp_path, self.score(5, 90.0, cluster)) == [1, 0]

    def test_an_old_lead_that_nobody_scored_any_more_costs_one_too(self, tmp_path):
        aged = {"created_at": NOW - 200 * DAY, "recorded_at": NOW - 200 * DAY}
        scores = (self.score(5, 3.0, "HOT"),)
        assert self.calls(tmp_path, *scores, **aged) == [2, 1]

    def test_one_that_was_hot_already_costs_one_call_at_its_own_threshold(self, tmp_path):
        scores = (self.score(6, 45.0, "HOT", None), self.score(5, 45.0, "HOT"))
        assert self.calls(tmp_path, *scores) == [2, 1]


# --- as of any moment -------------------------------------------------------------------------------------------------

STEPS = st.lists(
    st.tuples(
        st.integers(1, 72),  # hours since the step before
        st.sampled_from(["HOT", "COLD", "DISQUALIFIED", None]),
        st.sampled_from(["Eva", "Urs"]),
        st.integers(1, 5),  # days
    ),
    max_size=6,
)


@pytest.mark.slow
@examples(12, suppress_health_check=list(HealthCheck))
@given(steps=STEPS, moments=st.lists(st.integers(-5, 500), min_size=1, max_size=4))
def test_as_of_any_moment_the_newest_word_holds_that_was_neither_released_nor_over(tmp_path_factory, steps, moments):
    desk = selling.warehouse(tmp_path_factory.mktemp("words"), leads=[lead("1")])
    at, records = NOW, []
    with desk.unit_of_work():
        for hours, cluster, by, days in steps:
            at += hours * HOUR
            if cluster is None:
                release(desk, POLICY, "1", by=by, now=at)
                records.append((at, None, by, at))
            else:
                record = set_override(desk, cluster=cluster, by=by, days=days, now=at)
                records.append((at, cluster, by, record.ends_at))
        for hours in moments:
            moment = NOW + hours * HOUR
            newest = max((record for record in records if record[0] <= moment), default=None)
            expected = newest if newest and newest[1] and moment < newest[3] else None
            active = active_overrides(desk, POLICY, moment)
            assert [(record.cluster, record.by) for record in active] == ([expected[1:3]] if expected else [])
            [state] = read_lead_states(desk, POLICY, LeadSelection(["1"]), moment)
            assert (state.override and (state.override.cluster, state.override.author)) == (
                expected[1:3] if expected else None
            )


def test_a_score_asks_no_question_more_for_it(desk, monkeypatch):
    statements = []
    rows = DuckDBWarehouse.rows
    monkeypatch.setattr(
        DuckDBWarehouse,
        "rows",
        lambda self, statement, parameters: statements.append(statement.name) or rows(self, statement, parameters),
    )
    set_override(desk)
    statements.clear()
    ask(desk)
    assert [name for name in statements if "override" in name] == []
    assert statements == ["lead_states/select"]
