"""Points and a HOT threshold proposed from matured outcomes, for a person to accept or decline.

A rule's points are a weight: of how often the rule counted (`activation`), in a logistic regression of conversion on
all rules at once. The weights are drawn to the present points, keep their sign unless the evidence is strong, and are
rounded to points that people use. A rule keeps its points while they lie within the interval of the estimate.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from msgspec import Struct

from leadwerk.learning.bounded_logistic import BoundedFit, BoundedProblem, fit
from leadwerk.learning.conversion_rate import ConversionRate, conversion_rate, direction
from leadwerk.learning.rule_activation import ActivationTerm, activation, terms
from leadwerk.learning.rule_candidates import RuleEvidence
from leadwerk.learning.rule_discovery import NewRule, new_rules
from leadwerk.points.conditions import LeadFacts
from leadwerk.points.engine import compute_points
from leadwerk.points.entry import HUNDREDTHS
from leadwerk.policy.model import Policy
from leadwerk.policy.points_numbers import PointsNumbers, apply_numbers, round_to_readable
from leadwerk.stats.arrays import Bools, Floats, Index

PULL = 10.0
"""Strength of the present points: the landmarks that they count as against every standardised weight (see logistic)."""

MINIMUM_LEADS = 20
"""Leads with a rule, and without it, below which its points are not questioned."""

Z = 1.96
"""Quantile of the normal distribution for a 95 % interval."""

STRONG = 3.0
"""Standard errors on the other side of zero at which a rule's sign is questioned."""

NOTICEABLE = 0.1
"""Share by which the number of HOT (or WARM) leads may change before another threshold is proposed."""


class Suggestion(Struct, frozen=True, kw_only=True):
    """Another number for a rule: `before` and `after` in points, the estimate and its 95 % interval in points too.

    `with_points` and `without_points`: landmarks to which the rule gave points, and the rest, each with its conversion.
    """

    rule: str
    is_repeat: bool
    before: int
    after: int
    estimate: float
    low: float
    high: float
    with_points: ConversionRate
    without_points: ConversionRate


class SuggestedBand(Struct, frozen=True, kw_only=True):
    """A threshold in points, and the share of landmarks that reach it under the present policy."""

    before: int
    after: int
    share: float


class SuggestionSet(Struct, frozen=True, kw_only=True):
    """What is proposed for a policy: points of rules, and where HOT and WARM start."""

    suggestions: tuple[Suggestion, ...]
    new_rules: tuple[NewRule, ...]
    hot: SuggestedBand
    warm: SuggestedBand
    landmarks: int
    converted: int

    def numbers(self) -> PointsNumbers:
        """All that is proposed, as `policy.points_numbers` sets it."""
        points = {(suggestion.rule, suggestion.is_repeat): suggestion.after for suggestion in self.suggestions}
        bands = {name: band.after for name, band in self.bands().items()}
        return PointsNumbers(points, bands, tuple(suggestion.rule for suggestion in self.new_rules))

    def bands(self) -> dict[str, SuggestedBand]:
        """The thresholds that move, by name."""
        named = {"hot": self.hot, "warm": self.warm}
        return {name: band for name, band in named.items() if band.after != band.before}


@dataclass(frozen=True)
class SuggestionEvidence:
    """n landmarks: what rules counted (n, terms), whether a rule disqualified, what became of the lead."""

    policy: Policy
    facts: LeadFacts
    matrix: Floats
    disqualified: Bools
    converted: Bools
    lead: Index

    @classmethod
    def of(cls, policy: Policy, facts: LeadFacts, converted: Bools, lead: Index) -> SuggestionEvidence:
        """The evidence of landmarks whose outcome is certain."""
        totals = compute_points(policy, facts, ledger=False)
        return cls(policy, facts, activation(policy, facts), totals.disqualified, converted, lead)


def suggest(evidence: SuggestionEvidence, rows: Index) -> SuggestionSet:
    """What the landmarks at these positions suggest; nothing if there are too few, or none converted."""
    policy, policy_terms = evidence.policy, terms(evidence.policy)
    # A disqualified lead gets no call, so its outcome says nothing of the points.
    used = rows[~evidence.disqualified[rows]]
    suggestions: tuple[Suggestion, ...] = ()
    added: tuple[NewRule, ...] = ()
    if policy_terms and 0 < evidence.converted[used].sum() < len(used):
        suggestions = _suggestions(_Part(evidence, policy_terms, used))
        added = _added(evidence, suggestions, used)
    points = {(suggestion.rule, suggestion.is_repeat): suggestion.after for suggestion in suggestions}
    proposed = apply_numbers(policy, PointsNumbers(points, rules=tuple(suggestion.rule for suggestion in added)))
    hot, warm = _bands(evidence, proposed, rows)
    return SuggestionSet(
        suggestions=suggestions,
        new_rules=added,
        hot=hot,
        warm=warm,
        landmarks=len(used),
        converted=int(evidence.converted[used].sum()),
    )


def _added(evidence: SuggestionEvidence, suggestions: tuple[Suggestion, ...], rows: Index) -> tuple[NewRule, ...]:
    """Rules that the policy still lacks once its present ones give what is suggested."""
    points = {(suggestion.rule, suggestion.is_repeat): suggestion.after for suggestion in suggestions}
    score = totals(apply_numbers(evidence.policy, PointsNumbers(points)), evidence.facts, rows) / HUNDREDTHS
    converted, lead = evidence.converted[rows], evidence.lead[rows]
    return new_rules(RuleEvidence(evidence.policy, evidence.facts, rows, score, converted, lead))


class _Part:
    """The landmarks that are learned from, and what is known of each term among them."""

    def __init__(self, evidence: SuggestionEvidence, terms: tuple[ActivationTerm, ...], rows: Index) -> None:
        self.terms = terms
        self.matrix = evidence.matrix[rows]
        self.converted, self.lead = evidence.converted[rows], evidence.lead[rows]
        self.present = np.array([term.points for term in terms], dtype=np.float64)
        self.is_given = self.matrix != 0
        self.shares = [(self._share(on), self._share(~on)) for on in self.is_given.T]
        enough = [min(with_term.leads, without.leads) >= MINIMUM_LEADS for with_term, without in self.shares]
        self.questioned = np.array(enough, dtype=bool)
        self.direction = np.array([direction(*pair) for pair in self.shares], dtype=np.float64)
        self.pull = PULL * self.matrix.var(axis=0)

    def _share(self, rows: Bools) -> ConversionRate:
        return conversion_rate(self.converted[rows], self.lead[rows])

    def fitted(self, centre: Floats, free: Bools) -> BoundedFit:
        """Weights near `centre`; those that are not free stay there, and the rest keep the sign of their points.

        A rule may change its sign if both speak strongly for that: its weight beside all other rules, and what became
        of the leads with it and without it.
        """
        wide = np.where(free, np.inf, 0.0)
        # First without signs, to see whether the data speak against one; then within the signs that remain.
        unbounded = self._fit(centre, centre - wide, centre + wide)
        sign = np.sign(self.present)
        against = (sign * unbounded.weights < -STRONG * unbounded.errors) & (sign * self.direction < 0)
        low = np.where((self.present > 0) & ~against, 0.0, -np.inf)
        high = np.where((self.present < 0) & ~against, 0.0, np.inf)
        return self._fit(centre, np.where(free, low, centre), np.where(free, high, centre))

    def _fit(self, centre: Floats, low: Floats, high: Floats) -> BoundedFit:
        pull = np.maximum(self.pull, 1e-6)
        return fit(BoundedProblem(self.matrix, self.converted, self.lead, centre, pull, low, high))


def _suggestions(part: _Part) -> tuple[Suggestion, ...]:
    scale = _points_per_log_odds(part)
    centre = part.present / scale
    differs, is_stable = part.questioned, False
    # A rule that keeps its points changes the estimates of the others.
    while not is_stable:
        fitted = part.fitted(centre, differs)
        still = differs & (np.abs(fitted.weights - centre) > Z * fitted.errors)
        differs, is_stable = still, bool((still == differs).all())
    candidates = (_suggestion(part, int(place), fitted, scale) for place in np.flatnonzero(differs))
    return tuple(suggestion for suggestion in candidates if suggestion.after != suggestion.before)


def _points_per_log_odds(part: _Part) -> float:
    """Such that the scores of the proposal vary as much as the present ones: its points look like those in use."""
    slope = fit(_one_weight(part, part.matrix @ part.present)).weights[0]
    fitted = part.fitted(np.maximum(slope, 0.0) * part.present, part.questioned)
    # Log-odds have no size that a person knows; points do, and the policy's thresholds stand on them.
    now, then = (part.matrix @ part.present).std(), (part.matrix @ fitted.weights).std()
    return float(now / then) if now > 0 and then > 0 else 1.0


def _one_weight(part: _Part, score: Floats) -> BoundedProblem:
    unit = np.ones(1)
    spread = float(score.std()) or 1.0
    return BoundedProblem(
        score[:, None], part.converted, part.lead, 0 * unit, PULL * spread**2 * unit, -np.inf * unit, np.inf * unit
    )


def _suggestion(part: _Part, place: int, fitted: BoundedFit, scale: float) -> Suggestion:
    term, (with_term, without) = part.terms[place], part.shares[place]
    estimate, error = fitted.weights[place] * scale, fitted.errors[place] * scale
    return Suggestion(
        rule=term.rule,
        is_repeat=term.is_repeat,
        before=term.points,
        after=round_to_readable(estimate),
        estimate=round(float(estimate), 1),
        low=round(float(estimate - Z * error), 1),
        high=round(float(estimate + Z * error), 1),
        with_points=with_term,
        without_points=without,
    )


def _bands(evidence: SuggestionEvidence, proposed: Policy, rows: Index) -> tuple[SuggestedBand, SuggestedBand]:
    """HOT and WARM cut-offs that keep today's share of landmarks in each band; HOT stays within the policy's limits."""
    bands = evidence.policy.points.bands
    present, new = (totals(policy, evidence.facts, rows) for policy in (evidence.policy, proposed))
    low, high = bands.threshold_limits
    return _band(bands.hot, range(low, high + 1), present, new), _band(bands.warm, range(1, low), present, new)


def _band(threshold: int, allowed: range, present: Floats, new: Floats) -> SuggestedBand:
    share = float((present >= threshold * HUNDREDTHS).mean()) if len(present) else 0.0
    far = {at: abs(float((new >= at * HUNDREDTHS).mean()) - share) for at in allowed} if share else {}
    # Of equally good thresholds the one nearest to today's: nobody should have to explain a move that changes nothing.
    best = min(far, key=lambda at: (far[at], abs(at - threshold)), default=threshold)
    moved = far.get(threshold, 1.0) > NOTICEABLE * share
    return SuggestedBand(before=threshold, after=best if moved else threshold, share=share)


def totals(policy: Policy, facts: LeadFacts, rows: Index) -> Floats:
    """Hundredths of points of the leads at these positions, those of disqualified leads below all."""
    computed = compute_points(policy, facts, ledger=False)
    return np.where(computed.disqualified, -np.inf, computed.total)[rows]
