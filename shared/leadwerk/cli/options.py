"""Options that several commands share, and what they lead to."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from leadwerk import settings as environment
from leadwerk.catalogue.languages import Language, supported_language
from leadwerk.errors import InputError
from leadwerk.pipeline import wiring
from leadwerk.settings import Settings
from leadwerk.texts.message import Message

if TYPE_CHECKING:
    from leadwerk.crm.port import CRM
    from leadwerk.features.stage_model import StageModel
    from leadwerk.pipeline.desk.picks import Picks
    from leadwerk.policy.model import Policy
    from leadwerk.registry import Registry
    from leadwerk.scoring.model import Scorer
    from leadwerk.warehouse.protocol import Warehouse

Encoding = Annotated[str | None, typer.Option("--encoding", help="Encoding, such as utf-8, cp1252, cp850.")]
Delimiter = Annotated[str | None, typer.Option("--delimiter", help="Delimiter: one character, or tab.")]
DayOrMonthFirst = Annotated[Literal["dmy", "mdy"] | None, typer.Option("--date-order", help="Day or month first.")]

# A time from another machine may be slightly ahead of this one's clock.
CLOCK_TOLERANCE = timedelta(minutes=5)


@dataclass(frozen=True)
class Deployment:
    """What a command works on, made when it is first asked for."""

    settings: Settings

    @classmethod
    def at(cls, home: Path | None) -> Deployment:
        """The deployment that the environment describes, with its home replaced where one is given."""
        variables = {"LEADWERK_HOME": str(home)} if home else {}
        return cls(environment.read({**os.environ, **variables}))

    @cached_property
    def policy(self) -> Policy:
        return wiring.policy(self.settings)

    @cached_property
    def warehouse(self) -> Warehouse:
        return wiring.warehouse(self.settings)

    @cached_property
    def registry(self) -> Registry:
        return wiring.registry(self.settings)

    @cached_property
    def person_key(self) -> str:
        return wiring.person_key(self.settings)

    @cached_property
    def picks(self) -> Picks:
        return wiring.picks(self.settings, self.policy)

    def scorer(self) -> Scorer | None:
        """The champion's; None before the first promotion.

        Raises:
            CorruptModel: a file of the champion is not what was saved.
            ContractMismatch: the champion was trained on other features than the policy yields.
        """
        from leadwerk.pipeline.serving.champion_cache import ChampionCache

        champions = ChampionCache(self.registry, self.policy, threads=0)
        scorer = champions.scorer()
        if champions.refused:  # at the command line a person can retrain first
            raise champions.refused
        return scorer

    def stage_model(self) -> StageModel | None:
        """The chances to reach the next stage, as the last training learned them; None before there are any."""
        from leadwerk.pipeline.serving.newest_stage_model import newest_stage_model

        return newest_stage_model(self.registry)

    @cached_property
    def crm(self) -> CRM:
        return wiring.crm(self.settings)


def moment(text: str | None, field: str = "now") -> datetime:
    """The moment an option says, or the clock's, UTC.

    >>> moment("2026-01-31T08:00:00+01:00").isoformat()
    '2026-01-31T07:00:00+00:00'

    Raises:
        InputError: it is no moment with a zone.
    """
    if text is None:
        return datetime.now(UTC)
    try:
        parsed = datetime.fromisoformat(text)
        in_utc = parsed.astimezone(UTC) if parsed.tzinfo else None
    except (ValueError, OverflowError):  # the latter: of the first or last year, in a zone beyond them
        in_utc = None
    if in_utc is None:
        raise InputError(Message("cli.option.moment", text=text), field=field, value=text)
    return in_utc


def storing_moment(text: str | None) -> datetime:
    """The moment of a command that stores what it computes: a past one is a replay, with its real time in `stored_at`.

    Raises:
        InputError: it is no moment with a zone; or it lies in the future, and this is no simulation: what is stored as
            of then would count as the newest until then.
    """
    at = moment(text)
    if at > datetime.now(UTC) + CLOCK_TOLERANCE and not environment.read().simulation:
        message, remedy = Message("cli.option.future", moment=at.isoformat()), Message("cli.option.no_now")
        raise InputError(message, field="now", value=text, remedy=remedy)
    return at


def deciding_moment(text: str | None) -> datetime:
    """The moment of a person's decision: the clock's, so that what holds now decides whether it is allowed.

    Raises:
        InputError: `--now` is given, and this is no simulation.
    """
    if text is not None and not environment.read().simulation:
        message, remedy = Message("cli.option.deciding"), Message("cli.option.no_now")
        raise InputError(message, field="now", value=text, remedy=remedy)
    return moment(text)


def day(text: str | None, field: str) -> date | None:
    """The day an option says.

    Raises:
        InputError: it is no day.
    """
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        message, remedy = Message("cli.option.day", text=text), Message("cli.option.day.remedy")
        raise InputError(message, field=field, value=text, remedy=remedy) from error


def language(text: str | None) -> Language | None:
    """The language an option says, None if it says none.

    Raises:
        InputError: it is not one of ours.
    """
    supported = supported_language(text) if text is not None else None
    if text is not None and supported is None:
        raise InputError(
            Message("cli.option.language", text=text),
            field="language",
            value=text,
            remedy=Message("cli.language.remedy"),
        )
    return supported
