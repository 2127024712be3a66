"""What a status of the CRM means, by the policy's outcome rules."""

from __future__ import annotations

import unicodedata

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
    seen_status, seen_reason = casefolded(status), casefolded(reason or "")
    for rule in policy.outcomes:
        if casefolded(rule.status) == seen_status and (rule.reason is None or casefolded(rule.reason) == seen_reason):
            return rule.outcome
    return None


def casefolded(text: str) -> str:
    """Text as it is compared.

    >>> folded("PRU\u0308FUNG ") == folded("Prüfung")
    True
    """
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())
