"""A simulated mortgage market whose true probabilities are known, so that a model can be held against the best one.

`simulate` makes it, `publish` shows its GA4 export as of a moment, `crm_server` serves its cases, `true_probability`
and `savings` tell what only a simulation can know.
"""

from leadwerk.market.calling import Calling, Savings, savings
from leadwerk.market.export import Published, publish
from leadwerk.market.known import true_probability
from leadwerk.market.simulation import Simulated, simulate

__all__ = ["Calling", "Published", "Savings", "Simulated", "publish", "savings", "simulate", "true_probability"]
