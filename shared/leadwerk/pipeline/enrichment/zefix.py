"""Zefix, the index of the Swiss commercial registers: legal form and canton of a company (ZefixPublicREST, v1).

POST /api/v1/company/search finds companies whose name begins with a text, GET /api/v1/company/uid/{uid} is one entry.
Both need an account of the Federal Office of Justice (HTTP basic). The register knows neither employees nor revenue.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

import msgspec
from msgspec import Struct

from leadwerk.crm.bounded_exchange import ExchangeResult
from leadwerk.errors import UNREADABLE_JSON, InputError
from leadwerk.pipeline.enrichment.answers import CompanyAnswer, CompanyFact, Outcome, validated
from leadwerk.pipeline.enrichment.identity import CompanyIdentity
from leadwerk.pipeline.enrichment.provider_http import ProviderHttp, encoded
from leadwerk.policy.enrichment import LEGAL_FORMS, EnrichedFact

URL: Final = "https://www.zefix.admin.ch/ZefixPublicREST"
PER_SECOND: Final = 1.0
ANSWERABLE: Final = frozenset({"legal_form", "canton"})
# How sure it is that the entry is the company: by its number, by its registered name, by its domain's first label.
BY_UID, BY_NAME, BY_DOMAIN = 0.99, 0.9, 0.7
SHORTEST_NAME: Final = 3
NOT_FOUND: Final = frozenset({400, 404})
"""400 where a name has too many hits, or too few letters."""

_FORM_WORDS = frozenset(
    {"ag", "sa", "gmbh", "sarl", "sagl", "ltd", "llc", "inc", "plc", "kg", "kmg", "cie", "genossenschaft", "stiftung"}
)


class LegalForm(Struct, frozen=True):
    """A legal form by its code of eCH-0097, such as 0106."""

    uid: str = ""


class RegisteredCompany(Struct, frozen=True, rename="camel"):
    """The fields of CompanyShort and CompanyFull that are used; all may be missing."""

    name: str = ""
    uid: str = ""
    status: str = ""
    canton: str = ""
    legal_form: LegalForm | None = None


@dataclass
class _Lookup:
    """The calls of one question, counted."""

    http: ProviderHttp
    calls: int = 0
    problems: list[str] = field(default_factory=list)

    def companies(self, method: str, path: str, body: bytes | None = None) -> Sequence[RegisteredCompany] | None:
        """The companies of an answer; none where it found none, None where it cannot be read."""
        self.calls += 1
        answer = self.http.call(method, path, body)
        if answer.status in NOT_FOUND:
            return ()
        companies = _decoded(answer)
        if companies is None:
            self.problems.append("the answer has another form than documented")
        return companies


@dataclass(frozen=True)
class Zefix:
    """The registers behind one address."""

    http: ProviderHttp
    name: str = "zefix"
    model: str = ""
    most_calls: int = 2

    def answerable(self, facts: tuple[EnrichedFact, ...]) -> tuple[EnrichedFact, ...]:
        """Legal form and canton."""
        return tuple(fact for fact in facts if fact.question in ANSWERABLE)

    def most_cost(self, company: CompanyIdentity, facts: tuple[EnrichedFact, ...]) -> float:
        """Nothing."""
        return 0.0

    def ask(self, company: CompanyIdentity, facts: tuple[EnrichedFact, ...], today: date) -> CompanyAnswer:
        """Look the company up by its UID, its name, or the first label of its domain."""
        lookup = _Lookup(self.http)
        match = _search(lookup, company)
        if match is None:
            outcome: Outcome = "failed" if lookup.problems else "not_found"
            return CompanyAnswer(outcome=outcome, calls=lookup.calls, reason="; ".join(lookup.problems))
        entry, certainty = match
        if not entry.canton and any(fact.question == "canton" for fact in facts):
            entry = _full(lookup, entry)
        checked_facts = _facts(entry, certainty, facts, today, lookup.problems)
        return CompanyAnswer(
            outcome="answered" if checked_facts else "failed" if lookup.problems else "not_found",
            facts=checked_facts,
            calls=lookup.calls,
            reason="; ".join(lookup.problems),
        )


def _search(lookup: _Lookup, company: CompanyIdentity) -> tuple[RegisteredCompany, float] | None:
    """The one entry that is the company, and how sure that is."""
    if company.uid:
        entries = lookup.companies("GET", f"/api/v1/company/uid/{company.uid}") or ()
        same = [entry for entry in entries if _digits(entry.uid) == _digits(company.uid)]
        return (same[0], BY_UID) if same else None
    label = company.domain.split(".")[-2] if company.domain else ""
    name, certainty = (company.name, BY_NAME) if company.name else (label, BY_DOMAIN)
    if len(_plain(name)) < SHORTEST_NAME:
        return None
    # The star is the search's wildcard: a name must not widen it.
    query = {"name": name.replace("*", " ").strip(), "activeOnly": True}
    entries = lookup.companies("POST", "/api/v1/company/search", encoded(query)) or ()
    same = [entry for entry in entries if _plain(entry.name) == _plain(name) and _digits(entry.uid)]
    # Two companies of one name look the same: rather nothing than the other one's facts.
    return (same[0], certainty) if len({_digits(entry.uid) for entry in same}) == 1 else None


def _full(lookup: _Lookup, entry: RegisteredCompany) -> RegisteredCompany:
    """The whole entry, which alone has the canton; the short one where it does not come."""
    entries = lookup.companies("GET", f"/api/v1/company/uid/CHE{_digits(entry.uid)}") or ()
    return next((full for full in entries if _digits(full.uid) == _digits(entry.uid)), entry)


def _facts(
    entry: RegisteredCompany,
    certainty: float,
    facts: tuple[EnrichedFact, ...],
    today: date,
    problems: list[str],
) -> tuple[CompanyFact, ...]:
    code = entry.legal_form.uid if entry.legal_form else ""
    values = {"legal_form": LEGAL_FORMS.get(code, ""), "canton": entry.canton}
    checked_facts = []
    for fact in facts:
        if not (value := values.get(fact.question, "")):
            continue
        try:
            checked_facts.append(validated(fact, value, certainty, today))
        except InputError as error:
            problems.append(error.message)
    return tuple(checked_facts)


def _decoded(answer: ExchangeResult) -> Sequence[RegisteredCompany] | None:
    try:
        return msgspec.json.decode(answer.body, type=list[RegisteredCompany])
    except UNREADABLE_JSON:
        return None


def _digits(uid: str) -> str:
    digits = "".join(re.findall(r"[0-9]", uid[:40]))
    return digits if len(digits) == 9 else ""


def _plain(name: str) -> str:
    """A name without legal form, accents and signs: what two spellings share.

    >>> _plain("Müller & Söhne AG"), _plain("muller-sohne")
    ('mullersohne', 'mullersohne')
    """
    unaccented = unicodedata.normalize("NFKD", name.casefold()).encode("ascii", "ignore").decode()
    parts = [part for part in re.split(r"[^a-z0-9]+", unaccented) if part]
    return "".join(part for part in parts if part not in _FORM_WORDS) or "".join(parts)
