"""Checks of what frames a policy: version, time zone, languages, bands of the score, actions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args
from zoneinfo import ZoneInfo

from leadwerk.policy.model import Policy
from leadwerk.policy.problem import Problem, did_you_mean
from leadwerk.policy.section import Cluster
from leadwerk.policy.validation.errors import empty, given_twice, missing_labels, remove_one
from leadwerk.texts.message import Message

_OF_THE_MACHINE = frozenset({"localtime", "posixrules", "Factory", "local"})
"""Names in a machine's folder of time zones that are no zones of the world."""


def problems(policy: Policy) -> Iterator[Problem]:
    """Everything wrong with the frame."""
    yield from _version(policy)
    yield from _time_zone(policy)
    yield from _languages(policy)
    yield from _actions(policy)
    for index, action in enumerate(policy.actions):
        yield from missing_labels(action.labels, policy, ("actions", index, "labels"))


def _version(policy: Policy) -> Iterator[Problem]:
    if policy.version:
        yield Problem.of(("version",), "policy.version")


def _time_zone(policy: Policy) -> Iterator[Problem]:
    zone = policy.time_zone
    if zone in _OF_THE_MACHINE or zone.startswith(("posix/", "right/")):
        remedy = Message("policy.time_zone.remedy")
        yield Problem.of(("time_zone",), "policy.time_zone.machine", zone=zone, remedy=remedy)
        return
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        yield Problem.of(("time_zone",), "policy.time_zone.unknown", zone=zone, remedy=_zone_remedy(zone))


def _languages(policy: Policy) -> Iterator[Problem]:
    if not policy.languages:
        yield Problem.of(("languages",), "policy.languages.none")
    yield from given_twice(("languages",), policy.languages)


def _actions(policy: Policy) -> Iterator[Problem]:
    clusters = [action.cluster for action in policy.actions]
    for cluster in get_args(Cluster):
        if cluster not in clusters and cluster != "CLOSED":
            example = f"- {{cluster: {cluster}, action: …}}"
            yield Problem.of(("actions",), "policy.actions.none", cluster=cluster, example=example)
    for index, action in enumerate(policy.actions):
        if action.cluster in clusters[:index]:
            yield Problem.of(("actions", index), "policy.actions.two", cluster=action.cluster, remedy=remove_one())
        if not action.action.strip():
            yield empty(("actions", index, "action"), "policy.actions.empty.remedy")


def _zone_remedy(name: str) -> str:
    # Reads a directory: done only for a misspelt zone.
    from zoneinfo import available_timezones

    return did_you_mean(name, sorted(available_timezones()), Message("policy.time_zone.remedy"))
