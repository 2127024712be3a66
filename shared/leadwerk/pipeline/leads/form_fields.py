"""Form fields: what people and the CRM write about a lead, under the names that people know.

Behaviour is computed from events before the landmark, so it cannot know the outcome; what is written into a lead's
record can.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from leadwerk.catalogue.features import FEATURES
from leadwerk.errors import InputError
from leadwerk.features.contract import contract
from leadwerk.learning.landmarks import Landmarks
from leadwerk.policy.folding import folded
from leadwerk.texts.message import Message

if TYPE_CHECKING:
    from leadwerk.policy.model import Policy

WRITTEN_FIELDS = frozenset(
    {"loan_amount", "property_value", "income", "instalment", "employees", "revenue", "language", "country", "region"}
    | {"channel", "industry"}
)
"""Fields of every lead that a person or the CRM writes."""

LONGEST_LIST = 12


def form_fields(policy: Policy) -> dict[str, str]:
    """Column of the landmarks by the name that people know: of an attribute its source, and the option it counts."""
    written = {entry.name: entry.name for entry in FEATURES if entry.name in WRITTEN_FIELDS}
    attributes = {
        f"{a.source or a.name}: {a.option}" if a.option else a.source or a.name: f"attribute_{a.name}"
        for a in policy.attributes
    }
    learned = {feature.name for feature in contract(policy)}
    return {name: column for name, column in (written | attributes).items() if column in learned}


def resolve_fields(policy: Policy, names: Iterable[str], *, option: str) -> tuple[str, ...]:
    """The form fields that these names mean: a field's own, its column's, its attribute's, or its file column's.

    Raises:
        InputError: a name means no field; names the field and those there are.
    """
    lead_fields = form_fields(policy)
    aliases: dict[str, list[str]] = {}
    for name, column in lead_fields.items():
        for alias in {name, column, column.removeprefix("attribute_"), name.split(": ", 1)[0]}:
            aliases.setdefault(folded(alias), []).append(name)
    fields: list[str] = []
    for name in names:
        if folded(name) not in aliases:
            more = " …" if len(lead_fields) > LONGEST_LIST else ""
            raise InputError(
                Message("refusal.field", field=name),
                field=option,
                value=name,
                remedy=Message("refusal.field.remedy", fields=", ".join(sorted(lead_fields)[:LONGEST_LIST]) + more),
            )
        fields += aliases[folded(name)]
    return tuple(dict.fromkeys(fields))


def columns_by_name(landmarks: Landmarks, policy: Policy, without: Iterable[str]) -> dict[str, NDArray[Any]]:
    """The landmarks' columns of all form fields but these, by name."""
    left_out = set(without)
    return {name: landmarks.columns[column] for name, column in form_fields(policy).items() if name not in left_out}


def without_fields(landmarks: Landmarks, policy: Policy, names: Iterable[str]) -> Landmarks:
    """The landmarks with these fields unknown: a model gives a field that it never saw no weight at all.

    The columns stay, so that the feature contract of training and scoring is the same.
    """
    lead_fields, columns = form_fields(policy), dict(landmarks.columns)
    for name in names:
        values = columns[lead_fields[name]]
        is_number = values.dtype.kind in "iufb"
        columns[lead_fields[name]] = (
            np.full(len(values), np.nan) if is_number else np.full(len(values), None, dtype=object)
        )
    return replace(landmarks, columns=columns)
