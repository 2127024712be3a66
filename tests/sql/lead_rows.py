"""Hostile rows of everything that lead_features and labels read."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from sql.hostile import Row, amounts, event_rows, keyed, leads, moments, optional, ranked, visitors

ZONE = ZoneInfo("Europe/Zurich")
AS_OF = datetime(2026, 3, 29, 10, 30, tzinfo=UTC)
DAY = timedelta(days=1)

attributes = st.lists(
    st.fixed_dictionaries(
        {
            "name": optional(st.sampled_from(["score", "branch"])),
            "text": optional(st.sampled_from(["a", ""])),
            "number": optional(st.sampled_from([-1.0, 2.5])),
        }
    ),
    max_size=2,
)
versions = st.fixed_dictionaries(
    {
        "event_id": st.sampled_from([f"e{i}" for i in range(6)]),
        "lead_id": leads,
        "recorded_at": moments(AS_OF),
        "created_at": moments(AS_OF, AS_OF - 7 * DAY),
        "web_consent": st.booleans(),
        "language": optional(st.sampled_from(["de", "fr"])),
        "country": optional(st.just("CH")),
        "region": optional(st.just("CH-ZH")),
        "loan_amount": amounts,
        "property_value": amounts,
        "income": amounts,
        "instalment": amounts,
        "account_id": optional(st.just("firma.ch")),
        "employees": optional(st.sampled_from([12, 80])),
        "revenue": optional(st.just(2e7)),
        "industry": optional(st.sampled_from(["software", "banking"])),
        "person_key": optional(st.sampled_from(["anna", "beat"])),
        "job_title": optional(st.sampled_from(["CEO", "Praktikant"])),
        "attributes": attributes,
    }
)
links = st.fixed_dictionaries(
    {
        "visitor_id": visitors,
        "lead_id": leads,
        "linked_at": moments(AS_OF),
        "source": st.sampled_from(["form", "login"]),
    }
)
touchpoints = st.builds(
    lambda event_id, lead_id, occurred_at, delay, kind, amount: {
        "event_id": event_id, "lead_id": lead_id, "day": occurred_at.date(), "occurred_at": occurred_at,
        "recorded_at": occurred_at + delay, "kind": kind, "loan_amount": amount, "income": amount,
    },
    st.sampled_from([f"t{i}" for i in range(6)]), leads, moments(AS_OF), st.sampled_from([0 * DAY, DAY]),
    st.sampled_from(["email_click", "fax"]), amounts,
)  # fmt: skip
signals = st.lists(
    st.fixed_dictionaries(
        {
            "name": st.sampled_from(["simulator", "rates_page", "forgotten"]),
            "events": st.integers(0, 3),
            "seconds": st.sampled_from([0.0, 12.5]),
            "last_at": moments(AS_OF - DAY),
        }
    ),
    max_size=2,
    unique_by=lambda signal: signal["name"],
)
calculators = st.fixed_dictionaries(
    {
        "uses": st.integers(0, 2),
        "loan_amount_sum": amounts,
        "loan_amount": amounts,
        "property_value": amounts,
        "income": amounts,
        "instalment": amounts,
    }
)
daily_rows = st.builds(
    lambda age, hour, fields: {
        "day": AS_OF.date() - age * DAY, "first_at": AS_OF - age * DAY, "last_at": AS_OF - age * DAY + hour,
        "events": 3, "first_hour": 1, "weekday": 1,
    } | fields,
    st.sampled_from([-1, 0, 1, 2, 6, 7, 29, 30, 88, 89, 90]), st.sampled_from([timedelta(0), timedelta(hours=1)]),
    st.fixed_dictionaries(
        {
            "visitor_id": visitors, "sessions": st.integers(0, 2), "page_views": st.integers(0, 3),
            "seconds": st.sampled_from([0.0, 33.3]), "scroll_percent": optional(st.just(90)),
            "source": optional(st.sampled_from(["google", "news"])), "medium": optional(st.just("organic")),
            "first_source": optional(st.just("news")), "first_medium": optional(st.just("mail")),
            "device_category": optional(st.sampled_from(["mobile", "desktop"])), "language": optional(st.just("it")),
            "signals": signals, "calculator": optional(calculators),
        }
    ),
)  # fmt: skip


def local_day(moment: datetime) -> date:
    """The day of a moment in the policy's time zone."""
    return moment.astimezone(ZONE).date()


own_day_events = st.lists(
    st.builds(lambda row, at: row | {"occurred_at": at, "day": local_day(at)}, event_rows, moments(AS_OF)), max_size=5
).map(lambda rows: ranked([dict(row) for row in rows]))

outcomes = st.builds(
    lambda event_id, lead_id, occurred_at, delay, outcome: {
        "event_id": event_id, "lead_id": lead_id, "day": occurred_at.date(), "occurred_at": occurred_at,
        "recorded_at": occurred_at + delay, "status": outcome, "outcome": outcome,
    },
    st.sampled_from([f"o{i}" for i in range(8)]), leads, moments(AS_OF, AS_OF + 30 * DAY),
    st.sampled_from([0 * DAY, DAY]), st.sampled_from(["open", "lost", "won", "paid_out"]),
)  # fmt: skip


def tables() -> st.SearchStrategy[dict[str, list[Row]]]:
    """Tables as the stages write them, where append tables may hold a row twice."""

    def twice(rows: list[Row]) -> list[Row]:
        return rows + rows[:1]

    return st.fixed_dictionaries(
        {
            "leads": keyed(versions, lambda row: row["event_id"], 4).map(twice),
            "identities": st.lists(links, max_size=4).map(twice),
            "touchpoints": keyed(touchpoints, lambda row: row["event_id"], 4).map(twice),
            "activity_daily": keyed(daily_rows, lambda row: (row["day"], row["visitor_id"]), 6),
            "activity_events": own_day_events,
        }
    )
