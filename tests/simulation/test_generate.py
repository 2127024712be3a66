"""A market is made of its arguments alone, is of the promised size, and writes what it says."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime

import duckdb
import numpy as np
import pytest

from leadwerk import simulation
from leadwerk.errors import InputError
from leadwerk.lead.lead import lead_version
from leadwerk.lead.region import region_of
from leadwerk.policy.load import load
from leadwerk.simulation import storage
from leadwerk.simulation.people import EMAIL_KINDS
from leadwerk.simulation.site import REGIONS


def contents(home):
    with duckdb.connect(str(home / "ga4.duckdb"), read_only=True) as export:
        events = export.execute("SELECT count(*), bit_xor(hash(e)) FROM market.events AS e").fetchall()
    with closing(sqlite3.connect(home / "market" / "cases.sqlite")) as crm:
        cases = crm.execute("SELECT * FROM changes").fetchall(), crm.execute("SELECT * FROM leads").fetchall()
    return events, cases


@pytest.mark.slow
def test_the_same_arguments_give_the_same_market(tmp_path):
    first, two, other = (tmp_path / name for name in ("one", "two", "other"))
    simulation.simulate(first, days=12, leads=60, seed=5)
    simulation.simulate(two, days=12, leads=60, seed=5)
    simulation.simulate(other, days=12, leads=60, seed=6)
    assert contents(first) == contents(two) != contents(other)


@pytest.mark.slow
def test_a_second_market_replaces_the_first(tmp_path):
    simulation.simulate(tmp_path, days=12, leads=60)
    second = simulation.simulate(tmp_path, days=10, leads=50)
    events, (changes, leads) = contents(tmp_path)
    assert (len(leads), events[0][0], len(changes)) == (50, second.events, second.changes)


@pytest.mark.parametrize("wrong", [{"days": 1}, {"leads": 3}, {"shock_day": 40}, {"shock_day": -1}])
def test_impossible_arguments_are_refused_with_field_and_remedy(tmp_path, wrong):
    with pytest.raises(InputError) as refused:
        simulation.simulate(tmp_path, **{"days": 30, "leads": 100, **wrong})
    assert refused.value.field in wrong and refused.value.remedy


def test_forms_come_in_every_ones_own_hand(home):
    with closing(sqlite3.connect(home / "market" / "cases.sqlite")) as crm:
        forms = [json.loads(form) for (form,) in crm.execute("SELECT form FROM leads")]
    amounts = [form["loan_amount"] for form in forms if "loan_amount" in form]
    assert len(amounts) < len(forms)
    assert {type(amount) for amount in amounts} == {float, str}
    assert any(str(amount).startswith("CHF") for amount in amounts) and any("€" in str(amount) for amount in amounts)
    assert {form["channel"] for form in forms} == {"form", "phone", "referral"}
    assert any(form["ga_client_id"] is None for form in forms if form["channel"] == "form")
    assert all(form["ga_client_id"] is None for form in forms if form["channel"] != "form")
    assert any(form["ga_client_id"] and not form["web_consent"] for form in forms)


def test_client_ids_of_forms_are_browsers_of_the_export(home):
    with closing(sqlite3.connect(home / "market" / "cases.sqlite")) as crm:
        forms = [json.loads(form) for (form,) in crm.execute("SELECT form FROM leads")]
    sent = {form["ga_client_id"] for form in forms if form["ga_client_id"]}
    with duckdb.connect(str(home / "ga4.duckdb"), read_only=True) as export:
        seen = {row[0] for row in export.execute("SELECT DISTINCT user_pseudo_id FROM market.events").fetchall()}
    # The first minutes of the period cut off the visits of those who sent the form in them.
    assert len(sent - seen) <= 1


def test_postcodes_lie_in_their_canton_or_land():
    for place in REGIONS:
        assert {region_of(place.country, code) for code in place.postcodes} == {place.code}


def test_the_product_reads_every_form_as_it_was_meant(home):
    with closing(sqlite3.connect(home / "market" / "cases.sqlite")) as crm:
        forms = [json.loads(form) for (form,) in crm.execute("SELECT form FROM leads")]
    policy, now = load("mortgage"), datetime(2026, 3, 1, tzinfo=UTC)
    read = [lead_version(raw, policy=policy, recorded_at=now, event_id="e", person_key="k") for raw in forms]
    assert {rejection.field for _, rejections in read for rejection in rejections} == {"email"}
    assert {row["email_domain_kind"] for row, _ in read} == set(EMAIL_KINDS)
    assert all(
        (row["loan_amount"] is None) == ("loan_amount" not in raw) for (row, _), raw in zip(read, forms, strict=True)
    )


def test_the_truth_is_kept_apart_from_what_the_product_reads(home):
    with duckdb.connect(str(home / "ga4.duckdb"), read_only=True) as export:
        names = {row[0] for row in export.execute("SELECT column_name FROM duckdb_columns()").fetchall()}
    assert not names & {"paid", "alone", "closed", "call_share"}
    assert np.all(np.diff(storage.read_truth(home)["created"]) >= 0)


@pytest.mark.slow
def test_the_default_market_is_large_enough_to_learn_from(tmp_path):
    simulated_market = simulation.simulate(tmp_path)
    assert simulated_market.events >= 500_000 and simulated_market.leads >= 6_000
    assert 0.09 <= simulated_market.rate <= 0.13
    assert 0.80 <= simulated_market.bayes_auc <= 0.85
