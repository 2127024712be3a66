"""What the demo tells, in days of the simulated market."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

# The nightly stages run at this hour, when GA4's export of the day before is complete.
NIGHT = time(4, tzinfo=UTC)
HORIZON_DAYS = 30


@dataclass(frozen=True)
class DemoPlan:
    """Days are counted from 0, the first simulated day.

    Leadwerk is put to use in the night after `history`: its first run reads all days that the export holds by then, and
    from then on it runs every night. After `first_training` the CRM's history is taken over, and a model serves. From
    `shock` on banks are stricter, which the first model cannot know: no such outcome has matured. `second_training` is
    the last day. Between the trainings everything but the export runs every `rhythm` days.
    """

    days: int = 160
    leads: int = 15_000
    seed: int = 7
    history: int = 69
    shock: int = 100
    first_training: int = 114
    rhythm: int = 24
    start: date = date(2026, 1, 5)
    newest_days: int = 10
    days_over_http: int = 3

    @property
    def second_training(self) -> int:
        return self.days - 1

    def night_after(self, day: int) -> datetime:
        """The moment of the nightly run after `day`."""
        return datetime.combine(self.start + timedelta(days=day + 1), NIGHT)

    @property
    def shock_begins(self) -> datetime:
        """Moment at which banks become stricter."""
        return datetime.combine(self.start + timedelta(days=self.shock), time(tzinfo=UTC))

    def share_of_nights(self, day: int) -> float:
        """Share of the nights before that of `day`, among those up to the first training or those after it.

        >>> DemoPlan().share_of_nights(69), DemoPlan().share_of_nights(115), DemoPlan().share_of_nights(137)
        (0.0, 0.0, 0.4888888888888889)
        """
        first, last = self.history, self.first_training
        if day > self.first_training:
            first, last = self.first_training + 1, self.second_training
        return (day - first) / (last - first + 1)

    def rounds(self) -> list[int]:
        """Days of the regular runs between the trainings, the last day not included."""
        return list(range(self.first_training + self.rhythm, self.second_training, self.rhythm))


FAULTS = {
    "error": 0.06,
    "throttle": 0.03,
    "retry_after": 0.05,
    "drop": 0.03,
    "drop_after_commit": 0.05,
    "duplicates": 0.1,
    "out_of_order": 0.5,
}
"""Shares of the CRM's requests that go wrong while the demo runs."""
