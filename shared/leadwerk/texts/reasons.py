"""Reasons for and against a lead, and what to do with it, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from leadwerk.texts.catalogue import text
from leadwerk.texts.facts import fact, labelled

if TYPE_CHECKING:
    from leadwerk.policy.model import Policy

Direction = Literal["for", "against"]


def reason(policy: Policy, language: str, group: str, direction: Direction, features: Mapping[str, Any]) -> str:
    """Why feature group `group` speaks for or against the lead whose features (a row of `lead_features`) are given."""
    return text(language, f"reason.{direction}", fact=fact(policy, language, group, features))


def set_by(language: str, *, cluster: str, author: str, reason: str, until: str) -> str:
    """The reason of an override: author, reason and end."""
    values = {"cluster": text(language, f"cluster.{cluster}"), "author": author, "until": until}
    return text(language, "override.set", **values, reason=reason)


def action_label(policy: Policy, language: str, cluster: str) -> str:
    """What the seller is to do, in words; the action's name where the policy gives none."""
    for action in policy.actions:
        if action.cluster == cluster:
            return labelled(action.labels, language) or action.action.replace("_", " ")
    return text(language, f"cluster.{cluster}")
