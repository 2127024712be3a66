"""Which landmarks a training reads where there are more than it may hold: the newest whole, of the older ones a sample.

The newest test the model, so they stand for themselves. Of the others all leads that have won are read and, by a hash
of the lead, a share of those that have not: what tells winners apart is nearly all kept (King and Zeng 2001, Political
Analysis 9, §3). Where winners alone are too many a share of them is read as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from msgspec import Struct

from leadwerk.pipeline.leads.features import label_parameters
from leadwerk.policy.model import Policy
from leadwerk.stats.arrays import Bools, Floats
from leadwerk.warehouse.protocol import Parameters, Warehouse
from leadwerk.warehouse.statement import statement

DIGITS = 8
ABOVE_ALL = "g"
"""Greater than every text of hexadecimal digits."""

MILLION = 1_000_000
NEWEST_SHARE = 0.25
"""Share of the landmarks that may be read for the newest, which test the model."""

WINNERS_SHARE = 0.5
"""Most of the rest that winners may take: beyond one to one they tell hardly more."""


def hash_limit(share: float) -> str:
    """The text below which that share (0 to 1) of all hashes lies, in hexadecimal digits as TO_HEX(MD5(…)) writes them.

    >>> hash_limit(0.5), hash_limit(1)
    ('80000000', 'g')
    """
    return ABOVE_ALL if share >= 1 else f"{int(share * 16**DIGITS):0{DIGITS}x}"


class LandmarksOfDay(Struct, frozen=True):
    """A row of labels/counts: landmarks of a day in the policy's zone, and those of leads that have won since."""

    day: date
    landmarks: int
    winners: int


@dataclass(frozen=True)
class TrainingSample:
    """`whole_from`: moment (aware) from which all landmarks are read; shares of winners and others, in millionths."""

    whole_from: datetime
    winners_per_million: int
    others_per_million: int

    def parameters(self, policy: Policy, now: datetime) -> Parameters:
        """Parameters of labels/sampled_leads."""
        # A landmark of the whole period may be of a lead that is older by the last landmark's age.
        created_from = self.whole_from - timedelta(days=max(policy.landmark_days))
        return {
            "positive": list(policy.positive),
            "known_at": now,
            "whole_from": created_from,
            "winners_below": hash_limit(self.winners_per_million / MILLION),
            "others_below": hash_limit(self.others_per_million / MILLION),
        }

    def stands_for(self, has_won: Bools, is_drawn: Bools) -> Floats:
        """How many landmarks of the warehouse each stands for, (n,); 0 for those that are read to test alone."""
        by_lead = np.where(has_won, MILLION / self.winners_per_million, MILLION / self.others_per_million)
        return np.where(is_drawn, by_lead, 0.0)


def sample_needed(
    warehouse: Warehouse, policy: Policy, first: datetime, last: datetime, now: datetime
) -> TrainingSample | None:
    """The sample that keeps within `training.max_landmarks`; None where all landmarks do."""
    parameters = {**label_parameters(policy, first, last, now), "known_at": now, "time_zone": policy.time_zone}
    days = warehouse.rows(statement("labels/counts", LandmarksOfDay), parameters)
    training = policy.training
    return sample_of_days(days, training.max_landmarks, training.test_share, ZoneInfo(policy.time_zone))


def sample_of_days(
    days: Sequence[LandmarksOfDay], limit: int, test_share: float, zone: ZoneInfo
) -> TrainingSample | None:
    """The sample of at most `limit` landmarks of these days, except where a single day has more.

    >>> days = [LandmarksOfDay(date(2026, 1, 1 + place), 1000, 100) for place in range(10)]
    >>> sample = sample_of_days(days, 2000, 0.2, ZoneInfo("UTC"))
    >>> sample.whole_from.day, sample.winners_per_million, sample.others_per_million
    (10, 833333, 92592)
    """
    total = sum(row.landmarks for row in days)
    if total <= limit:
        return None
    newest_first = sorted(days, key=lambda row: row.day, reverse=True)
    landmarks_since = np.cumsum([row.landmarks for row in newest_first])
    whole_days = max(1, int((landmarks_since <= min(test_share * total, NEWEST_SHARE * limit)).sum()))
    older = newest_first[whole_days:]
    winners = sum(row.winners for row in older)
    other_landmarks = sum(row.landmarks for row in older) - winners
    rest = (1 - NEWEST_SHARE) * limit
    winners_share = min(1.0, WINNERS_SHARE * rest / max(winners, 1))
    others_share = min(1.0, (rest - winners_share * winners) / max(other_landmarks, 1))
    whole_from = datetime.combine(newest_first[whole_days - 1].day, time(), zone)
    return TrainingSample(whole_from, _millionths(winners_share), _millionths(others_share))


def _millionths(share: float) -> int:
    return max(1, int(share * MILLION))
