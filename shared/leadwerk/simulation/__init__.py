"""A simulated mortgage market whose true probabilities are known, so that a model can be held against the best one.

`simulate` makes it, `publish` shows its GA4 export as of a moment, `crm_server` serves its cases, `true_probability`
and `savings` tell what only a simulation can know.
"""

from leadwerk.simulation.call_strategies import CallingResult, CallingSavings, savings
from leadwerk.simulation.export import PublishedExport, publish
from leadwerk.simulation.generate import SimulationResult, simulate
from leadwerk.simulation.truth_lookup import true_probability

__all__ = [
    "CallingResult",
    "CallingSavings",
    "PublishedExport",
    "SimulationResult",
    "publish",
    "savings",
    "simulate",
    "true_probability",
]
