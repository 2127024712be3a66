"""The chance of a lead to reach the next stage, as its page states it."""

from __future__ import annotations

from leadwerk.pipeline import wiring
from leadwerk.pipeline.desk.call_list import stage_label
from leadwerk.pipeline.desk.lead_detail import LeadDetail
from leadwerk.pipeline.leads.score_history import WITHHELD
from leadwerk.report.wording import Wording
from leadwerk.web.pages.cached import cached
from leadwerk.web.pages.visit import Visit


def next_stage_text(visit: Visit, wording: Wording, lead: LeadDetail) -> str:
    """The sentence; empty where no chance is known, and where the lead's score is withheld."""
    if lead.basis in WITHHELD:
        return ""
    # Imported where it is used: the list of calls starts without numpy.
    from leadwerk.pipeline.serving.newest_stage_model import newest_stage_model
    from leadwerk.scoring.stage_outlook import StagedContact, stage_outlooks

    contact = StagedContact(lead.stage, lead.stage_since, visit.now, lead.probability, lead.fit, lead.interest)
    model = cached(("stage_model",), lambda: newest_stage_model(wiring.registry(visit.config)))
    (outlook,) = stage_outlooks(model, visit.policy, [contact])
    if outlook is None:
        return ""
    return wording.say(
        "page.next_stage",
        stage=stage_label(visit.policy, visit.language, outlook.next_stage),
        days=outlook.horizon_days,
        chance=wording.chance(outlook.probability),
    )
