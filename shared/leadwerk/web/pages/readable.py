"""What a reader may open: leads of other languages and regions do not exist for a seller."""

from __future__ import annotations

from leadwerk.pipeline.desk.lead_detail import LeadDetail
from leadwerk.pipeline.desk.served import readable_detail
from leadwerk.web.pages.visit import Visit


def readable_lead(visit: Visit, lead_id: str) -> LeadDetail:
    """The lead, if its language and region are among those that the reader serves.

    Raises:
        UnknownLead: there is no such lead for this reader; whether for others the answer does not reveal.
    """
    return readable_detail(visit.warehouse, visit.policy, lead_id, served=visit.served, now=visit.now)
