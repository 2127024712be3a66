"""The history of a lead in four languages; its ledger at any past moment."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, strategies as st

from leadwerk.catalogue.languages import LANGUAGES, Language
from leadwerk.errors import UnknownLead
from leadwerk.pipeline import rescore
from leadwerk.pipeline.desk import ledger_at, timeline
from leadwerk.pipeline.desk.picks import Picks
from leadwerk.pipeline.desk.timeline import History
from leadwerk.pipeline.desk.timeline_events import EventWording, PastDelivery
from leadwerk.pipeline.policies.policy_in_force import RulesAt
from leadwerk.pipeline.serving.messages import DELIVERIES
from leadwerk.registry import FolderStore
from leadwerk.warehouse.statement import from_text
from support.examples import examples
from support.selling import BORN, DAY, HOUR, NOW, POLICY, lead, outcome, score, touch, warehouse

RULES = RulesAt(policy=POLICY, source="requested")


@pytest.fixture
def picks(tmp_path: Path) -> Picks:
    sent = {"score_id": "s", "lead_id": "1", "attempt": 1, "day": (NOW - DAY).date(), "attempted_at": NOW - DAY}
    moved = {"lead_id": "1", "day": (NOW - DAY).date(), "direction": "forward", "to_stage": "mql"}
    desk = warehouse(
        tmp_path,
        leads=[lead("1", account_id="acme.ch", job_title="CEO", employees=60), lead("2")],
        touchpoints=[touch(n, "1", "webinar_attended", NOW - ago * DAY) for n, ago in enumerate((1, 5, 9))],
        scores=[
            score("1", NOW - 3 * DAY, predictive_score=None, probability=None, basis="points", points=22.5, fit=20.0,
                  interest=2.5, hot_threshold=50),
            score("1", NOW - DAY, predictive_score=71, probability=0.21, score_cluster="HOT", stage="sql"),
            score("2"),
        ],
        deliveries=[
            {**sent, "delivery_id": "d1", "state": "retry", "error": "time-out"},
            {**sent, "delivery_id": "d2", "state": "sent", "attempt": 2, "attempted_at": NOW - DAY + HOUR},
        ],
        stage_changes=[
            {**moved, "changed_at": NOW - 3 * DAY, "from_stage": None, "reason": "points=22.5"},
            {**moved, "changed_at": NOW - 2 * DAY, "from_stage": "sql", "direction": "back", "reason": "cluster=WARM"},
        ],
        outcomes=[outcome("1", NOW - 10 * DAY, "appointmentscheduled", "open")],
    )  # fmt: skip
    return Picks(desk, POLICY, FolderStore(tmp_path / "picks"))


def history_of(picks: Picks, output_language: Any = "en") -> History:
    return timeline.history(picks, "1", now=NOW, output_language=output_language)


def test_the_history_has_everything_in_order(picks: Picks) -> None:
    picks.pick("1", "anna", NOW - HOUR)
    history = history_of(picks)
    assert [event.kind for event in history.timeline] == [
        "status", "score", "stage", "stage", "score", "delivery", "delivery", "pick",
    ]  # fmt: skip
    assert [event.at for event in history.timeline] == sorted(event.at for event in history.timeline)
    assert (history.account_id, history.held_by, history.held_until) == ("acme.ch", "anna", NOW + 47 * HOUR)


def test_scores_stand_with_the_threshold_and_decision_of_then(picks: Picks) -> None:
    first, last = history_of(picks).scores
    assert (first.basis, first.score, first.points, first.hot_threshold) == ("points", None, 22.5, 50)
    assert (last.score, last.probability, last.cluster, last.stage) == (71, 0.21, "HOT", "sql")


def test_transitions_are_told_with_their_reasons(picks: Picks) -> None:
    picks.pick("1", "anna", NOW - HOUR)
    assert [event.text for event in history_of(picks).timeline] == [
        "status in the CRM: appointmentscheduled",
        "warm, 22.50 points (fit 20, interest 2.50), hot from 50",
        "first stage: MQL (points=22.5)",
        "fell back from SQL to MQL (cluster=WARM)",
        "hot, score 71 of 100, chance 21%, 65.50 points (fit 40, interest 25.50), hot from 70",
        "not yet taken by the CRM, will be tried again (time-out)",
        "sent to the CRM",
        "anna picked the lead, until 2026-05-06 10:30",
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_event_is_told_in_every_language(picks: Picks, language: str) -> None:
    picks.pick("1", "anna", NOW - 60 * HOUR)
    picks.pick("1", "beat", NOW - HOUR)
    picks.release("1", "beat", NOW)
    texts = [event.text for event in history_of(picks, language).timeline]
    assert len(set(texts)) == len(texts) == 11
    other_texts = {
        event.text for other in LANGUAGES if other != language for event in history_of(picks, other).timeline
    }
    assert not {text for text in texts if "CRM" not in text} & other_texts


def test_another_leads_life_is_not_told(picks: Picks) -> None:
    history = timeline.history(picks, "2", now=NOW)
    assert ([event.kind for event in history.timeline], len(history.scores)) == (["score"], 1)


def test_days_bound_what_is_read(picks: Picks) -> None:
    history = timeline.history(picks, "1", now=NOW, days=2)
    assert {event.kind for event in history.timeline} == {"score", "stage", "delivery"}
    assert len(history.scores) == 1


def test_nobody_has_a_history_before_he_was_known(picks: Picks) -> None:
    for lead_id, at in (("nobody", NOW), ("1", BORN - DAY)):
        with pytest.raises(UnknownLead, match="not known"):
            timeline.history(picks, lead_id, now=at)
        with pytest.raises(UnknownLead, match="not known"):
            ledger_at.ledger(picks.warehouse, POLICY, RULES, lead_id, at=at)


def test_the_ledger_of_a_past_moment_is_what_was_known_then(picks: Picks) -> None:
    before = ledger_at.ledger(picks.warehouse, POLICY, RULES, "1", at=NOW - 10 * DAY)
    after = ledger_at.ledger(picks.warehouse, POLICY, RULES, "1", at=NOW)
    assert {entry.kind for entry in before.entries} == {"attribute", "weight"}
    assert before.rating.interest == 0 < after.rating.interest
    assert "event" in {entry.kind for entry in after.entries}
    assert (after.sum, after.policy_version) == (after.rating.points, POLICY.version)


def test_a_hole_in_the_ledger_would_be_seen(picks: Picks) -> None:
    ledger = ledger_at.ledger(picks.warehouse, POLICY, RULES, "1", at=NOW)
    assert sum(round(entry.points * 100) for entry in ledger.entries[1:]) != round(ledger.rating.points * 100)


kinds = st.sampled_from(["webinar_attended", "chat", "email_click", "event", "call_answered"])


@pytest.mark.slow
@examples(15, suppress_health_check=list(HealthCheck))
@given(
    st.lists(st.tuples(kinds, st.integers(1, 2_000)), max_size=60),
    st.sampled_from([None, "CEO", "Praktikantin", "Assistenz"]),
    st.lists(st.integers(0, 19 * 24), min_size=1, max_size=4),
)
def test_at_any_moment_of_any_history_the_ledger_adds_up_exactly(
    tmp_path_factory: pytest.TempPathFactory, touches: list[tuple[str, int]], title: str | None, moments: list[int]
) -> None:
    desk = warehouse(
        tmp_path_factory.mktemp("desk"),
        leads=[lead("1", job_title=title, employees=60, country="US", email_domain_kind="freemail")],
        touchpoints=[touch(n, "1", kind, NOW - ago * HOUR) for n, (kind, ago) in enumerate(touches)],
    )
    with desk.unit_of_work():
        for ago in moments:
            ledger = ledger_at.ledger(desk, POLICY, RULES, "1", at=NOW - ago * HOUR)
            rating = ledger.rating
            assert ledger.sum == rating.points
            assert round(ledger.sum * 100) == round(rating.fit * 100) + round(rating.interest * 100)


@pytest.mark.slow
def test_every_score_that_was_stored_is_reproduced_by_travelling_to_its_moment(tmp_path: Path) -> None:
    """Nights of rescoring by points, with touchpoints and a new version of the lead in between."""
    leads = [lead("1", job_title="Praktikant", employees=60), lead("2", country="US")]
    leads += [lead("1", event_id="v2", job_title="CEO", employees=400, recorded_at=NOW - 4 * DAY)]
    kinds = ("webinar_attended", "chat", "email_click", "event", "call_answered", "webinar_attended")
    touches = [touch(n, "1", kind, NOW - (n + 1) * DAY - HOUR) for n, kind in enumerate(kinds)]
    desk = warehouse(tmp_path, leads=leads, touchpoints=touches)
    with desk.unit_of_work():
        for night in reversed(range(9)):
            at = NOW - night * DAY
            rescore.run(desk, POLICY, None, now=at, stored_at=at + HOUR)
        scores = desk.rows(from_text("SELECT * FROM leadwerk.scores ORDER BY lead_id, scored_at"), {})
        assert len({row["points"] for row in scores if row["lead_id"] == "1"}) > 5
        for row in scores:
            then = ledger_at.ledger(desk, POLICY, RULES, row["lead_id"], at=row["scored_at"])
            assert then.sum == then.rating.points == row["points"]
            assert (then.rating.fit, then.rating.interest, then.rating.matrix_cell) == (
                row["fit"], row["interest"], row["matrix_cell"],
            )  # fmt: skip
            entries = [{name: getattr(entry, name) for name in row["ledger"][0]} for entry in then.entries]
            assert entries == row["ledger"]
    history = timeline.history(Picks(desk, POLICY, FolderStore(tmp_path / "picks")), "1", now=NOW)
    assert [score.points for score in history.scores] == [row["points"] for row in scores if row["lead_id"] == "1"]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("state", [*DELIVERIES])
def test_every_state_of_a_delivery_has_its_sentence(state: str, language: Language) -> None:
    """A state without one would cost the whole history an answer of 500."""
    delivery = PastDelivery(
        happened_at=NOW, delivery_id="d", score_id="s", attempt=1, state=state, http_status=None, error=None
    )  # fmt: skip
    assert delivery.describe(EventWording(POLICY, language))
