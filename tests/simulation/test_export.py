"""The export looks, table by table and field by field, as Google's would at that moment."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from leadwerk import simulation
from leadwerk.errors import ConfigurationError, InputError
from leadwerk.warehouse import schema

SAMPLE = Path(__file__).parents[3] / "shared" / "data" / "ga4-export-samples" / "events_schema.json"
START, DAYS = date(2026, 1, 5), 40
AFTER = datetime(2026, 3, 1, tzinfo=UTC)
SESSION = "list_filter(event_params, lambda p: p.key = 'ga_session_id')[1].value.int_value"
PATHS = ("/zinsen/", "/taux/", "/tassi/", "/rates/", "/kontakt", "/contatto", "/blog/", "/jobs")
BIGQUERY_TYPES = {"INTEGER": "INT64", "FLOAT": "FLOAT64", "BOOLEAN": "BOOL"}


@pytest.fixture(scope="module")
def own_home(simulated, tmp_path_factory):
    """A copy to publish in, so that tests do not see each other's moments."""
    home = tmp_path_factory.mktemp("export")
    shutil.copytree(simulated[0], home, dirs_exist_ok=True)
    return home


@pytest.fixture
def complete(own_home):
    simulation.publish(own_home, AFTER)
    return own_home


def query(home, sql):
    with duckdb.connect(str(home / "ga4.duckdb"), read_only=True) as export:
        return export.execute(sql).fetchall()


def tables(home):
    names = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'main' ORDER BY 1"
    return [name for (name,) in query(home, names)]


def everything(home):
    return " UNION ALL ".join(f"SELECT '{name}' AS shown, * FROM {name}" for name in tables(home))


def count(home, condition):
    return query(home, f"SELECT count(*) FROM ({everything(home)}) WHERE {condition}")[0][0]


def sums(home):
    return sorted(query(home, f"SELECT shown, count(*), sum(event_timestamp) FROM ({everything(home)}) GROUP BY ALL"))


def as_duckdb(field):
    inner = tuple(as_duckdb(part) for part in field.get("fields", ()))
    return schema.Field(field["name"], BIGQUERY_TYPES.get(field["type"], field["type"]), field["mode"], fields=inner)


@pytest.mark.skipif(not SAMPLE.exists(), reason="the sample of an export's schema is not here")
def test_every_table_has_the_exports_columns_in_its_order_and_nesting(complete):
    fields = [as_duckdb(field) for field in json.loads(SAMPLE.read_text())]
    expected = [(field.name, schema.duckdb_type(field)) for field in fields]
    described = query(complete, "DESCRIBE events_20260110")
    assert [(row[0], row[1].replace('"', "")) for row in described] == [(n, t.replace('"', "")) for n, t in expected]


def test_daily_tables_reach_up_to_yesterday_and_today_is_intraday(own_home):
    published = simulation.publish(own_home, datetime(2026, 1, 8, 11, tzinfo=UTC))
    assert tables(own_home) == ["events_20260105", "events_20260106", "events_20260107", "events_intraday_20260108"]
    assert (published.daily, published.intraday) == (3, date(2026, 1, 8))


def test_nothing_is_shown_that_has_not_happened_yet(own_home):
    now = datetime(2026, 1, 8, 11, tzinfo=UTC)
    simulation.publish(own_home, now)
    (newest,) = query(own_home, "SELECT max(event_timestamp) FROM events_intraday_20260108")[0]
    assert newest <= now.timestamp() * 1e6


def test_late_events_come_to_the_tables_of_the_days_before(own_home):
    simulation.publish(own_home, datetime(2026, 1, 9, 3, tzinfo=UTC))
    early = query(own_home, "SELECT count(*) FROM events_20260108")[0][0]
    simulation.publish(own_home, datetime(2026, 1, 12, 3, tzinfo=UTC))
    late = query(own_home, "SELECT count(*) FROM events_20260108")[0][0]
    simulation.publish(own_home, datetime(2026, 1, 20, 3, tzinfo=UTC))
    assert early < late == query(own_home, "SELECT count(*) FROM events_20260108")[0][0]
    assert late - early < 0.05 * late


def test_going_day_by_day_shows_the_same_as_going_there_at_once(own_home):
    day, target = timedelta(days=1), datetime(2026, 1, 15, 9, tzinfo=UTC)
    simulation.publish(own_home, target + 20 * day)
    simulation.publish(own_home, target)
    at_once = sums(own_home)
    simulation.publish(own_home, target - 9 * day)
    for step in range(8, -1, -1):
        simulation.publish(own_home, target - step * day)
    assert sums(own_home) == at_once


def test_before_and_after_the_period_there_is_no_intraday_table(own_home):
    assert simulation.publish(own_home, datetime(2025, 12, 1, tzinfo=UTC)).daily == 0
    assert tables(own_home) == []
    published = simulation.publish(own_home, AFTER)
    assert (published.daily, published.intraday) == (DAYS, None)


def test_an_event_lies_in_the_table_of_its_day_in_zurich(complete):
    local = "strftime(to_timestamp(event_timestamp / 1e6) AT TIME ZONE 'Europe/Zurich', '%Y%m%d')"
    assert count(complete, f"{local} <> event_date OR 'events_' || event_date <> shown") == 0


def test_a_session_may_go_on_after_midnight(complete):
    days = f"SELECT {SESSION} AS s, user_pseudo_id, count(DISTINCT event_date) AS days FROM ({everything(complete)})"
    assert query(complete, f"SELECT count(*) FROM ({days} GROUP BY ALL) WHERE days = 2 AND s IS NOT NULL")[0][0] > 0


def test_session_ids_are_unique_for_a_visitor_only(complete):
    rows = f"SELECT {SESSION} AS s, user_pseudo_id AS v FROM ({everything(complete)}) WHERE user_pseudo_id IS NOT NULL"
    shared = query(complete, f"SELECT count(*) FROM (SELECT s FROM ({rows}) GROUP BY s HAVING count(DISTINCT v) > 1)")
    assert shared[0][0] > 0


def test_amounts_come_in_all_four_value_fields(complete):
    amounts = f"SELECT unnest(event_params) AS p FROM ({everything(complete)}) WHERE event_name = 'mortgage_calculated'"
    fields = ", ".join(f"count(p.value.{kind}_value)" for kind in ("string", "int", "float", "double"))
    counts = query(complete, f"SELECT {fields} FROM ({amounts}) WHERE p.key = 'loan_amount'")[0]
    assert min(counts) > 0
    texts = query(complete, f"SELECT p.value.string_value FROM ({amounts}) WHERE p.key = 'loan_amount'")
    assert any("'" in text for (text,) in texts if text)


@pytest.mark.parametrize("path", PATHS)
def test_pages_lie_on_the_paths_of_four_languages(complete, path):
    pages = f"SELECT unnest(event_params) AS p FROM ({everything(complete)})"
    page_count = (
        f"SELECT count(*) FROM ({pages}) WHERE p.key = 'page_location' AND contains(p.value.string_value, '{path}')"
    )
    assert query(complete, page_count)[0][0] > 0


def test_signals_of_the_mortgage_policy_are_sent(complete):
    names = {name for (name,) in query(complete, f"SELECT DISTINCT event_name FROM ({everything(complete)})")}
    assert names >= {"view_mortgage_simulator", "download_pdf_guide", "mortgage_calculated", "page_view", "scroll"}
    assert names >= {"user_engagement", "session_start", "first_visit", "generate_lead", "login"}


@pytest.mark.slow
def test_paid_clicks_come_without_tags_and_direct_visits_are_not_set(complete):
    tags = "session_traffic_source_last_click.manual_campaign.source"
    shown = "session_traffic_source_last_click.cross_channel_campaign"
    paid = f"{shown}.medium = 'cpc'"
    assert (
        count(complete, f"{paid} AND {tags} = '(not set)' AND {shown}.source = 'google'") == count(complete, paid) > 0
    )
    assert count(complete, f"{paid} AND collected_traffic_source.manual_source IS NOT NULL") == 0
    assert count(complete, f"{shown}.source = '(direct)' AND {tags} = '(not set)'") > 0
    clicks = f"SELECT unnest(event_params) AS p FROM ({everything(complete)})"
    for key in ("gclid", "gbraid", "utm_source"):
        assert (
            query(complete, f"SELECT count(*) FROM ({clicks}) WHERE contains(p.value.string_value, '{key}=')")[0][0] > 0
        )


def test_the_intraday_table_is_not_attributed_yet(own_home):
    simulation.publish(own_home, datetime(2026, 1, 8, 15, tzinfo=UTC))
    columns = "count(traffic_source), count(session_traffic_source_last_click), count(collected_traffic_source) > 0"
    assert query(own_home, f"SELECT {columns} FROM events_intraday_20260108") == [(0, 0, True)]


def test_machines_and_own_people_are_in_it(complete):
    assert count(complete, "contains(device.web_info.browser, 'Headless')") > 0
    traffic_type = "list_filter(event_params, lambda p: p.key = 'traffic_type')[1].value.string_value"
    assert min(count(complete, f"{traffic_type} = '{kind}'") for kind in ("internal", "developer")) > 0


def test_one_machine_is_told_by_its_haste_only(complete):
    busy = f"SELECT count(*) AS n FROM ({everything(complete)}) WHERE user_pseudo_id IS NOT NULL"
    assert query(complete, f"SELECT max(n) FROM ({busy} GROUP BY event_date, user_pseudo_id)")[0][0] > 1500


@pytest.mark.slow
def test_some_rows_are_exported_twice(complete):
    rows = f"SELECT md5(row::VARCHAR) AS hash FROM ({everything(complete)}) AS row"
    assert query(complete, f"SELECT count(*) > count(DISTINCT hash) FROM ({rows})") == [(True,)]


def test_without_consent_no_id_of_browser_or_session_is_exported(complete):
    keys = f"SELECT unnest(event_params).key AS k FROM ({everything(complete)}) WHERE user_pseudo_id IS NULL"
    assert query(complete, f"SELECT count(*) FROM ({keys}) WHERE k LIKE 'ga_session%'") == [(0,)]


def test_a_login_links_a_second_browser_to_the_lead(complete):
    logins = f"SELECT user_id, user_pseudo_id FROM ({everything(complete)}) WHERE user_id IS NOT NULL"
    browsers_by_user = query(
        complete, f"SELECT user_id, count(DISTINCT user_pseudo_id) FROM ({logins}) GROUP BY user_id"
    )
    assert all(100_001 <= int(lead) <= 100_900 for lead, _ in browsers_by_user)
    assert {browsers for _, browsers in browsers_by_user} == {1, 2}


def test_a_moment_without_zone_is_refused(own_home):
    with pytest.raises(InputError, match="time zone"):
        simulation.publish(own_home, datetime(2026, 1, 8))  # noqa: DTZ001


def test_without_a_market_the_remedy_is_named(tmp_path):
    with pytest.raises(ConfigurationError, match="leadwerk simulate"):
        simulation.publish(tmp_path, AFTER)
