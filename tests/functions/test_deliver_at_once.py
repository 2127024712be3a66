"""What a scoring answers about delivery: `sent` only where the last attempt in `deliveries` says so."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from leadwerk.crm.port import LeadUpdate
from leadwerk.errors import CRMRejected, CRMUnavailable, LeadwerkError, WarehouseBusy
from leadwerk.pipeline import score
from leadwerk.pipeline.serving.messages import ScoreRequest
from leadwerk.policy.load import load
from leadwerk.warehouse.duckdb import DuckDBWarehouse
from leadwerk.warehouse.protocol import Row
from leadwerk.warehouse.statement import from_text
from leadwerk.web import deliver_at_once as entrypoint
from support import boma_fake, example_leads
from support.boma_fake import Fault
from support.example_leads import NOW
from support.numbered_scores import score as stored_score
from support.score_function import running
from support.scripted_crm import ScriptedCRM, raising

MORTGAGE = load("mortgage")
MINUTE = timedelta(minutes=1)
STATES = from_text("SELECT lead_id, score_id, state FROM leadwerk.deliveries ORDER BY attempted_at, attempt")
DOWN = CRMUnavailable("down", status=500)
REFUSED = CRMRejected("no such field", status=422)
LOCKED_OUT = CRMRejected("who are you?", status=401, locked_out=True)
Answer = Callable[..., tuple[dict[str, str], str | None]]


class LateWarehouse(DuckDBWarehouse):
    """Scores that were just appended are not read yet, as BigQuery's streamed rows in their first seconds."""

    late: tuple[str, ...] = ()
    waiting: list[tuple[str, Sequence[Row]]]

    def append(self, table: str, rows: Sequence[Row]) -> int:
        if table not in self.late:
            return super().append(table, rows)
        self.waiting = [*getattr(self, "waiting", []), (table, rows)]
        return len(rows)

    def settle(self) -> None:
        self.late = ()
        for table, rows in self.waiting:
            self.append(table, rows)


@pytest.fixture
def crm() -> ScriptedCRM:
    return ScriptedCRM()


@pytest.fixture
def warehouse(tmp_path: Path) -> LateWarehouse:
    example_leads.warehouse(tmp_path)
    return LateWarehouse(tmp_path)


@pytest.fixture
def answer(warehouse: LateWarehouse, crm: ScriptedCRM, monkeypatch: pytest.MonkeyPatch) -> Answer:
    """Score leads some minutes after NOW, deliver, and return delivery by lead, with the problem."""
    serving = SimpleNamespace(warehouse=warehouse, policy=MORTGAGE, settings=None)
    monkeypatch.setattr(entrypoint, "current_runtime", lambda: serving)
    monkeypatch.setattr("leadwerk.pipeline.wiring.crm", lambda _: crm)

    def scored(*lead_ids: str, minutes: float = 0) -> tuple[dict[str, str], str | None]:
        now = NOW + minutes * MINUTE
        requests = [ScoreRequest(lead_id=lead_id) for lead_id in lead_ids or ("1",)]
        report = score.run(score.ScoringRun(warehouse, MORTGAGE, None, now=now, stored_at=now), requests)
        scores, problem = entrypoint.deliver_at_once(report.scores, now, report.new_scores)
        return {scored_lead.lead_id or "": scored_lead.delivery for scored_lead in scores}, problem

    return scored


def states(warehouse: DuckDBWarehouse) -> list[str]:
    return [row["state"] for row in warehouse.rows(STATES, {})]


@pytest.mark.slow
def test_a_score_in_back_off_stays_pending_until_the_crm_has_it(
    answer: Answer, warehouse: DuckDBWarehouse, crm: ScriptedCRM
) -> None:
    crm.script = [raising(DOWN)]
    for minutes in (0, 0.1, 0.75):  # a wait of a minute, less up to a fifth
        assert answer(minutes=minutes) == ({"1": "pending"}, None)
    assert (states(warehouse), crm.scores_shown) == (["retry"], {})
    assert answer(minutes=1)[0] == {"1": "sent"}
    assert answer(minutes=2)[0] == {"1": "sent"}
    assert (states(warehouse), len(crm.received)) == (["retry", "sent"], 1)


@pytest.mark.slow
def test_a_dead_letter_is_answered_as_one_for_as_long_as_it_stands(answer: Answer, crm: ScriptedCRM) -> None:
    crm.script = [raising(REFUSED)]
    for minutes in (0, 1, 60 * 24):
        assert answer(minutes=minutes)[0] == {"1": "dead_letter"}
    assert crm.scores_shown == {}


@pytest.mark.slow
def test_a_lead_that_the_crm_does_not_have_yet_is_pending_for_a_day(answer: Answer, crm: ScriptedCRM) -> None:
    crm.script = [raising(CRMRejected("no such lead", status=404))] * 50
    assert [answer(minutes=hours * 60)[0]["1"] for hours in (0, 1, 6, 25, 26)] == [
        *["pending"] * 3,
        *["dead_letter"] * 2,
    ]


@pytest.mark.slow
def test_each_lead_of_a_batch_has_its_own_state(answer: Answer, crm: ScriptedCRM) -> None:
    crm.script = [raising(DOWN), raising(REFUSED)]
    first = answer("1", "2", "3")[0]
    assert sorted(first.values()) == ["dead_letter", "pending", "sent"]
    assert answer("1", "2", "3", minutes=0.5)[0] == first


@pytest.mark.slow
@pytest.mark.parametrize(
    "trouble", [CRMRejected("who are you?", status=401, locked_out=True), LeadwerkError("no token")]
)
@pytest.mark.parametrize(
    ("before", "problem_text"), [([], "sent"), ([raising(REFUSED)], "dead_letter"), ([raising(DOWN)], "pending")]
)
def test_a_crm_that_does_not_let_us_in_changes_no_recorded_state(
    answer: Answer,
    crm: ScriptedCRM,
    monkeypatch: pytest.MonkeyPatch,
    before: list[Callable[..., None]],
    problem_text: str,
    trouble: LeadwerkError,
) -> None:
    crm.script = list(before)
    assert answer()[0] == {"1": problem_text}

    def locked(_: object) -> None:
        raise trouble

    monkeypatch.setattr("leadwerk.pipeline.wiring.crm", locked)
    assert answer(minutes=0.5) == ({"1": problem_text}, trouble.message)


@pytest.mark.slow
def test_a_score_that_the_outbox_does_not_show_yet_is_sent_from_memory(
    answer: Answer, warehouse: LateWarehouse, crm: ScriptedCRM
) -> None:
    warehouse.late = ("scores",)
    assert answer() == ({"1": "sent"}, None)
    assert list(crm.scores_shown) == ["1"]
    warehouse.settle()
    assert answer(minutes=1)[0] == {"1": "sent"}
    assert len(crm.received) == 1


@pytest.mark.slow
def test_an_older_score_does_not_come_back_while_the_new_one_is_not_read_yet(
    answer: Answer, warehouse: LateWarehouse, crm: ScriptedCRM
) -> None:
    answer()
    first = crm.scores_shown["1"]
    warehouse.late = ("scores",)
    assert answer(minutes=60 * 24 * 9)[0] == {"1": "sent"}
    assert crm.scores_shown["1"] != first


def test_an_older_score_that_was_sent_last_gives_way_to_the_newer_one(
    answer: Answer, warehouse: LateWarehouse, crm: ScriptedCRM
) -> None:
    """Another process stores and sends a newer score while this one is being sent."""

    def overtaken(update: LeadUpdate) -> None:
        newer = {"score_id": "newer", "scored_at": NOW + 5 * MINUTE, "day": NOW.date()}
        warehouse.append("scores", [stored_score("1", 1, **newer)])
        crm.scores_shown[update.lead_id] = update.score_id

    crm.script = [overtaken]
    assert answer()[0] == {"1": "sent"}
    assert crm.scores_shown == {"1": "newer"}


def test_an_attempt_that_is_not_read_yet_still_counts(answer: Answer, warehouse: LateWarehouse) -> None:
    warehouse.late = ("deliveries",)
    assert answer()[0] == {"1": "sent"}


@pytest.mark.slow
def test_what_cannot_be_looked_up_is_pending_with_the_reason(
    answer: Answer, warehouse: LateWarehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert answer()[0] == {"1": "sent"}

    def busy(*_: object, **__: object) -> None:
        raise WarehouseBusy("taken")

    monkeypatch.setattr("leadwerk.pipeline.deliver.run", busy)
    assert answer(minutes=1) == ({"1": "pending"}, "taken")


@pytest.mark.slow
def test_an_older_score_is_not_sent_because_a_newer_one_is(answer: Answer, crm: ScriptedCRM) -> None:
    """A request whose moment lies before the newest stored score, as in a replay."""
    assert answer(minutes=60 * 24 * 9)[0] == {"1": "sent"}
    crm.script = [raising(DOWN)]
    assert answer(minutes=0)[0] == {"1": "pending"}


@pytest.mark.slow
def test_over_http_a_crm_that_fails_is_never_called_sent(tmp_path: Path) -> None:
    example_leads.warehouse(tmp_path)
    boma = boma_fake.FakeBoma()
    boma.faults.extend([Fault(status=500)] * 20)
    with (
        boma_fake.serving(boma),
        running(tmp_path, LEADWERK_CRM_URL=boma.url, LEADWERK_CRM_TOKEN=boma_fake.TOKEN) as function,
    ):
        deliveries = [
            function.scores({"lead_id": "1", "now": (NOW + seconds * MINUTE / 60).isoformat()})[0]["delivery"]
            for seconds in (0, 5, 10)
        ]
    assert (deliveries, states(DuckDBWarehouse(tmp_path))) == (["pending"] * 3, ["retry"])
