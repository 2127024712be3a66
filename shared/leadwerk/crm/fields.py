"""Fields that Leadwerk fills in a CRM: what they show, and under which name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter
from typing import Any

from leadwerk.crm.port import CRMField, FieldType, FieldValue
from leadwerk.policy.model import Policy

Reader = Callable[[Any], FieldValue]
Readers = tuple[tuple[str, Reader], ...]

SHOWN: Mapping[str, tuple[str, FieldType]] = {
    "predictive_score": ("predictive_score", "number"),
    "score_cluster": ("score_cluster", "text"),
    "recommended_action": ("recommended_action", "text"),
    "probability": ("probability", "number"),
    "score_reasons": ("reasons", "list"),
    "points": ("points", "number"),
    "lead_matrix_cell": ("matrix_cell", "text"),
    "company_tier": ("tier", "text"),
    "lead_stage": ("stage", "text"),
    "traffic_light": ("traffic_light", "text"),
}
"""What a field can show → the column of `scores` that it shows, and its type."""
RATING = ("points", "lead_matrix_cell", "company_tier", "lead_stage", "traffic_light")
"""Fields of points and stages: shown together or, where a policy has neither, not at all."""
REASONS_SENT = 5


@dataclass(frozen=True)
class FieldMapping:
    """The fields in the policy's order, and labels of actions in the language of a field (shows → action → label)."""

    fields: tuple[CRMField, ...]
    action_labels: Mapping[str, str]

    def values(self, row: Any) -> dict[str, FieldValue]:
        """CRM field → value, from a row with the columns of SHOWN.

        All fields of points and stages or none: what became unknown is emptied, what a policy lacks never gets there.
        """
        has_rating = any(read(row) is not None for _, read in self._readers_of_rating)
        return {name: read(row) for name, read in (self._readers if has_rating else self._readers_without_rating)}

    @cached_property
    def _readers(self) -> Readers:
        """Each field's name with what reads its value: looked up once, and not for each of a hundred thousand rows."""
        return tuple((field.name, self._reader(field)) for field in self.fields)

    @cached_property
    def _readers_of_rating(self) -> Readers:
        return tuple((field.name, self._reader(field)) for field in self.fields if field.shows in RATING)

    @cached_property
    def _readers_without_rating(self) -> Readers:
        return tuple((field.name, self._reader(field)) for field in self.fields if field.shows not in RATING)

    def _reader(self, field: CRMField) -> Reader:
        if field.shows == "score_reasons":
            return lambda row: tuple([reason.text for reason in row.reasons if reason.text][:REASONS_SENT])
        if field.shows == "recommended_action" and self.action_labels:
            labels = self.action_labels
            return lambda row: labels.get(row.recommended_action, row.recommended_action)
        return attrgetter(SHOWN[field.shows][0])


def field_mapping(policy: Policy, default_name: Callable[[str], str]) -> FieldMapping:
    """The fields that the policy names under `crm`, or all with the CRM's own default names."""
    if not policy.crm.fields:
        fields = tuple(CRMField(default_name(shows), shows, kind, shows) for shows, (_, kind) in SHOWN.items())
        return FieldMapping(fields, {})
    fields = tuple(
        CRMField(
            entry.name or default_name(entry.shows), entry.shows, SHOWN[entry.shows][1], entry.label or entry.shows
        )
        for entry in policy.crm.fields
    )
    languages = [entry.language for entry in policy.crm.fields if entry.shows == "recommended_action"]
    labels = {
        action.action: action.labels[language]
        for language in languages
        for action in policy.actions
        if language and language in action.labels
    }
    return FieldMapping(fields, labels)


def changed_fields(before: Mapping[str, FieldValue], after: Mapping[str, FieldValue]) -> Sequence[str]:
    """Names of the fields that differ, in the order of `after`.

    >>> changed_fields({"a": 1, "b": 2}, {"a": 1, "b": 3, "c": None})
    ['b']
    """
    return [name for name, value in after.items() if before.get(name) != value]
