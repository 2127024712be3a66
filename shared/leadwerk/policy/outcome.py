"""What a status of the CRM means, by the policy's outcome rules."""

from __future__ import annotations

from leadwerk.policy.folding import folded
from leadwerk.policy.model import Policy
from leadwerk.policy.section import OutcomeKind


def outcome_of(policy: Policy, status: str, reason: str | None = None) -> OutcomeKind | None:
    """The outcome that the first fitting rule gives, or None for a status that the policy does not know.

    Case, surrounding space and the way an umlaut is encoded do not matter.

    >>> from leadwerk.policy import load
    >>> mortgage = load("mortgage")
    >>> outcome_of(mortgage, " prüfung "), outcome_of(mortgage, "Verloren", "Konkurrenz"), outcome_of(mortgage, "???")
    ('open', 'lost', None)
    """
    seen_status, seen_reason = folded(status), folded(reason or "")
    for rule in policy.outcomes:
        # CRM users rename and retype statuses: case and spaces must not make an outcome unknown.
        if folded(rule.status) == seen_status and (rule.reason is None or folded(rule.reason) == seen_reason):
            return rule.outcome
    return None
