"""What a policy says about the CRM: which fields it shows, under which names, and who else is informed of changes."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, field

from leadwerk.catalogue.languages import Language
from leadwerk.policy.section import PolicySection

ShownField = Literal[
    "predictive_score",
    "score_cluster",
    "recommended_action",
    "probability",
    "score_reasons",
    "points",
    "lead_matrix_cell",
    "company_tier",
    "lead_stage",
    "traffic_light",
]


class CRMFieldName(PolicySection, frozen=True):
    """A field of the CRM: what it `shows`, its `name` there (default: the CRM's usual one) and its label.

    `language`: recommended actions are shown by their label in this language, otherwise by their name.
    """

    shows: ShownField
    name: Annotated[str, Meta(max_length=200)] = ""
    label: Annotated[str, Meta(max_length=200)] = ""
    language: Language | None = None


class CRMSection(PolicySection, frozen=True):
    """Fields that are sent, in this order; without any, all are sent. `own_user`: the CRM's user that we write as."""

    fields: tuple[CRMFieldName, ...] = field(default_factory=tuple)
    own_user: str = ""
