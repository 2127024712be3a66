"""Checks of workflows: what they are triggered by, what they do, whom they are given to."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from leadwerk.policy.model import Policy
from leadwerk.policy.validation.errors import Problem, did_you_mean, given_twice, missing_labels, named_twice
from leadwerk.policy.workflows import EVENT_CHANNELS, Workflow, WorkflowAction, WorkflowTrigger
from leadwerk.policy.yaml_document import Path

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
            yield (*path, "holidays", index), f"{day} is no day of the calendar.", 'Write "2026-12-25".'
    yield from given_twice((*path, "holidays"), policy.workflows.quiet.holidays)


def _trigger(when: WorkflowTrigger, policy: Policy, path: Path) -> Iterator[Problem]:
    for change, name in NEEDED.items():
        value = getattr(when, name)
        if when.change == change and value is None:
            yield path, f"`{change}` needs `{name}`.", f"Add `{name}:`."
        elif when.change != change and value is not None:
            yield (*path, name), f"`{when.change}` knows no `{name}`.", f"Remove it, or trigger on {change}."
    if when.stages and when.change != "stage_changed":
        yield (*path, "stages"), f"`{when.change}` knows no stages.", "Remove them, or trigger on stage_changed."
    if when.change == "stage_changed" and not policy.stages:
        yield path, "the policy has no stages, so none changes.", "Add stages, or trigger on another change."
    stages = [stage.name for stage in policy.stages]
    for index, name in enumerate(when.stages):
        if policy.stages and name not in stages:
            remedy = did_you_mean(name, stages, f"Choose {' or '.join(stages)}.")
            yield (*path, "stages", index), f"there is no stage `{name}`.", remedy


def _filter(rule: Workflow, policy: Policy, path: Path) -> Iterator[Problem]:
    for index, language in enumerate(rule.only.languages):
        if language not in policy.languages:
            remedy = "Add it under languages, or remove it here."
            yield (*path, "languages", index), f"`{language}` is not a language of the policy.", remedy
    tiers = [tier.name for tier in policy.tiers]
    for index, name in enumerate(rule.only.tiers):
        if name not in tiers:
            remedy = did_you_mean(name, tiers, "Add it under tiers, or remove it here.")
            yield (*path, "tiers", index), f"there is no tier `{name}`.", remedy


def _owners(rule: Workflow, policy: Policy, path: Path) -> Iterator[Problem]:
    sellers = [seller.name for seller in policy.capacity.sellers]
    for index, name in enumerate(rule.owners):
        if name not in sellers:
            remedy = did_you_mean(name, sellers, "Add it under capacity.sellers, or remove it here.")
            yield (*path, index), f"there is no seller `{name}`.", remedy


def _title(rule: Workflow, policy: Policy, path: Path) -> Iterator[Problem]:
    yield from missing_labels(rule.title, policy, path)
    for language, title in rule.title.items():
        try:
            # Tried out with the real formatter: {lead.x}, {0} or a lone brace fail here and not in the night that sends
            # the message.
            title.format_map(PLACEHOLDERS)
        except (KeyError, ValueError, IndexError, AttributeError):
            message = "this has a placeholder that there is not."
            yield (*path, language), message, "Use {lead}, {score}, {stage} and {owner} only."


def _action(action: WorkflowAction, policy: Policy, path: Path) -> Iterator[Problem]:
    if action.do in ("tag", "automation"):
        if not action.name.strip():
            yield path, f"`{action.do}` needs a `name`.", "Add what the CRM calls it."
    elif action.name:
        yield (*path, "name"), f"`{action.do}` knows no name.", "Remove it."
    if action.do not in ("message", "event"):
        if action.channel is not None:
            yield (*path, "channel"), f"`{action.do}` uses no channel.", "Remove it."
        return
    kinds = {channel.name: channel.kind for channel in policy.workflows.channels}
    if action.channel is None:
        yield path, f"`{action.do}` needs a `channel`.", "Add it, and name it under workflows.channels."
    elif action.channel not in kinds:
        remedy = did_you_mean(action.channel, kinds, "Add it under workflows.channels.")
        yield (*path, "channel"), f"there is no channel `{action.channel}`.", remedy
    elif (action.do == "event") != (kinds[action.channel] in EVENT_CHANNELS):
        remedy = "Send messages to slack, teams or email, and events to webhook or cloudevents."
        yield (*path, "channel"), f"a channel of kind {kinds[action.channel]} takes no {action.do}.", remedy
