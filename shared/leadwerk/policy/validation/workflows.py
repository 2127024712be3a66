"""Checks of workflows: what they are triggered by, what they do, whom they are given to."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from leadwerk.policy.model import Policy
from leadwerk.policy.problem import Problem, did_you_mean
from leadwerk.policy.validation.errors import given_twice, missing_labels, named_twice, remove
from leadwerk.policy.workflows import EVENT_CHANNELS, Workflow, WorkflowAction, WorkflowTrigger
from leadwerk.policy.yaml_document import Path
from leadwerk.texts.message import Message

PLACEHOLDERS = {"lead": "", "score": "", "stage": "", "owner": ""}
NEEDED = {"crossed_threshold": "score", "untouched": "hours"}


def problems(policy: Policy) -> Iterator[Problem]:
    """Everything wrong with workflows."""
    workflows, path = policy.workflows, ("workflows",)
    yield from named_twice((*path, "rules"), (rule.name for rule in workflows.rules))
    yield from named_twice((*path, "channels"), (channel.name for channel in workflows.channels))
    yield from _quiet(policy, (*path, "quiet"))
    for index, rule in enumerate(workflows.rules):
        place: Path = (*path, "rules", index)
        yield from _trigger(rule.when, policy, (*place, "when"))
        yield from _filter(rule, policy, (*place, "only"))
        yield from _owners(rule, policy, (*place, "owners"))
        yield from _title(rule, policy, (*place, "title"))
        for number, action in enumerate(rule.actions):
            yield from _action(action, policy, (*place, "actions", number))


def _quiet(policy: Policy, path: Path) -> Iterator[Problem]:
    for index, day in enumerate(policy.workflows.quiet.holidays):
        try:
            date.fromisoformat(day)
        except ValueError:
            yield Problem.of((*path, "holidays", index), "policy.workflows.day", day=day)
    yield from given_twice((*path, "holidays"), policy.workflows.quiet.holidays)


def _trigger(when: WorkflowTrigger, policy: Policy, path: Path) -> Iterator[Problem]:
    for change, name in NEEDED.items():
        value = getattr(when, name)
        if when.change == change and value is None:
            yield Problem.of(path, "policy.workflows.needs", change=change, field=name)
        elif when.change != change and value is not None:
            field = (*path, name)
            yield Problem.of(field, "policy.workflows.other_field", change=when.change, field=name, fitting=change)
    if when.stages and when.change != "stage_changed":
        yield Problem.of((*path, "stages"), "policy.workflows.stages", change=when.change)
    if when.change == "stage_changed" and not policy.stages:
        yield Problem.of(path, "policy.workflows.no_stages")
    stages = [stage.name for stage in policy.stages]
    for index, name in enumerate(when.stages):
        if policy.stages and name not in stages:
            remedy = did_you_mean(name, stages, Message("policy.remedy.choose", choices=", ".join(stages)))
            yield Problem.of((*path, "stages", index), "policy.workflows.stage", stage=name, remedy=remedy)


def _filter(rule: Workflow, policy: Policy, path: Path) -> Iterator[Problem]:
    for index, language in enumerate(rule.only.languages):
        if language not in policy.languages:
            yield Problem.of((*path, "languages", index), "policy.languages.other", language=language)
    tiers = [tier.name for tier in policy.tiers]
    for index, name in enumerate(rule.only.tiers):
        if name not in tiers:
            remedy = did_you_mean(name, tiers, Message("policy.workflows.tier.remedy"))
            yield Problem.of((*path, "tiers", index), "policy.workflows.tier", tier=name, remedy=remedy)


def _owners(rule: Workflow, policy: Policy, path: Path) -> Iterator[Problem]:
    sellers = [seller.name for seller in policy.capacity.sellers]
    for index, name in enumerate(rule.owners):
        if name not in sellers:
            remedy = did_you_mean(name, sellers, Message("policy.workflows.seller.remedy"))
            yield Problem.of((*path, index), "policy.workflows.seller", seller=name, remedy=remedy)


def _title(rule: Workflow, policy: Policy, path: Path) -> Iterator[Problem]:
    yield from missing_labels(rule.title, policy, path)
    for language, title in rule.title.items():
        try:
            # Tried out with the real formatter: {lead.x}, {0} or a lone brace fail here and not in the night that sends
            # the message.
            title.format_map(PLACEHOLDERS)
        except (KeyError, ValueError, IndexError, AttributeError):
            allowed = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
            yield Problem.of((*path, language), "policy.workflows.placeholder", placeholders=allowed)


def _action(action: WorkflowAction, policy: Policy, path: Path) -> Iterator[Problem]:
    if action.do in ("tag", "automation"):
        if not action.name.strip():
            yield Problem.of(path, "policy.workflows.name", action=action.do)
    elif action.name:
        yield Problem.of((*path, "name"), "policy.workflows.no_name", action=action.do, remedy=remove())
    if action.do not in ("message", "event"):
        if action.channel is not None:
            yield Problem.of((*path, "channel"), "policy.workflows.no_channel", action=action.do, remedy=remove())
        return
    kinds = {channel.name: channel.kind for channel in policy.workflows.channels}
    if action.channel is None:
        yield Problem.of(path, "policy.workflows.needs_channel", action=action.do)
    elif action.channel not in kinds:
        remedy = did_you_mean(action.channel, kinds, Message("policy.workflows.channel.remedy"))
        yield Problem.of((*path, "channel"), "policy.workflows.channel", channel=action.channel, remedy=remedy)
    elif (action.do == "event") != (kinds[action.channel] in EVENT_CHANNELS):
        kind = kinds[action.channel]
        yield Problem.of((*path, "channel"), "policy.workflows.channel_kind", kind=kind, action=action.do)
