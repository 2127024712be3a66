"""Checks of what frames a policy: version, time zone, languages, bands of the score, actions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args
from zoneinfo import ZoneInfo

from leadwerk.policy.model import Policy
from leadwerk.policy.section import Cluster
from leadwerk.policy.validation.errors import Problem, did_you_mean, given_twice, missing_labels

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
        yield ("version",), "the version is computed from the content.", "Remove this line."


def _time_zone(policy: Policy) -> Iterator[Problem]:
    if policy.time_zone in _OF_THE_MACHINE or policy.time_zone.startswith(("posix/", "right/")):
        message = f"the time zone {policy.time_zone!r} is another one on each machine, and unknown to BigQuery."
        yield ("time_zone",), message, "Use an IANA name, such as Europe/Zurich."
        return
    try:
        ZoneInfo(policy.time_zone)
    except (KeyError, ValueError, OSError):
        yield ("time_zone",), f"the time zone {policy.time_zone!r} is unknown.", _zone_remedy(policy.time_zone)


def _languages(policy: Policy) -> Iterator[Problem]:
    if not policy.languages:
        yield ("languages",), "no language is given.", "Give at least one of de, fr, it, en; the first is the default."
    yield from given_twice(("languages",), policy.languages)


def _actions(policy: Policy) -> Iterator[Problem]:
    clusters = [action.cluster for action in policy.actions]
    for cluster in get_args(Cluster):
        if cluster not in clusters and cluster != "CLOSED":
            yield ("actions",), f"no action for {cluster} leads.", f"Add `- {{cluster: {cluster}, action: …}}`."
    for index, action in enumerate(policy.actions):
        if action.cluster in clusters[:index]:
            yield ("actions", index), f"{action.cluster} has two actions.", "Remove one of the two."
        if not action.action.strip():
            yield ("actions", index, "action"), "this is empty.", "Write what the seller is to do."


def _zone_remedy(name: str) -> str:
    # Reads a directory: done only for a misspelt zone.
    from zoneinfo import available_timezones

    return did_you_mean(name, sorted(available_timezones()), "Use an IANA name, such as Europe/Zurich.")
