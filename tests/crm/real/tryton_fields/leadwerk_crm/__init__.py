"""Tryton's module with Leadwerk's fields on sale.opportunity; it runs in Tryton's process, never in Leadwerk's."""

from trytond.model import fields
from trytond.pool import Pool, PoolMeta

RANGE = [
    "OR",
    ("predictive_score", "=", None),
    [("predictive_score", ">=", 0), ("predictive_score", "<=", 100)],
]


class SaleOpportunity(metaclass=PoolMeta):
    __name__ = "sale.opportunity"
    predictive_score = fields.Integer("Score", domain=RANGE)
    score_cluster = fields.Char("Cluster")
    recommended_action = fields.Char("Action")
    calibrated_probability = fields.Float("Probability")
    score_reasons = fields.Text("Reasons")


def register():
    Pool.register(SaleOpportunity, module="leadwerk_crm", type_="model")
