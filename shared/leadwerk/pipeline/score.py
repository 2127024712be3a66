"""Score: scores leads or web visitors on request, with reasons; stores the scores before it answers.

A form in the request goes into the one statement that reads the lead's state, so that its features come from the same
query as in training, and nothing is read back that was just written. An unchanged score is not stored again: a repeated
request leaves the same tables.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import asdict

from leadwerk.errors import UnknownLead
from leadwerk.lead.unknown_fields import unknown_fields
from leadwerk.pipeline.leads.read_lead_states import LeadSelection, StoredLeadState, read_lead_states
from leadwerk.pipeline.leads.score_rows import score_row, stage_change_row
from leadwerk.pipeline.serving.form_rows import FormRows, form_rows
from leadwerk.pipeline.serving.messages import ScoredLead, ScoreReport, ScoreRequest
from leadwerk.pipeline.serving.named_requests import (
    FormReader,
    NamedRequest,
    Refusals,
    named_requests,
    with_leads,
)
from leadwerk.pipeline.serving.scoring_run import ScoringRun
from leadwerk.policy.model import Policy
from leadwerk.scoring.arms import CONTROL, OBJECTION
from leadwerk.scoring.score_leads import LeadScore, score_leads
from leadwerk.scoring.score_row import changed
from leadwerk.scoring.stage_outlook import StagedContact, StageOutlook, stage_outlooks
from leadwerk.texts.message import Message
from leadwerk.warehouse.protocol import Warehouse
from leadwerk.warehouse.records import ScoreRow, StageChangeRow

__all__ = ["ScoringRun", "run"]


class KnownLead(Struct, frozen=True, kw_only=True):
    """A request whose lead or visitor exists: its state, and the rows that its form adds."""

    request: NamedRequest
    state: StoredLeadState
    form: FormRows | None


class ScoreRows(Struct, frozen=True, kw_only=True):
    """The rows that a lead's score adds, None where nothing changed; `score_id`: of its current score."""

    score_id: str | None = None
    score: ScoreRow | None = None
    stage_change: StageChangeRow | None = None


def run(context: ScoringRun, requests: Sequence[ScoreRequest]) -> ScoreReport:
    """Score each request; an invalid one becomes a refusal, and the others are scored."""
    refused = Refusals()
    with context.warehouse.unit_of_work():
        leads = _known_leads(context, requests, refused)
        states = [lead.state for lead in leads]
        scores = score_leads(context.scorer, context.policy, states, explained=context.explained)
        outlooks = stage_outlooks(context.stage_model, context.policy, list(map(_staged_contact, states, scores)))
        rows = [_score_rows(context, *pair) for pair in zip(leads, scores, strict=True)]
        if context.store:
            _store(context.warehouse, [lead.form for lead in leads if lead.form], rows)
    answers = [_scored(context, *lead) for lead in zip(leads, scores, rows, outlooks, strict=True)]
    version = context.scorer.version if context.scorer else None
    refusals = sorted(refused.refusals, key=lambda refusal: refusal.index)
    # By id: two requests for one lead in one call store one score.
    new_scores = {row.score.score_id: row.score for row in rows if row.score}
    return ScoreReport(version, context.now, answers, refusals, tuple(new_scores.values()))


def _known_leads(context: ScoringRun, requests: Sequence[ScoreRequest], refused: Refusals) -> list[KnownLead]:
    warehouse, policy, now = context.warehouse, context.policy, context.now
    items = with_leads(warehouse, named_requests(requests, refused), now)
    items = FormReader(warehouse, policy, now, context.person_key).with_forms(items, refused)
    # One statement for all requests: a statement costs far more than a lead.
    selection = LeadSelection(
        lead_ids=list(dict.fromkeys(item.lead_id for item in items if item.lead_id)),
        visitor_ids=list(dict.fromkeys(item.visitor_id for item in items if item.visitor_id and not item.lead_id)),
        forms=[item.submitted for item in items if item.submitted is not None],
    )
    states = {state.lead_id: state for state in read_lead_states(warehouse, policy, selection, now)}

    def known_lead(item: NamedRequest) -> KnownLead:
        state = states[item.state_id]
        if not state.is_known:
            raise _unknown(item)
        form = None if item.submitted is None else form_rows(item.submitted, state, policy)
        return KnownLead(request=item, state=state, form=form)

    return refused.each(items, known_lead)


def _unknown(item: NamedRequest) -> UnknownLead:
    if item.lead_id is None:
        return UnknownLead(
            Message("refusal.visitor", visitor=item.visitor_id), field="ga_client_id", value=item.visitor_id
        )
    return UnknownLead(Message("refusal.lead.unknown", lead=item.lead_id), field="lead_id", value=item.lead_id)


def _score_rows(context: ScoringRun, lead: KnownLead, score: LeadScore) -> ScoreRows:
    """The rows of a lead's score; none for a visitor, for a lead that left the CRM, and without `store`."""
    state, fresh = lead.state, None
    # An objection is stored of a lead that left the CRM, too: it takes the score that is still there.
    has_left = state.is_gone and not state.objects_to_profiling
    # A visitor has no row to be found by; the score is stored once there is a lead.
    if not context.store or lead.request.lead_id is None or has_left:
        return ScoreRows()
    if changed(score, state, context.policy):
        fresh = score_row(state, score, stored_at=context.stored_at, origin="request")
    # An unchanged score keeps its id, so the caller can refer to the row that is stored.
    current = fresh or state.latest_score
    score_id = current.score_id if current else None
    return ScoreRows(
        score_id=score_id, score=fresh, stage_change=stage_change_row(state, score, context.policy, score_id)
    )


def _store(warehouse: Warehouse, forms: Sequence[FormRows], rows: Sequence[ScoreRows]) -> None:
    """Append all rows at once. Whichever are missing after a crash, the next scoring of the lead adds them."""
    warehouse.append_new(
        {
            "leads": [form.version for form in forms if form.version],
            "identities": [link for form in forms for link in form.links],
            "scores": [row.score for row in rows if row.score],
            "stage_changes": [row.stage_change for row in rows if row.stage_change],
        }
    )


def _staged_contact(state: StoredLeadState, score: LeadScore) -> StagedContact | None:
    """What the chance of the next stage depends on; None for a person who objects, and where the score is withheld."""
    if score.basis in (OBJECTION, CONTROL):
        return None
    since = state.stage_since if score.stage == state.recorded_stage else state.as_of
    return StagedContact(score.stage, since, state.as_of, score.probability, score.fit, score.interest)


def _scored(
    context: ScoringRun, lead: KnownLead, score: LeadScore, rows: ScoreRows, outlook: StageOutlook | None
) -> ScoredLead:
    item = lead.request
    return ScoredLead(
        **asdict(score),
        index=item.index,
        lead_id=item.lead_id,
        ga_client_id=item.visitor_id,
        scored_at=context.now,
        score_id=rows.score_id,
        stored=rows.score_id is not None,
        ignored_fields=_ignored_fields(item, context.policy),
        stage_outlook=outlook,
    )


def _ignored_fields(item: NamedRequest, policy: Policy) -> tuple[str, ...]:
    """Unusable fields of the form, with the reason."""
    wrong = [*(item.submitted.rejections if item.submitted else ()), *unknown_fields(item.form or {}, policy)]
    return tuple(f"{rejection.field}: {rejection.reason}" for rejection in wrong)
