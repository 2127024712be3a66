"""Rules: what is in force, what outcomes suggest, a draft with its replay, and the history of publications."""

from __future__ import annotations

import re
from typing import Annotated

from msgspec import Meta, Struct

from leadwerk.errors import InputError, WriteConflict
from leadwerk.pipeline.policies import policy_store, publishing
from leadwerk.policy.diff import differences
from leadwerk.policy.points_numbers import PointsNumbers, text_with_numbers
from leadwerk.report.wording import Wording
from leadwerk.texts.message import Message, sentences
from leadwerk.web import Answer
from leadwerk.web.pages.cached import forget
from leadwerk.web.pages.rendering import redirect, render
from leadwerk.web.pages.rule_suggestions import suggestion_replay
from leadwerk.web.pages.rule_views import replay_view, rule_rows, suggestion_views
from leadwerk.web.pages.rules_desk import REPLAY_DAYS, RulesDesk
from leadwerk.web.pages.site import FreeForm, NoForm, lead_path
from leadwerk.web.pages.visit import Visit
from leadwerk.web.problem_document import Conflict

SHOWN = 20  # publications
# Longer values are shortened in the list of differences.
LONGEST = 120
# Of more digits, computing caps overflows before the policy could be checked.
WHOLE_NUMBER = re.compile(r"[+-]?[0-9]{1,7}")
POINTS = "points."
BAND = "band."


class RulesForm(Struct, frozen=True):
    """The rule whose suggestion was replayed; without one, no suggestion's replay is shown."""

    suggestion: str | None = None


class TextForm(Struct, frozen=True):
    """A whole policy, pasted."""

    text: str = ""


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


def show(visit: Visit, form: RulesForm) -> Answer:
    """The page."""
    from leadwerk.pipeline.policies.suggest import proposals

    wording = Wording(visit.policy, visit.language, visit.now)
    desk = RulesDesk.to_read(visit)
    changes = differences(desk.present.policy, desk.draft.policy) if desk.draft else []
    replayed = desk.drafts.replay(desk.present.version, desk.draft.policy.version) if desk.draft else None
    suggested = proposals(visit.warehouse, desk.present.policy, visit.now)
    return render(
        visit,
        "rules.html",
        menu_entry="rules",
        desk=desk,
        changes=[(change.field, _short(change.before), _short(change.after)) for change in changes],
        replay=replay_view(wording, replayed) if replayed else None,
        moved=desk.is_outdated,
        history=publishing.history(visit.warehouse, visit.now, SHOWN),
        suggestions=suggestion_views(wording, suggested),
        suggestion=suggestion_replay(wording, desk, suggested, form.suggestion),
        rules=rule_rows(wording, desk.policy, desk.present.policy),
        bands=desk.policy.points.bands,
        days=REPLAY_DAYS,
        lead_path=lead_path,
    )


def change_numbers(visit: Visit, form: FreeForm) -> Answer:
    """Put the numbers of the form into the draft; what equals the draft changes nothing."""
    desk = RulesDesk.of(visit)
    policy = desk.policy
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
    desk.save(visit, desk.checked(text_with_numbers(desk.text, policy, PointsNumbers(points, bands))))
    return redirect("/rules", "draft")


def paste(visit: Visit, form: TextForm) -> Answer:
    """Make a pasted policy the draft, if it is right; a mistake is named with its line."""
    desk = RulesDesk.of(visit)
    desk.save(visit, desk.checked(form.text.replace("\r\n", "\n")))
    return redirect("/rules", "draft")


def replay(visit: Visit, form: ReplayForm) -> Answer:
    """Replay the draft over the last days, and keep the result."""
    desk = RulesDesk.of(visit)
    desk.replay(visit, desk.needed_draft().policy, form.days)
    return redirect("/rules#replay", "replayed")


def publish(visit: Visit, form: PublishForm) -> Answer:
    """Put the replayed draft in force.

    Raises:
        InputError: there is no draft, or it was not replayed.
        Conflict: draft or policy changed since they were looked at.
    """
    desk = RulesDesk.of(visit)
    draft = desk.needed_draft()
    note = publishing.publication_note(visit.name, form.reason or "", visit.now)
    if draft.policy.version != form.version:
        raise _changed(Message("refusal.rules.draft_changed"))
    if desk.is_outdated:
        raise _changed(Message("refusal.rules.outdated"))
    if desk.drafts.replay(desk.present.version, draft.policy.version) is None:
        raise InputError(Message("refusal.rules.not_replayed"), field="policy")
    try:
        publishing.publish(policy_store.open_policies(visit.config), visit.warehouse, draft, desk.present, note)
    except WriteConflict as error:
        raise _changed(sentences(*error.texts)) from error
    desk.drafts.save(None)
    forget()
    return redirect("/rules", "published")


def discard(visit: Visit, _: NoForm) -> Answer:
    """Throw the draft away."""
    RulesDesk.of(visit).drafts.save(None)
    return redirect("/rules", "discarded")


def revert(visit: Visit, form: RevertForm) -> Answer:
    """Put a former policy in force again."""
    note = publishing.publication_note(visit.name, form.reason or "", visit.now)
    publishing.revert(policy_store.open_policies(visit.config), visit.warehouse, form.version, note)
    forget()
    return redirect("/rules", "reverted")


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
