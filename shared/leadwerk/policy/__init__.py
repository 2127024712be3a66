"""The business rules of one user as data: their shape, the shipped defaults, loading and checking.

>>> from leadwerk import policy
>>> policy.load("mortgage").horizon_days
30
"""

from leadwerk.policy.load import SHIPPED, errors, load, parse
from leadwerk.policy.model import Policy
from leadwerk.policy.outcome import outcome_of

__all__ = ["SHIPPED", "Policy", "errors", "load", "outcome_of", "parse"]
