"""Every adapter before its stand-in, as the contract tests take them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from leadwerk.crm.activecampaign import ActiveCampaign
from leadwerk.crm.boma import Boma
from leadwerk.crm.fields import SHOWN
from leadwerk.crm.guarded_http import GuardedHttp
from leadwerk.crm.hubspot import HubSpot
from leadwerk.crm.odoo import Odoo
from leadwerk.crm.pipedrive import Pipedrive
from leadwerk.crm.port import CRM, CRMField, FieldValue, LeadUpdate
from leadwerk.crm.rate_limiter import RateLimiter
from leadwerk.crm.salesforce import Salesforce
from leadwerk.crm.webhook import Webhook
from support.standins.activecampaign import ActiveCampaignStandIn
from support.standins.boma import BomaStandIn
from support.standins.frame import TOKEN, StandIn
from support.standins.hubspot import HubSpotStandIn
from support.standins.odoo import OdooStandIn
from support.standins.pipedrive import PipedriveStandIn
from support.standins.salesforce import SalesforceStandIn
from support.standins.webhook import WebhookStandIn

VALUES: Mapping[str, FieldValue] = {
    "predictive_score": 85, "score_cluster": "HOT", "recommended_action": "Call_Immediately", "probability": 0.31,
    "score_reasons": ("Liest Zinsen", "Kam wieder"),
}  # fmt: skip
Sleep = Callable[[float], None]


@dataclass
class Subject:
    """A CRM and its adapter; `typed`: the CRM has fields that must exist; `tasks`, `pulls`: it has these at all.

    `forgets_users`: of who left it keeps nothing.
    """

    name: str
    standin: StandIn
    connect: Callable[[str, Sleep], CRM]
    typed: bool = True
    tasks: bool = True
    pulls: bool = True
    forgets_users: bool = False

    def crm(self, sleep: Sleep = lambda _: None) -> CRM:
        return self.connect(self.standin.url, sleep)

    def fields(self, crm: CRM) -> list[CRMField]:
        return [CRMField(crm.field_name(shows), shows, SHOWN[shows][1], shows) for shows in VALUES]

    def update(self, crm: CRM, record_id: str, **values: Any) -> LeadUpdate:
        shown_values = VALUES | values
        key = f"score-{record_id}-{shown_values['predictive_score']}"
        return LeadUpdate(key, key, record_id, {crm.field_name(name): value for name, value in shown_values.items()})

    def create_fields(self) -> None:
        crm = self.crm()
        self.standin.fields = {field.name: field.type for field in self.fields(crm)}

    def fields_shown(self, crm: CRM, record_id: str) -> dict[str, Any]:
        return {name: self.standin.value(record_id, crm.field_name(name)) for name in VALUES}


RATE: dict[str, Any] = {"per_second": 10_000}
SUBJECTS: dict[str, Callable[[], Subject]] = {
    "boma": lambda: Subject(
        "boma", BomaStandIn(), lambda url, sleep: Boma(url, TOKEN, sleep=sleep, **RATE), typed=False, tasks=False
    ),
    "hubspot": lambda: Subject(
        "hubspot", HubSpotStandIn(), lambda url, sleep: HubSpot(url, TOKEN, sleep=sleep, **RATE)
    ),
    "salesforce": lambda: Subject(
        "salesforce", SalesforceStandIn(), lambda url, sleep: Salesforce(url, TOKEN, sleep=sleep, **RATE)
    ),
    "pipedrive": lambda: Subject(
        "pipedrive", PipedriveStandIn(), lambda url, sleep: Pipedrive(url, TOKEN, sleep=sleep, **RATE),
    ),
    "odoo": lambda: Subject(
        "odoo", OdooStandIn(), lambda url, sleep: Odoo(url, TOKEN, database="sales", sleep=sleep, **RATE)
    ),
    "activecampaign": lambda: Subject(
        "activecampaign", ActiveCampaignStandIn(),
        lambda url, sleep: ActiveCampaign(url, TOKEN, sleep=sleep, **RATE),
        forgets_users=True,
    ),
    "webhook": lambda: Subject(
        "webhook", WebhookStandIn(),
        lambda url, sleep: Webhook(
            url, [TOKEN], pace=RateLimiter(sleep=sleep, **RATE), http=GuardedHttp(allow_private=True)
        ),
        typed=False, tasks=False, pulls=False,
    ),
}  # fmt: skip
