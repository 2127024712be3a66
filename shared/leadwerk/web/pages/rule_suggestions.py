"""Suggestions on the page of the rules: which leads one would move, and the decision on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote

from msgspec import Struct

from leadwerk.errors import InputError
from leadwerk.pipeline.policies import policy_store, publishing
from leadwerk.policy.points_numbers import text_with_numbers
from leadwerk.report.wording import Wording
from leadwerk.web import Answer
from leadwerk.web.pages.rendering import redirect
from leadwerk.web.pages.rule_views import ReplayView, SuggestionView, replay_view, suggestion_views
from leadwerk.web.pages.rules_desk import RulesDesk, read_draft
from leadwerk.web.pages.visit import Visit

if TYPE_CHECKING:
    from leadwerk.pipeline.policies.suggest import Proposal
    from leadwerk.policy.model import Policy


class SuggestionForm(Struct, frozen=True):
    """The rule whose suggestion is replayed."""

    rule: str


class DecisionForm(Struct, frozen=True):
    """A decision on a suggested number."""

    rule: str
    verdict: Literal["accepted", "declined"]
    reason: str | None = None


@dataclass(frozen=True)
class SuggestionReplay:
    """A suggestion, and the leads it would move if it alone were in force."""

    suggestion: SuggestionView
    replay: ReplayView


def suggestion_replay(
    wording: Wording, desk: RulesDesk, proposals: Sequence[Proposal], rule: str | None
) -> SuggestionReplay | None:
    """The replay of a rule's suggestion; None where nothing is suggested for it, or it was not replayed."""
    proposal = next((proposal for proposal in proposals if proposal.rule == rule), None)
    if proposal is None:
        return None
    try:
        policy = _policy_with(desk, proposal)
    except InputError:
        return None
    stored = desk.drafts.replay(desk.present.version, policy.version)
    [view] = suggestion_views(wording, [proposal])
    return SuggestionReplay(view, replay_view(wording, stored)) if stored else None


def replay_suggestion(visit: Visit, form: SuggestionForm) -> Answer:
    """Replay the policy in force with the suggested number alone, and keep the result.

    Raises:
        InputError: nothing is suggested for the rule, or the policy would not be valid with it.
    """
    from leadwerk.pipeline.policies import suggest

    desk = RulesDesk.of(visit)
    [proposal] = suggest.proposals_of(visit.warehouse, desk.present.policy, [form.rule], visit.now)
    desk.replay(visit, _policy_with(desk, proposal))
    return redirect(f"/rules?suggestion={quote(form.rule, safe='')}#suggestion", "replayed")


def decide(visit: Visit, form: DecisionForm) -> Answer:
    """Accept or decline a suggestion; an accepted number goes into the draft.

    Raises:
        InputError: nothing is suggested for the rule, or the draft would not be valid with it; then nothing is decided.
    """
    from leadwerk.pipeline.policies import suggest

    desk = RulesDesk.of(visit)
    note = publishing.publication_note(visit.name, form.reason or "", visit.now)
    chosen = suggest.proposals_of(visit.warehouse, desk.present.policy, [form.rule], visit.now)
    is_accepted = form.verdict == "accepted"
    marked = desk.checked(text_with_numbers(desk.text, desk.policy, suggest.numbers(chosen))) if is_accepted else ""
    suggest.decide(visit.warehouse, desk.present.policy, [form.rule], form.verdict, note)
    if is_accepted:
        desk.save(visit, marked)
    return redirect("/rules#suggestions", "decided")


def _policy_with(desk: RulesDesk, proposal: Proposal) -> Policy:
    """The policy in force with the suggested number."""
    from leadwerk.pipeline.policies import suggest

    text = text_with_numbers(desk.present.text, desk.present.policy, suggest.numbers([proposal]))
    return read_draft(policy_store.draft_of(desk.present, text)).policy
