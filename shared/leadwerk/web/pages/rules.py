"""Rules: what is in force, what outcomes suggest, a draft with its replay, and the history of publications."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Literal

from msgspec import Meta, Struct

from leadwerk.errors import InputError, PolicyError, WriteConflict
from leadwerk.pipeline import wiring
from leadwerk.pipeline.policies import policy_store, publishing
from leadwerk.pipeline.policies.policy_store import Draft, InForce, PolicyStore
from leadwerk.pipeline.policies.shared_draft import DraftStore, SharedDraft
from leadwerk.policy.diff import differences
from leadwerk.policy.points_numbers import PointsNumbers, text_with_numbers
from leadwerk.report.wording import Wording
from leadwerk.texts.message import Message, sentences
from leadwerk.web import Answer
from leadwerk.web.pages.cached import forget
from leadwerk.web.pages.rendering import redirect, render
from leadwerk.web.pages.rule_views import replay_view, rule_rows, suggestion_views
from leadwerk.web.pages.site import FreeForm, NoForm, lead_path
from leadwerk.web.pages.visit import Visit
from leadwerk.web.problem_document import Conflict

REPLAY_DAYS = 90
SHOWN = 20  # publications
# Longer values are shortened in the list of differences.
LONGEST = 120
# Of more digits, computing caps overflows before the policy could be checked.
WHOLE_NUMBER = re.compile(r"[+-]?[0-9]{1,7}")
POINTS = "points."
BAND = "band."


class TextForm(Struct, frozen=True):
    """A whole policy, pasted."""

    text: str = ""


class DecisionForm(Struct, frozen=True):
    """A decision on a suggested number."""

    rule: str
    verdict: Literal["accepted", "declined"]
    reason: str | None = None


class PublishForm(Struct, frozen=True):
    """Publishing the draft: why, and the version that was looked at."""

    version: str
    reason: str | None = None


class RevertForm(Struct, frozen=True):
    """Putting a former policy in force again."""

    version: str
    reason: str | None = None


class ReplayForm(Struct, frozen=True):
    """How many days to replay."""

    days: Annotated[int, Meta(ge=7, le=365)] = REPLAY_DAYS


@dataclass(frozen=True)
class Desk:
    """What the page works on: the store of policies, the policy in force, and the draft with its policy.

    There is no store where a shipped policy is in force by name: then nothing can be changed here.
    """

    policies: PolicyStore | None
    present: InForce
    drafts: DraftStore
    shared: SharedDraft | None
    draft: Draft | None

    @classmethod
    def shown(cls, visit: Visit) -> Desk:
        """The desk to look at."""
        shipped = policy_store.shipped_in_force(visit.config)
        if shipped is None:
            return cls.of(visit)
        return cls(None, shipped, DraftStore(wiring.reports(visit.config)), None, None)

    @classmethod
    def of(cls, visit: Visit) -> Desk:
        """The desk to change: policies and drafts as of now.

        Raises:
            ConfigurationError: LEADWERK_POLICY names a shipped policy, which cannot be replaced.
        """
        policies = policy_store.open_policies(visit.config)
        drafts = DraftStore(wiring.reports(visit.config))
        shared = drafts.draft()
        draft = policy_store.read_draft(shared.text, "draft") if shared else None
        return cls(policies, policies.in_force(), drafts, shared, draft)

    @property
    def text(self) -> str:
        """The text to edit: the draft's, else that of the policy in force."""
        return self.draft.text if self.draft else self.present.text


def show(visit: Visit, _: NoForm) -> Answer:
    """The page."""
    from leadwerk.pipeline.policies.suggest import proposals

    wording = Wording(visit.policy, visit.language, visit.now)
    desk = Desk.shown(visit)
    changes = differences(desk.present.policy, desk.draft.policy) if desk.draft else []
    replayed = desk.drafts.replay(desk.present.version, desk.draft.policy.version) if desk.draft else None
    history = publishing.history(visit.warehouse, visit.now, SHOWN)
    moved = desk.draft is not None and _is_outdated(desk)
    return render(
        visit,
        "rules.html",
        menu_entry="rules",
        desk=desk,
        changes=[(change.field, _short(change.before), _short(change.after)) for change in changes],
        replay=replay_view(wording, replayed) if replayed else None,
        moved=moved,
        history=history,
        suggestions=suggestion_views(wording, proposals(visit.warehouse, desk.present.policy, visit.now)),
        rules=rule_rows(wording, desk.draft.policy if desk.draft else desk.present.policy, desk.present.policy),
        bands=(desk.draft.policy if desk.draft else desk.present.policy).points.bands,
        days=REPLAY_DAYS,
        lead_path=lead_path,
    )


def change_numbers(visit: Visit, form: FreeForm) -> Answer:
    """Put the numbers of the form into the draft; what equals the draft changes nothing."""
    desk = Desk.of(visit)
    policy = desk.draft.policy if desk.draft else desk.present.policy
    points, bands = {}, {}
    current = {rule.name: rule.points for rule in policy.points.rules}
    for name, text in form.fields.items():
        if name.startswith(POINTS) and (rule := name.removeprefix(POINTS)) in current:
            if (number := _whole(name, text)) != current[rule]:
                points[rule, False] = number
        elif name in (f"{BAND}hot", f"{BAND}warm"):
            band = name.removeprefix(BAND)
            if (number := _whole(name, text)) != getattr(policy.points.bands, band):
                bands[band] = number
    if not points and not bands:
        return redirect("/rules")
    _save(visit, desk, text_with_numbers(desk.text, policy, PointsNumbers(points, bands)))
    return redirect("/rules", "draft")


def paste(visit: Visit, form: TextForm) -> Answer:
    """Make a pasted policy the draft, if it is right; a mistake is named with its line."""
    _save(visit, Desk.of(visit), form.text.replace("\r\n", "\n"))
    return redirect("/rules", "draft")


def decide(visit: Visit, form: DecisionForm) -> Answer:
    """Accept or decline a suggestion; an accepted number goes into the draft."""
    from leadwerk.pipeline.policies import suggest

    desk = Desk.of(visit)
    note = publishing.publication_note(visit.name, form.reason or "", visit.now)
    decided = suggest.decide(visit.warehouse, desk.present.policy, [form.rule], form.verdict, note)
    if form.verdict == "accepted":
        policy = desk.draft.policy if desk.draft else desk.present.policy
        chosen = suggest.numbers(proposal for proposal in decided if proposal.rule == form.rule)
        _save(visit, desk, text_with_numbers(desk.text, policy, chosen))
    return redirect("/rules#suggestions", "decided")


def replay(visit: Visit, form: ReplayForm) -> Answer:
    """Replay the draft over the last days, and keep the result."""
    from leadwerk.pipeline.policies import replay as replays

    desk = Desk.of(visit)
    draft = _draft(desk)
    registry = wiring.registry(visit.config)
    request = replays.ReplayRequest(old=desk.present.policy, new=draft.policy, now=visit.now, days=form.days)
    result = replays.run(visit.warehouse, request, registry)
    desk.drafts.keep(result)
    return redirect("/rules#replay", "replayed")


def publish(visit: Visit, form: PublishForm) -> Answer:
    """Put the replayed draft in force.

    Raises:
        InputError: there is no draft, or it was not replayed.
        Conflict: draft or policy changed since they were looked at.
    """
    desk = Desk.of(visit)
    draft = _draft(desk)
    note = publishing.publication_note(visit.name, form.reason or "", visit.now)
    if draft.policy.version != form.version:
        raise _changed(Message("refusal.rules.draft_changed"))
    if _is_outdated(desk):
        raise _changed(Message("refusal.rules.outdated"))
    if desk.drafts.replay(desk.present.version, draft.policy.version) is None:
        remedy = Message("refusal.rules.not_replayed.remedy")
        raise InputError(Message("refusal.rules.not_replayed"), field="policy", remedy=remedy)
    try:
        publishing.publish(policy_store.open_policies(visit.config), visit.warehouse, draft, desk.present, note)
    except WriteConflict as error:
        raise _changed(sentences(*error.texts)) from error
    desk.drafts.save(None)
    forget()
    return redirect("/rules", "published")


def discard(visit: Visit, _: NoForm) -> Answer:
    """Throw the draft away."""
    Desk.of(visit).drafts.save(None)
    return redirect("/rules", "discarded")


def revert(visit: Visit, form: RevertForm) -> Answer:
    """Put a former policy in force again."""
    note = publishing.publication_note(visit.name, form.reason or "", visit.now)
    publishing.revert(policy_store.open_policies(visit.config), visit.warehouse, form.version, note)
    forget()
    return redirect("/rules", "reverted")


def _save(visit: Visit, desk: Desk, text: str) -> None:
    """Keep the text as draft on what it was made from: the base of the draft before, else the policy in force."""
    marked = policy_store.draft_of(desk.present, text)
    if desk.shared is not None and desk.draft is not None and desk.draft.base is not None:
        marked = desk.shared.text[: len(desk.shared.text) - len(desk.draft.text)] + text
    try:
        policy_store.read_draft(marked, "draft")
    except PolicyError as error:
        # The first line names what the draft was made from; people count from the line after it.
        raise InputError(
            Message("refusal.rules.line", line=error.line - 1, field=error.field, fault=error.fault),
            field="text",
            remedy=error.texts[1],
        ) from error
    desk.drafts.save(SharedDraft(text=marked, author=visit.name, changed_at=visit.now))


def _is_outdated(desk: Desk) -> bool:
    try:
        policy_store.check_base(_draft(desk), desk.present)
    except WriteConflict:
        return True
    return False


def _draft(desk: Desk) -> Draft:
    if desk.draft is None:
        raise InputError(
            Message("refusal.rules.no_draft"), field="policy", remedy=Message("refusal.rules.no_draft.remedy")
        )
    return desk.draft


def _changed(message: str) -> Conflict:
    return Conflict(message, field="policy", remedy=Message("refusal.rules.changed.remedy"))


def _whole(name: str, text: str) -> int:
    if not WHOLE_NUMBER.fullmatch(text.strip()):
        message, remedy = Message("refusal.rules.number", text=text[:20]), Message("refusal.rules.number.remedy")
        raise InputError(message, field=name, value=text, remedy=remedy)
    return int(text)


def _short(value: object) -> str:
    text = "–" if value is None else str(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
