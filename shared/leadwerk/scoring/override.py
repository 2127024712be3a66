"""Override: a person sets a lead's cluster to HOT, WARM, COLD or DISQUALIFIED for a limited time.

Scores advise and a person decides: cluster, action and stage follow the override, while probability, score and
points stay what they are, so that nothing learns from it.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final, Literal, get_args
from zoneinfo import ZoneInfo

from msgspec import Struct

from leadwerk.catalogue.languages import Language
from leadwerk.policy.model import Policy
from leadwerk.scoring.reasons import Reason
from leadwerk.texts.number_format import day
from leadwerk.texts.reasons import set_by

OverrideCluster = Literal["HOT", "WARM", "COLD", "DISQUALIFIED"]
"""What a person can say. That a lead is UNSCORED is no decision."""

CLUSTERS: Final[tuple[OverrideCluster, ...]] = get_args(OverrideCluster)

REASON: Final = "override"
"""Name of the reason that tells of it, in place of a feature group or a rule."""


class Override(Struct, frozen=True, kw_only=True):
    """What `author` said of a lead at `set_at` (aware, UTC), and holds until right before `ends_at`."""

    cluster: OverrideCluster
    author: str
    reason: str
    set_at: datetime
    ends_at: datetime

    def as_reason(self, policy: Policy, language: Language) -> Reason:
        """The word as a reason, in the lead's language; it moves no odds and gives no points."""
        until = day(language, last_day(self.ends_at, policy))
        sentence = set_by(language, cluster=self.cluster, author=self.author, reason=self.reason, until=until)
        return Reason(REASON, 0.0, sentence)


def last_day(ends_at: datetime, policy: Policy) -> date:
    """The last day on which something holds that ends at a moment (aware), as the policy counts days."""
    return (ends_at - timedelta(microseconds=1)).astimezone(ZoneInfo(policy.time_zone)).date()


def end_of(last: date, policy: Policy) -> datetime:
    """The moment right after a day, as the policy counts days; aware, UTC."""
    following = last + timedelta(days=1)
    midnight = datetime(following.year, following.month, following.day, tzinfo=ZoneInfo(policy.time_zone))
    return midnight.astimezone(ZoneInfo("UTC"))
