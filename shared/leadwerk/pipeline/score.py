"""Score: scores leads or web visitors on request, with reasons; stores the scores before it answers.

A form in the request is stored first, as a lead version, so that the features come from the same query as in training.
An unchanged score is not stored again: a repeated request leaves the same tables.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from msgspec.structs import asdict

from leadwerk.catalogue.periods import SCORE_LOOK_BACK_DAYS
from leadwerk.errors import InputError, LeadwerkError, RecordFailure, UnknownLead
from leadwerk.lead.identity import parse_visitor
from leadwerk.lead.lead import parse_id
from leadwerk.lead.unknown_fields import unknown_fields
from leadwerk.pipeline.leads.features import features_statement, scoring_parameters
from leadwerk.pipeline.leads.read_lead_states import LeadStates, read_lead_states
from leadwerk.pipeline.serving.draft_form import DraftForm, overlay, read_form
from leadwerk.pipeline.serving.messages import ScoredLead, ScoreRefusal, ScoreReport, ScoreRequest
from leadwerk.pipeline.thresholds.daily import hot_thresholds
from leadwerk.policy.model import Policy
from leadwerk.scoring.model import Scorer
from leadwerk.scoring.score_leads import LeadScore, score_leads
from leadwerk.scoring.score_row import changed, row
from leadwerk.warehouse.protocol import Row, Warehouse
from leadwerk.warehouse.statement import statement

VISITOR = "visitor:"
"""Prefix of the id of a web visitor without a lead, in the feature query."""

logger = logging.getLogger("leadwerk")


@dataclass
class ScoringItem:
    """One request on its way to a score."""

    index: int
    lead_id: str | None
    visitor_id: str | None
    raw: Mapping[str, Any] | None
    form: DraftForm | None = None
    features: Row = field(default_factory=dict)
    occurred: list[Row] = field(default_factory=list)

    @property
    def point(self) -> str:
        """Id of the item's row in the feature query."""
        return self.lead_id or f"{VISITOR}{self.visitor_id}"


@dataclass(frozen=True)
class ScoringContext:
    """Inputs of a run, and its refusals."""

    warehouse: Warehouse
    policy: Policy
    now: datetime
    refusals: list[ScoreRefusal]

    def rows(self, name: str, **parameters: Any) -> list[Row]:
        return self.warehouse.rows(statement(name), {"as_of": self.now, **parameters})

    def each(self, cases: Sequence[ScoringItem], step: Callable[[ScoringItem], None]) -> list[ScoringItem]:
        """The cases for which `step` succeeds; any other is refused, also for an unforeseen error."""
        passed = []
        for case in cases:
            try:
                step(case)
            except InputError as error:
                self._refuse(case, error)
            except Exception as error:  # noqa: BLE001  one request that we did not foresee must not cost the others
                failure = RecordFailure.at(f"Request {case.index}", error)
                logger.error(failure.message, extra={"fields": {"event": "record_failed", "stage": "score"}})
                self._refuse(case, failure)
            else:
                passed.append(case)
        return passed

    def _refuse(self, case: ScoringItem, error: LeadwerkError) -> None:
        self.refusals.append(ScoreRefusal(case.index, case.lead_id, error))


def run(
    warehouse: Warehouse,
    policy: Policy,
    scorer: Scorer | None,
    requests: Sequence[ScoreRequest],
    *,
    now: datetime,
    stored_at: datetime,
    store: bool = True,
    explained: bool = True,
    person_key: str = "",
) -> ScoreReport:
    """Score each request as of `now` (aware, UTC); without `store` nothing is written, unless `explained` no reasons.

    `scorer`: None before the first champion; then points decide, and without rules leads are UNSCORED. `person_key`:
    secret key for the hashes of persons in forms. An invalid request becomes a refusal; the others are scored.
    """
    desk = ScoringContext(warehouse, policy, now, [])
    with warehouse.unit_of_work():
        cases = _with_forms(desk, _with_leads(desk, _read(desk, requests)), person_key)
        if store:
            _store_forms(desk, cases)
        cases, states = _with_features(desk, cases, stored=store)
        features = [case.features for case in cases]
        state = states.of(features, [case.occurred for case in cases])
        judged = score_leads(scorer, policy, features, state, explained=explained)
        score_ids = _store_scores(desk, cases, judged, states, stored_at) if store else {}
    scores = [_scored(desk, case, judgement, score_ids) for case, judgement in zip(cases, judged, strict=True)]
    return ScoreReport(scorer.version if scorer else None, now, scores, sorted(desk.refusals, key=lambda r: r.index))


def _read(desk: ScoringContext, requests: Sequence[ScoreRequest]) -> list[ScoringItem]:
    def read(case: ScoringItem) -> None:
        request = requests[case.index]
        lead_id = _same("lead_id", request.lead_id, request.form)
        visitor = _same("ga_client_id", request.ga_client_id, request.form)
        case.lead_id = None if lead_id is None else str(lead_id).strip() or None
        if request.lead_id is None and case.lead_id:
            case.lead_id = parse_id(lead_id)
        case.visitor_id = None if visitor is None else parse_visitor(visitor)
        _check_named(case)

    return desk.each([ScoringItem(index, None, None, request.form) for index, request in enumerate(requests)], read)


def _same(name: str, value: Any, raw: Mapping[str, Any] | None) -> Any:
    return value if value is not None else (raw or {}).get(name)


def _check_named(case: ScoringItem) -> None:
    if not case.lead_id and (not case.visitor_id or case.raw is not None):
        raise InputError(
            "The request names no lead to score.",
            field="lead_id",
            remedy="Send lead_id (required with a form), or the ga_client_id of a web visitor.",
        )
    if case.lead_id and case.visitor_id and case.raw is None:
        case.raw = {}  # an empty form, which links the visitor to the lead


def _with_leads(desk: ScoringContext, cases: list[ScoringItem]) -> list[ScoringItem]:
    """Replace visitors with a linked lead by that lead; of several, the one linked last."""
    visitors = [case.visitor_id for case in cases if case.lead_id is None]
    if visitors:
        links = desk.rows("identities/links", visitor_ids=visitors)
        newest = {link["visitor_id"]: link["lead_id"] for link in sorted(links, key=lambda link: link["linked_at"])}
        for case in cases:
            case.lead_id = case.lead_id or newest.get(case.visitor_id)
    return cases


def _with_forms(desk: ScoringContext, cases: list[ScoringItem], person_key: str) -> list[ScoringItem]:
    with_form = Counter(case.lead_id for case in cases if case.raw is not None)
    if not with_form:
        return cases
    stored_leads = {lead["lead_id"]: lead for lead in desk.rows("leads/latest", lead_ids=list(with_form))}

    def read(case: ScoringItem) -> None:
        lead = stored_leads.get(case.lead_id)
        if case.raw or (case.raw is not None and lead):
            _check_once(case, with_form[case.lead_id])
            raw = {**case.raw, "lead_id": case.lead_id, "ga_client_id": case.visitor_id}
            case.form = read_form(raw, lead, policy=desk.policy, now=desk.now, person_key=person_key)

    return desk.each(cases, read)


def _check_once(case: ScoringItem, forms: int) -> None:
    if forms > 1:
        raise InputError(
            f"Lead {case.lead_id} has several forms in one request.",
            field="lead_id",
            value=case.lead_id,
            remedy="Send one form per lead.",
        )


def _store_forms(desk: ScoringContext, cases: Sequence[ScoringItem]) -> None:
    forms = [case.form for case in cases if case.form is not None]
    versions = [form.version for form in forms if form.new]
    links = [link for form in forms for link in form.links]
    for table, rows in (("leads", versions), ("identities", links)):
        if rows:
            desk.warehouse.append(table, rows)


def _with_features(
    desk: ScoringContext, cases: list[ScoringItem], *, stored: bool
) -> tuple[list[ScoringItem], LeadStates]:
    leads = list(dict.fromkeys(case.lead_id for case in cases if case.lead_id))
    visitors = list(dict.fromkeys(v for case in cases if (v := _asked_visitor(case, stored))))
    parameters = scoring_parameters(desk.policy, leads, visitors, desk.now)
    states = _surroundings(desk, parameters) if cases else LeadStates.nothing(desk.policy, desk.now)
    rows = desk.warehouse.rows(features_statement(desk.policy), parameters) if cases else []
    features = {row["lead_id"]: row for row in rows}

    def read(case: ScoringItem) -> None:
        case.features, case.occurred = features[case.point], states.occurred.get(case.point, [])
        if case.form is not None and not stored:
            _preview(desk, case, case.form, features, states)
        if not _is_known(case):
            raise _unknown(case)

    return desk.each(cases, read), states


def _surroundings(desk: ScoringContext, parameters: Mapping[str, Any]) -> LeadStates:
    since = (desk.now - timedelta(days=SCORE_LOOK_BACK_DAYS)).date()
    hot = hot_thresholds(desk.warehouse, desk.policy, desk.now)
    return read_lead_states(desk.warehouse, desk.policy, parameters, first_day=since, hot=hot)


def _asked_visitor(case: ScoringItem, stored: bool) -> str | None:
    """The visitor to query: one without a lead or, in a dry run, one whose link with the lead is not stored."""
    linked = case.form.links[0]["visitor_id"] if case.form and case.form.links and not stored else None
    return linked if case.lead_id else case.visitor_id


def _preview(
    desk: ScoringContext, case: ScoringItem, form: DraftForm, features: Mapping[str, Row], states: LeadStates
) -> None:
    """Features and occurrences as they will be once the form is stored."""
    row, visitor = case.features, f"{VISITOR}{case.visitor_id}"
    if not form.version["web_consent"]:
        contacts = {signal.name for signal in desk.policy.signals if signal.touchpoint}
        case.occurred = [occurrence for occurrence in case.occurred if occurrence["signal"] in contacts]
    elif not row.get("has_web_behaviour") and form.links and visitor in features:
        touched = {name: value for name, value in row.items() if value is not None and name != "has_web_behaviour"}
        row = {**features[visitor], **touched}
        case.occurred = [*case.occurred, *states.occurred.get(visitor, [])]
    case.features = overlay(row, form, policy=desk.policy, as_of=desk.now)


def _is_known(case: ScoringItem) -> bool:
    return bool(case.features.get("created_at") or (case.lead_id is None and case.features.get("has_web_behaviour")))


def _unknown(case: ScoringItem) -> UnknownLead:
    if case.lead_id is None:
        return UnknownLead(
            f"Web visitor {case.visitor_id} has no lead and no behaviour.",
            field="ga_client_id",
            value=case.visitor_id,
            remedy="Send lead_id and form, or retry after the next extraction of web events.",
        )
    return UnknownLead(
        f"Lead {case.lead_id} is not known.",
        field="lead_id",
        value=case.lead_id,
        remedy="Send its fields as form, or wait until it is ingested from the CRM.",
    )


def _store_scores(
    desk: ScoringContext,
    cases: Sequence[ScoringItem],
    judged: Sequence[LeadScore],
    states: LeadStates,
    stored_at: datetime,
) -> dict[str, str]:
    """Append changed scores and stages; returns for each lead the id of its current score row.

    A score is stored before its stage change: after a crash in between, the next run adds the stage change.
    """
    of_leads = {case.lead_id: judgement for case, judgement in zip(cases, judged, strict=True) if case.lead_id}
    fresh = {
        lead_id: row(lead_id, judgement, scored_at=desk.now, stored_at=stored_at, score_origin="request")
        for lead_id, judgement in of_leads.items()
        if changed(judgement, states.newest(lead_id), desk.policy)
    }
    score_ids = {lead_id: (fresh.get(lead_id) or states.newest(lead_id) or {})["score_id"] for lead_id in of_leads}
    moved = [states.stage_change(lead_id, score, score_ids[lead_id]) for lead_id, score in of_leads.items()]
    for table, rows in (("scores", list(fresh.values())), ("stage_changes", [score for score in moved if score])):
        if rows:
            desk.warehouse.append(table, rows)
    return score_ids


def _scored(desk: ScoringContext, case: ScoringItem, judgement: LeadScore, score_ids: Mapping[str, str]) -> ScoredLead:
    return ScoredLead(
        **asdict(judgement),
        index=case.index,
        lead_id=case.lead_id,
        ga_client_id=case.visitor_id,
        scored_at=desk.now,
        score_id=score_ids.get(case.lead_id or ""),
        stored=case.lead_id in score_ids,
        ignored_fields=_unread(case, desk.policy),
    )


def _unread(case: ScoringItem, policy: Policy) -> tuple[str, ...]:
    """Unusable fields of the form, with the reason."""
    wrong = [*(case.form.rejections if case.form else ()), *unknown_fields(case.raw or {}, policy)]
    return tuple(f"{rejection.field}: {rejection.reason}" for rejection in wrong)
