"""Rows as no site should send them, as Hypothesis strategies: nulls, repeats, ties, DST nights, every value field."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from leadwerk.policy.model import Action, Attribute, OutcomeRule, Policy, Signal, Traffic

Row = dict[str, Any]

# The night to 29 March 2026 lost an hour in Zürich; that to 25 October has 25.
FIRST, LAST = date(2026, 3, 28), date(2026, 3, 30)
MIDNIGHT = datetime(2026, 3, 28, 23, tzinfo=UTC)  # Zürich's 29 March begins
DAY = timedelta(days=1)

POLICY = Policy(
    name="hostile",
    time_zone="Europe/Zurich",
    languages=("de",),
    horizon_days=30,
    signals=(
        Signal(name="simulator", event="view_mortgage_simulator"),
        Signal(name="rates_page", page="^/(zinsen|taux)"),
        Signal(name="guide", event="page_view", page="(?i)guide"),
        Signal(name="mail", touchpoint="email_click"),
    ),
    outcomes=(OutcomeRule(status="Neu", outcome="open"),),
    positive=("paid_out",),
    actions=(Action(cluster="HOT", action="Call"),),
    landmark_days=(0, 1, 7),
    traffic=Traffic(hostnames=(), bot_events_per_day=4),
    attributes=(Attribute(name="score", kind="number"), Attribute(name="branch", kind="category")),
)

visitors = st.sampled_from(["v1", "v2"])
leads = st.sampled_from(["L1", "L2"])


def moments(*anchors: datetime) -> st.SearchStrategy[datetime]:
    """Moments at, right before and after the anchors, and some hours and days around: ties are likely."""
    steps = st.sampled_from(
        [timedelta(0), timedelta(microseconds=1), timedelta(minutes=29), timedelta(hours=2), DAY, 7 * DAY, 40 * DAY]
    )
    return st.builds(
        lambda anchor, step, sign: anchor + sign * step, st.sampled_from(anchors), steps, st.sampled_from([-1, 1])
    )


def optional(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """The strategy's values or None."""
    return st.none() | strategy


def repeated(rows: st.SearchStrategy[Row], largest: int) -> st.SearchStrategy[list[Row]]:
    """Lists of rows in which some rows stand twice."""
    return st.lists(rows, max_size=largest).flatmap(
        lambda drawn: (
            st.lists(st.sampled_from(drawn), max_size=2).map(lambda again: drawn + again) if drawn else st.just(drawn)
        )
    )


texts = st.sampled_from(
    [
        "450'000",
        "CHF 1'250'000.–",
        "350.000,00 €",
        "1,5",
        "1234.567",
        "12e3",
        "-7",
        "",
        "abc",
        "1.250.000",
        "90",
        "0x1A",
    ]
)
values = st.fixed_dictionaries(
    {
        "string_value": optional(texts),
        "int_value": optional(st.sampled_from([-5, 0, 7, 90, 1700000000, 2**62])),
        "float_value": optional(st.sampled_from([0.5, 1e300])),
        "double_value": optional(st.sampled_from([-1.0, 2500.25, 450000.0])),
    }
)
pages = st.sampled_from(
    [
        "https://bank.ch/zinsen?x=/guide#y",
        "https://bank.ch",
        "https://Bank.ch:8080/Guide/a",
        "//odd",
        "",
        "ftp://x/taux",
        "https://bank.ch/app/index.html#/zinsen/a?b",
        "https://bank.ch/#!/guide",
        "https://bank.ch/?a=1&gbraid=x",
        "https://bank.ch/?msclkid=#top",
        "https://bank.ch/?msclkid=9",
    ]
)
KEYS = ["ga_session_id", "engagement_time_msec", "percent_scrolled", "loan_amount", "property_value", "yearly_income"]


def parameter(key: str, value: st.SearchStrategy[Any]) -> st.SearchStrategy[Row]:
    """An event parameter with this key."""
    return value.map(lambda drawn: {"key": key, "value": drawn})


def text(texts: st.SearchStrategy[str]) -> st.SearchStrategy[Row]:
    """A value in string_value."""
    return texts.map(lambda text_value: {"string_value": text_value})


event_parameters = st.lists(
    st.sampled_from(KEYS).flatmap(lambda key: parameter(key, optional(values)))
    | parameter("page_location", text(pages))
    | parameter("traffic_type", text(st.sampled_from(["internal", "external"])))
    | parameter("ga_session_id", st.sampled_from([{"int_value": 17}, {"string_value": "17"}, {"double_value": 17.0}]))
    | parameter("source", text(st.sampled_from(["google", "news", "(not set)", ""])))
    | parameter("medium", text(st.sampled_from(["organic", ""])))
    | parameter("firebase_screen", text(st.sampled_from(["Zinsen", ""])))
    | parameter("nobody_keeps_it", optional(values))
    | st.just({"key": None, "value": None}),
    max_size=6,
)
devices = st.fixed_dictionaries(
    {
        "category": optional(st.sampled_from(["mobile", "desktop"])),
        "language": optional(st.sampled_from(["de-CH", "F", ""])),
        "browser": optional(st.sampled_from(["Chrome", "Googlebot"])),
        "web_info": optional(st.fixed_dictionaries({"hostname": optional(st.sampled_from(["bank.ch", "test"]))})),
    }
)
origins = st.fixed_dictionaries(
    {name: optional(st.sampled_from(["ad", "(not set)", ""])) for name in ("source", "medium")}
)
last_clicks = st.fixed_dictionaries(
    {
        "manual_campaign": optional(origins),
        "cross_channel_campaign": optional(origins),
        "google_ads_campaign": optional(
            st.fixed_dictionaries({"campaign_id": optional(st.sampled_from(["7", "(not set)"]))})
        ),
    }
)
micros = moments(MIDNIGHT, MIDNIGHT + DAY - timedelta(hours=1)).map(
    lambda moment: (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
)
exported = st.fixed_dictionaries(
    {
        "_TABLE_SUFFIX": st.sampled_from(
            ["20260327", "20260328", "20260329", "20260330", "intraday_20260329", "intraday_20260331", "20260401"]
        ),
        "event_timestamp": optional(micros | st.sampled_from([0, -1, 2**62])),
        "event_name": optional(st.sampled_from(["page_view", "view_mortgage_simulator", ""])),
        "event_params": event_parameters,
        "user_pseudo_id": optional(visitors | st.just("")),
        "user_id": optional(st.sampled_from(["L1", "", " L1 ", "None", "[object Object]", "(not set)", "a@b.ch", "0"])),
        "device": optional(devices),
        "geo": optional(st.just({"country": "Switzerland", "region": "Zurich"})),
        "traffic_source": optional(st.just({"source": "(direct)", "medium": "(none)"})),
        **{name: optional(st.integers(1, 2)) for name in ("batch_page_id", "batch_ordering_id", "batch_event_index")},
        "collected_traffic_source": optional(
            st.sampled_from(
                [{"manual_source": "ad", "manual_medium": None}, {"gclid": "x"}, {"gclid": "", "dclid": "y"}]
            )
        ),
        "session_traffic_source_last_click": optional(last_clicks),
    }
)
exports = repeated(exported, 8)

amounts = optional(st.sampled_from([0.0, 1000.5, 450000.0]))
event_rows = st.fixed_dictionaries(
    {
        "day": st.sampled_from([FIRST + DAY * step for step in range(4)]),
        "visitor_id": visitors,
        "user_id": optional(leads),
        "occurred_at": moments(MIDNIGHT),
        "event_name": st.sampled_from(["page_view", "scroll"]),
        "session_id": optional(st.sampled_from([1, 2])),
        "session_start": st.booleans(),
        "signal": optional(st.sampled_from(["simulator", "rates_page"])),
        "signal_count": st.sampled_from([0, 1]),
        "seconds": st.sampled_from([0.0, 0.1, 30.0]),
        "scroll_percent": optional(st.sampled_from([10, 90])),
        "source": optional(st.sampled_from(["google", "news"])),
        "medium": optional(st.sampled_from(["organic", "mail"])),
        "first_source": optional(st.sampled_from(["google", "news"])),
        "first_medium": optional(st.sampled_from(["organic", "mail"])),
        "device_category": optional(st.sampled_from(["mobile", "desktop"])),
        "language": optional(st.sampled_from(["de", "fr"])),
        "loan_amount": amounts,
        "property_value": amounts,
        "income": amounts,
        "instalment": amounts,
    }
)


def ranked(rows: list[Row]) -> list[Row]:
    """Events as activity_events holds them: placed within the visitor's day."""
    placed: dict[Any, int] = {}
    for row in rows:
        key = row["day"], row["visitor_id"]
        row["event_rank"] = placed[key] = placed.get(key, 0) + 1
    return rows


events = st.lists(event_rows, max_size=10).map(lambda rows: ranked([dict(row) for row in rows]))


def keyed(strategy: st.SearchStrategy[Row], key: Callable[[Row], Any], largest: int) -> st.SearchStrategy[list[Row]]:
    """Lists of rows that differ in their key."""
    return st.lists(strategy, max_size=largest, unique_by=key)
