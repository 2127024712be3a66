"""Wiring of providers: those that the policy names, with the addresses and credentials of the settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from leadwerk.crm.auth import basic, bearer
from leadwerk.crm.guarded_http import GuardedHttp
from leadwerk.crm.rate_limiter import RateLimiter
from leadwerk.errors import ConfigurationError
from leadwerk.pipeline.enrichment import language_model, zefix
from leadwerk.pipeline.enrichment.answers import Provider
from leadwerk.pipeline.enrichment.language_model import Gemini, LanguageModel, OpenAI
from leadwerk.pipeline.enrichment.provider_http import LONGEST_ANSWER, LONGEST_SILENCE, ProviderHttp
from leadwerk.policy.enrichment import EnrichmentProvider
from leadwerk.policy.model import Policy
from leadwerk.settings import Settings
from leadwerk.texts.message import Message

Pace = Callable[[float], RateLimiter]
"""Makes the pace of a provider from the calls a second that it takes."""


def connect(settings: Settings, policy: Policy, pace: Pace = RateLimiter) -> list[Provider]:
    """Clients of the policy's providers, in its order; no connection is opened yet.

    Raises:
        ConfigurationError: the credentials of one are not set.
    """
    return [_CONNECTORS[entry.name](settings, policy, entry, pace) for entry in policy.enrichment.providers]


def _zefix(settings: Settings, policy: Policy, entry: EnrichmentProvider, pace: Pace) -> Provider:
    if not (settings.zefix_user and settings.zefix_password):
        raise _missing("zefix", "LEADWERK_ZEFIX_USER, LEADWERK_ZEFIX_PASSWORD")
    headers = basic(settings.zefix_user, settings.zefix_password).headers()
    remedy = "Check LEADWERK_ZEFIX_URL, LEADWERK_ZEFIX_USER and LEADWERK_ZEFIX_PASSWORD."
    url = settings.zefix_url or zefix.URL
    paced = pace(zefix.PER_SECOND)
    return zefix.Zefix(ProviderHttp("zefix", url, headers, http=_http(settings), pace=paced, remedy=remedy))


def _gemini(settings: Settings, policy: Policy, entry: EnrichmentProvider, pace: Pace) -> Provider:
    if not settings.gemini_key:
        raise _missing("gemini", "LEADWERK_GEMINI_KEY")
    # In a header and not in the address, which servers and proxies log.
    headers = {"x-goog-api-key": settings.gemini_key}
    url = settings.gemini_url or language_model.GEMINI_URL
    http = _model_http(settings, entry, url, headers, pace, "LEADWERK_GEMINI_URL and LEADWERK_GEMINI_KEY")
    return LanguageModel(http, entry, Gemini(), policy.currency)


def _openai(settings: Settings, policy: Policy, entry: EnrichmentProvider, pace: Pace) -> Provider:
    if not settings.openai_key:
        raise _missing("openai", "LEADWERK_OPENAI_KEY")
    headers = bearer(settings.openai_key).headers()
    url = settings.openai_url or language_model.OPENAI_URL
    http = _model_http(settings, entry, url, headers, pace, "LEADWERK_OPENAI_URL and LEADWERK_OPENAI_KEY")
    return LanguageModel(http, entry, OpenAI(), policy.currency)


def _model_http(
    settings: Settings, entry: EnrichmentProvider, url: str, headers: Mapping[str, str], pace: Pace, variables: str
) -> ProviderHttp:
    remedy = f"Check {variables}, and the model's name."
    paced = pace(language_model.PER_SECOND)
    return ProviderHttp(entry.name, url, headers, http=_http(settings), pace=paced, remedy=remedy)


def _http(settings: Settings) -> GuardedHttp:
    return GuardedHttp(
        allow_private=settings.private_receivers,
        longest_answer=LONGEST_ANSWER,
        longest_silence=LONGEST_SILENCE,
        about="provider",
    )


def _missing(provider: str, variables: str) -> ConfigurationError:
    return ConfigurationError(
        Message("refusal.enrichment.credentials", provider=provider),
        remedy=Message("refusal.enrichment.credentials.remedy", variables=variables),
    )


_CONNECTORS: Mapping[str, Callable[[Settings, Policy, EnrichmentProvider, Pace], Provider]] = {
    "zefix": _zefix,
    "gemini": _gemini,
    "openai": _openai,
}
