"""Customers, measured: the ideal customer profile and groups of leads, kept as an object that page and report read."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from leadwerk.policy.model import Policy
from leadwerk.registry.store import Store
from leadwerk.report.results.customers import CustomerFindings, CustomerTrait, GroupTrait, LeadGroup
from leadwerk.warehouse.protocol import Warehouse

if TYPE_CHECKING:
    from leadwerk.learning.customer_profile import CustomerProfile
    from leadwerk.learning.natural_segments import Segmentation

NAME = "desk/customers.json"


def read_customers(store: Store) -> CustomerFindings | None:
    """What was measured last; None where nobody asked yet."""
    blob = store.read(NAME)
    return msgspec.json.decode(blob.data, type=CustomerFindings) if blob else None


def measure_customers(warehouse: Warehouse, policy: Policy, store: Store, now: datetime) -> CustomerFindings:
    """Measure on the leads whose outcome is certain at `now` (aware, UTC), and keep it in place of the last."""
    # Who only reads, as the page does, pays for no library of the training.
    from leadwerk.learning.customer_profile import customer_profile
    from leadwerk.pipeline.lead_segments import segments_of
    from leadwerk.pipeline.policies import suggest

    evidence, landmarks = suggest.read(warehouse, policy, now)
    findings = _findings(customer_profile(evidence), segments_of(landmarks, policy), now)
    store.write(NAME, msgspec.json.encode(findings), content_type="application/json")
    return findings


def _findings(profile: CustomerProfile, segmentation: Segmentation | None, now: datetime) -> CustomerFindings:
    traits = [
        CustomerTrait(
            labels=trait.labels,
            customer_share=trait.customer_share,
            lead_share=trait.lead_share,
            lift=trait.lift,
            low=trait.low,
            high=trait.high,
            points=trait.points,
        )
        for trait in profile.traits
    ]
    groups = [
        LeadGroup(
            leads=segment.leads,
            converted=segment.converted,
            traits=tuple(GroupTrait(trait.group, trait.kind, trait.value) for trait in segment.traits),
        )
        for segment in (segmentation.segments if segmentation else ())
    ]
    return CustomerFindings(
        measured_at=now,
        leads=profile.leads,
        customers=profile.customers,
        tested=profile.tested,
        traits=tuple(traits),
        groups=tuple(groups),
        silhouette=segmentation.silhouette if segmentation else None,
    )
