"""Wiring of CRMs: the adapter that LEADWERK_CRM names, with the credentials that the settings have for it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from leadwerk.errors import ConfigurationError
from leadwerk.settings import Settings
from leadwerk.texts.message import Message

if TYPE_CHECKING:
    from leadwerk.crm.auth import Auth
    from leadwerk.crm.port import CRM

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def connect(settings: Settings) -> CRM:
    """A client of the CRM that the settings name; no connection is opened yet.

    Raises:
        ConfigurationError: the credentials are not set, or would travel in the clear.
    """
    if not settings.crm_token and not settings.crm_client_secret:
        raise ConfigurationError(Message("refusal.crm_token"))
    url, credentials, rate = settings.crm_url, _credentials(settings), settings.crm_per_second
    # Each adapter is imported where it is used: a process loads only its own CRM's.
    match settings.crm:
        case "hubspot":
            from leadwerk.crm.hubspot import HubSpot

            return HubSpot(url, credentials, per_second=rate, webhook_secret=settings.crm_webhook_secret)
        case "salesforce":
            from leadwerk.crm.salesforce import Salesforce

            return Salesforce(url, credentials, per_second=rate)
        case "pipedrive":
            from leadwerk.crm.pipedrive import Pipedrive

            return Pipedrive(url, credentials, per_second=rate, webhook_secret=settings.crm_webhook_secret)
        case "odoo":
            from leadwerk.crm.odoo import Odoo

            return Odoo(url, credentials, database=settings.crm_database, per_second=rate)
        case "activecampaign":
            from leadwerk.crm.activecampaign import ActiveCampaign

            return ActiveCampaign(url, credentials, per_second=rate, webhook_secret=settings.crm_webhook_secret)
        case "tryton":
            from leadwerk.crm.tryton import Tryton

            return Tryton(url, settings.crm_token, database=settings.crm_database, per_second=rate)
        case "webhook":
            from leadwerk.crm.rate_limiter import RateLimiter
            from leadwerk.crm.webhook import Webhook

            return Webhook(url, settings.crm_token.split(), pace=RateLimiter(rate))
    from leadwerk.crm.boma import Boma, Paths

    return Boma(url, credentials, per_second=rate, paths=Paths(settings.crm_lead_path, settings.crm_cases_path))


def _credentials(settings: Settings) -> Auth | str:
    if not settings.crm_client_secret:
        return settings.crm_token
    parts = urlsplit(settings.crm_token_url)
    # A client secret must not travel in clear text; local test servers are the exception.
    if parts.scheme != "https" and parts.hostname not in LOOPBACK:
        raise ConfigurationError(Message("refusal.setting.not_https", url=repr(settings.crm_token_url)))
    from leadwerk.crm.auth import ClientCredentials

    return ClientCredentials(
        settings.crm_token_url, settings.crm_client_id, settings.crm_client_secret, scope=settings.crm_scope
    )
