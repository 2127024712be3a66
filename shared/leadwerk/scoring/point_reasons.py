"""The rules that gave or took most, as reasons in the lead's language: what a seller reads where points decide."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from leadwerk.points.ledger import Entry
from leadwerk.points.reasons import RulePoints, by_rule, top_reasons
from leadwerk.policy.model import Policy
from leadwerk.policy.section import Language
from leadwerk.scoring.reasons import Reason
from leadwerk.texts.points import point_reason


def rule_reasons(ledger: Sequence[Entry], policy: Policy, language: Language) -> tuple[Reason, ...]:
    """What disqualified the lead, if anything did, and then at most three rules for and three against."""
    decisive = {rule.name for rule in policy.points.rules if rule.disqualifies}
    first = [(given, point_reason(policy, language, *given)) for given in _reason(policy, decisive, ledger)]
    others = [(given, said) for given, said in top_reasons(policy, language, ledger) if given.rule not in decisive]
    return tuple(Reason(given.rule, given.points, said) for given, said in (*first, *others))


def _reason(policy: Policy, rules: set[str], ledger: Sequence[Entry]) -> list[RulePoints]:
    """What these rules gave, nothing included."""
    given = {one.rule: one for one in by_rule(policy, ledger)}
    fired = Counter[str]()
    for entry in ledger:
        if entry.rule in rules:
            fired[entry.rule] += entry.events
    return [given.get(rule, RulePoints(rule, 0.0, events)) for rule, events in fired.items()]
