"""Enrichment run: asks providers for missing facts of companies, within the day's budget, and stores each answer.

An answer is stored before the next question is asked, so a crash repeats one question at most. The budget of a day is
what the stored answers took: two runs of a day share it. A failed call counts as well.
"""

from __future__ import annotations

import secrets
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct

from leadwerk.crm.delivery_attempts import UNAVAILABLE_IN_A_ROW
from leadwerk.crm.http_client import LONGEST_WAIT
from leadwerk.errors import CRMError, CRMRejected, CRMUnavailable
from leadwerk.pipeline.enrichment.answers import CompanyAnswer, Provider
from leadwerk.pipeline.enrichment.company_work import (
    CompanyToAsk,
    companies_to_ask,
    open_accounts,
    question_hash,
    spent,
    unexpired_questions,
)
from leadwerk.policy.enrichment import EnrichedFact
from leadwerk.policy.model import Policy
from leadwerk.progress import Progress, silent
from leadwerk.texts.message import Message
from leadwerk.warehouse.protocol import Warehouse
from leadwerk.warehouse.records import CompanyAnswerFact, CompanyAnswerRow

ASKING_SECONDS = 900.0
"""A run asks nothing later, so that it ends within its function's time."""

TIME = "time"
BUDGET = "budget"
"""What a whole run stops for; what stops a provider is under its name."""

NONSENSE_DAYS = 1
"""After an answer that could not be used the same is asked again the next day: a model may do better then."""


class PlannedQuestion(Struct, frozen=True):
    """A question that a run would ask: to which provider, what is sent of the company, and for which facts."""

    account_id: str
    provider: str
    domain: str
    name: str
    uid: str
    facts: tuple[str, ...]


class EnrichReport(Struct, frozen=True, kw_only=True):
    """Result of a run. `companies`: those that lack a fact; `unidentified` of them have no domain, name or UID.

    `failed`: answers that could not be used; `unavailable`: calls without an answer.

    `cached`: questions whose answer is not asked for again yet. `facts`: how many were taken, by name. `postponed`:
    questions for a later run; `stopped`: why, by provider, TIME or BUDGET. `planned`: of a dry run, what would be
    asked.
    """

    companies: int
    unidentified: int
    cached: int
    questions: int
    answered: int
    not_found: int
    failed: int
    unavailable: int
    calls: int
    cost: float
    facts: dict[str, int]
    postponed: int
    stopped: dict[str, str]
    planned: tuple[PlannedQuestion, ...] = ()


@dataclass(frozen=True)
class EnrichOptions:
    """`companies`: only these accounts, also without open leads; `limit`: questions at most."""

    companies: tuple[str, ...] = ()
    limit: int | None = None
    is_dry: bool = False


EVERYTHING = EnrichOptions()


def run(
    warehouse: Warehouse,
    policy: Policy,
    providers: Sequence[Provider],
    *,
    now: datetime,
    options: EnrichOptions = EVERYTHING,
    progress: Progress = silent,
) -> EnrichReport:
    """Ask for what is missing, company by company; each provider only for what those before it left open."""
    run_of_now = _Run(warehouse, policy, now, options, unexpired_questions(warehouse, now))
    companies = companies_to_ask(
        warehouse, policy, options.companies or open_accounts(warehouse, now), now
    ) if providers else []  # fmt: skip
    for number, company in enumerate(companies):
        doing = Message("progress.companies", done=f"{number:,}", total=f"{len(companies):,}")
        progress(doing, number / len(companies))
        run_of_now.ask_all(company, providers)
    return run_of_now.report(companies)


@dataclass
class _Tally:
    """How many companies nothing identifies, and how many questions were known, put off, or asked, by outcome."""

    unidentified: int = 0
    cached: int = 0
    postponed: int = 0
    asked: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)


@dataclass
class _Run:
    warehouse: Warehouse
    policy: Policy
    now: datetime
    options: EnrichOptions
    unexpired: Mapping[str, set[str]]
    tally: _Tally = field(default_factory=_Tally)
    facts: Counter[str] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    stopped: dict[str, str] = field(default_factory=dict)
    planned: list[PlannedQuestion] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.day = self.now.astimezone(ZoneInfo(self.policy.time_zone)).date()
        before = spent(self.warehouse, self.day)
        self.calls_before, self.cost_before = before.calls, before.cost
        self.calls, self.cost = 0, 0.0

    def ask_all(self, company: CompanyToAsk, providers: Sequence[Provider]) -> None:
        """Ask the providers about a company, until nothing is missing."""
        if not company.identity:
            self.tally.unidentified += 1
            return
        missing = {fact.fills for fact in company.missing}
        for provider, facts in self._questions(company, providers, missing):
            answer = self._ask(provider, company, facts)
            minimum = self.policy.enrichment.minimum_confidence_percent
            missing -= {fact.name for fact in answer.facts if round(fact.confidence * 100) >= minimum}

    def _questions(
        self, company: CompanyToAsk, providers: Sequence[Provider], missing: set[str]
    ) -> Iterator[tuple[Provider, tuple[EnrichedFact, ...]]]:
        """The questions to be asked now; `missing` shrinks while they are answered."""
        for provider in providers:
            # All that it may know and not only what is missing: the question stays the same, and so does its cache.
            facts = provider.answerable(self.policy.enrichment.facts)
            if not missing.intersection(fact.fills for fact in facts):
                continue
            if question_hash(provider, company.identity, facts) in self.unexpired.get(company.account_id, ()):
                self.tally.cached += 1
            elif provider.name in self.stopped or not self._may_ask(provider, company, facts):
                self.tally.postponed += 1
            elif self.options.is_dry:
                self._plan(provider, company, facts)
            else:
                yield provider, facts

    def _may_ask(self, provider: Provider, company: CompanyToAsk, facts: tuple[EnrichedFact, ...]) -> bool:
        """Whether budget, limit and time allow one more question."""
        enrichment = self.policy.enrichment
        limit = self.options.limit
        if limit is not None and self.tally.asked + len(self.planned) >= limit:
            return False
        if time.monotonic() - self.began > ASKING_SECONDS:
            self.stopped[TIME] = f"The run asks for at most {ASKING_SECONDS:g} seconds."
            return False
        calls = self.calls_before + self.calls + provider.most_calls
        # Counted by what the question can cost at most, so that the budget is never exceeded.
        cost = self.cost_before + self.cost + provider.most_cost(company.identity, facts)
        if calls > enrichment.daily_calls:
            self.stopped[BUDGET] = f"The day's {enrichment.daily_calls} calls are used."
        elif enrichment.daily_cost is not None and cost > enrichment.daily_cost:
            self.stopped[BUDGET] = f"The day's {enrichment.daily_cost:g} of money could be exceeded."
        else:
            return True
        return False

    def _plan(self, provider: Provider, company: CompanyToAsk, facts: tuple[EnrichedFact, ...]) -> None:
        sent = company.identity
        names = tuple(fact.fills for fact in facts)
        self.planned.append(PlannedQuestion(company.account_id, provider.name, sent.domain, sent.name, sent.uid, names))

    def _ask(self, provider: Provider, company: CompanyToAsk, facts: tuple[EnrichedFact, ...]) -> CompanyAnswer:
        asked_at = self._clock()
        try:
            answer = provider.ask(company.identity, facts, self.day)
            self.failures[provider.name] = 0
        except CRMError as error:
            answer = CompanyAnswer(outcome="unavailable", reason=error.message)
            self._stop_if_down(provider, error)
        self._store(provider, company, facts, answer, asked_at)
        return answer

    def _stop_if_down(self, provider: Provider, error: CRMError) -> None:
        self.failures[provider.name] += 1
        pause = error.retry_after if isinstance(error, CRMUnavailable) else None
        is_locked_out = isinstance(error, CRMRejected) and error.locked_out
        is_long = pause is not None and pause > LONGEST_WAIT
        if is_locked_out or is_long or self.failures[provider.name] >= UNAVAILABLE_IN_A_ROW:
            self.stopped[provider.name] = f"{error.message} {error.remedy}".strip()

    def _store(
        self,
        provider: Provider,
        company: CompanyToAsk,
        facts: tuple[EnrichedFact, ...],
        answer: CompanyAnswer,
        asked_at: datetime,
    ) -> None:
        answered_at = self._clock()
        row = CompanyAnswerRow(
            answer_id=secrets.token_hex(12),
            account_id=company.account_id,
            provider=provider.name,
            question=question_hash(provider, company.identity, facts),
            asked_at=asked_at,
            answered_at=answered_at,
            day=self.day,
            outcome=answer.outcome,
            expires_at=self._expires_at(answer, answered_at),
            calls=answer.calls,
            cost=answer.cost,
            reason=answer.reason or None,
            facts=tuple(
                CompanyAnswerFact(
                    name=fact.name,
                    text=fact.value if isinstance(fact.value, str) else None,
                    number=None if isinstance(fact.value, str) else fact.value,
                    confidence=fact.confidence,
                )
                for fact in answer.facts
            ),
        )
        self.warehouse.append("company_answers", [row])
        self.calls, self.cost = self.calls + answer.calls, self.cost + answer.cost
        self.tally.asked += 1
        self.tally.outcomes[answer.outcome] += 1
        self.facts.update(fact.name for fact in answer.facts)

    def _expires_at(self, answer: CompanyAnswer, answered_at: datetime) -> datetime | None:
        """Until when the same is not asked again; None where no answer came."""
        enrichment = self.policy.enrichment
        if answer.outcome == "answered":
            return answered_at + timedelta(days=enrichment.cache_days)
        if answer.outcome == "not_found":
            return answered_at + timedelta(days=enrichment.not_found_days)
        return answered_at + timedelta(days=NONSENSE_DAYS) if answer.outcome == "failed" else None

    def _clock(self) -> datetime:
        """Now, and what passed since the run began: a fact must not count from before it was learned."""
        return self.now + timedelta(seconds=time.monotonic() - self.began)

    def report(self, companies: Sequence[CompanyToAsk]) -> EnrichReport:
        tally, outcomes = self.tally, self.tally.outcomes
        return EnrichReport(
            companies=len(companies),
            unidentified=tally.unidentified,
            cached=tally.cached,
            questions=tally.asked,
            answered=outcomes["answered"],
            not_found=outcomes["not_found"],
            failed=outcomes["failed"],
            unavailable=outcomes["unavailable"],
            calls=self.calls,
            cost=self.cost,
            facts=dict(self.facts),
            postponed=tally.postponed,
            stopped=dict(self.stopped),
            planned=tuple(self.planned),
        )
