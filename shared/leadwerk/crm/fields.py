"""Fields that Leadwerk fills in a CRM: what they show, and under which name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from leadwerk.crm.port import CRMField, FieldType, FieldValue
from leadwerk.policy.model import Policy

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
        values = {field.name: self._value(field, row) for field in self.fields}
        rating = [field.name for field in self.fields if field.shows in RATING]
        if all(values[name] is None for name in rating):
            return {name: value for name, value in values.items() if name not in rating}
        return values

    def _value(self, field: CRMField, row: Any) -> FieldValue:
        value = getattr(row, SHOWN[field.shows][0])
        if field.shows == "score_reasons":
            return tuple([reason.text for reason in value if reason.text][:REASONS_SENT])
        if field.shows == "recommended_action":
            value = self.action_labels.get(value, value)
        field_value: FieldValue = value
        return field_value


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
