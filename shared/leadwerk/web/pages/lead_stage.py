"""The chance of a lead to reach the next stage, as its page states it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leadwerk.pipeline import wiring
from leadwerk.pipeline.desk.call_list import stage_label
from leadwerk.pipeline.desk.lead_detail import LeadDetail
from leadwerk.pipeline.leads.score_history import WITHHELD
from leadwerk.report.wording import Wording
from leadwerk.web.pages.cached import cached
from leadwerk.web.pages.visit import Visit

if TYPE_CHECKING:
    from leadwerk.policy.model import Policy
    from leadwerk.scoring.stage_outlook import StageOutlook


def next_stage_text(visit: Visit, wording: Wording, lead: LeadDetail) -> str:
    """The sentence; empty where no chance is known, where it contradicts the score's, and where that is withheld."""
    if lead.basis in WITHHELD:
        return ""
    # Imported where it is used: the list of calls starts without numpy.
    from leadwerk.pipeline.serving.newest_stage_model import newest_stage_model
    from leadwerk.scoring.stage_outlook import StagedContact, stage_outlooks

    contact = StagedContact(lead.stage, lead.stage_since, visit.now, lead.probability, lead.fit, lead.interest)
    model = cached(("stage_model",), lambda: newest_stage_model(wiring.registry(visit.config)))
    (outlook,) = stage_outlooks(model, visit.policy, [contact])
    if outlook is None or _contradicts(outlook, visit.policy, lead.probability):
        return ""
    return wording.say(
        "page.next_stage",
        stage=stage_label(visit.policy, visit.language, outlook.next_stage),
        days=outlook.horizon_days,
        chance=wording.chance(outlook.probability),
    )


def _contradicts(outlook: StageOutlook, policy: Policy, probability: float | None) -> bool:
    """Whether a contract is likelier, in no longer time, than the stage before it.

    Two models learned them, so it may be; a reader could not tell which to trust.
    """
    return probability is not None and outlook.horizon_days >= policy.horizon_days and outlook.probability < probability
