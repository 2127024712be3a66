import msgspec
import pytest

from leadwerk import policy
from leadwerk.errors import ConfigurationError
from leadwerk.features.contract import contract, contract_hash, groups
from leadwerk.policy.model import Attribute, Signal


@pytest.fixture
def mortgage():
    return policy.load("mortgage")


def test_every_signal_yields_counts_seconds_and_recency_in_the_order_of_the_policy(mortgage):
    names = [feature.name for feature in contract(mortgage)]
    at = [names.index(f"{signal.name}_events_1d") for signal in mortgage.signals]
    assert at == sorted(at)
    first = mortgage.signals[0].name
    assert names[at[0] : at[0] + 9] == [
        *(f"{first}_{what}_{days}d" for what in ("events", "seconds") for days in (1, 7, 30, 90)),
        f"{first}_days_since",
    ]


def test_all_features_of_a_signal_are_one_group(mortgage):
    assert {f.group for f in contract(mortgage) if f.name.startswith("rates_page_")} == {"rates_page"}


def test_an_attribute_keeps_its_kind(mortgage):
    b2b = msgspec.structs.replace(mortgage, attributes=(Attribute(name="city", kind="category"),))
    assert contract(b2b)[-1].name == "attribute_city"
    assert contract(b2b)[-1].kind == "category"


def test_models_learn_no_unstated_creation_time_and_no_origin_of_a_fact(mortgage):
    names = {feature.name for feature in contract(mortgage)}
    assert {"lead_age_days", "created_hour", "created_weekday"} <= names
    assert not {"job_title", "company_source", "company_confidence"} & names
    unstated = {feature.name for feature in contract(msgspec.structs.replace(mortgage, lead_times="file_order"))}
    assert names - unstated == {"lead_age_days", "created_hour", "created_weekday"}


def test_only_affordability_is_monotone(mortgage):
    assert {f.name: f.monotone for f in contract(mortgage) if f.monotone} == {"instalment_to_income": -1}


def test_names_are_unique_and_groups_in_order_of_appearance(mortgage):
    features = contract(mortgage)
    assert len({f.name for f in features}) == len(features)
    assert groups(features)[:2] == ("behaviour", "lead_age")


def test_a_new_signal_changes_the_hash_and_a_label_does_not(mortgage):
    before = contract_hash(contract(mortgage))
    more = msgspec.structs.replace(mortgage, signals=(*mortgage.signals, Signal(name="chat", touchpoint="chat")))
    renamed = (msgspec.structs.replace(mortgage.signals[0], labels={"en": "x"}), *mortgage.signals[1:])
    assert contract_hash(contract(more)) != before
    assert contract_hash(contract(msgspec.structs.replace(mortgage, signals=renamed))) == before


def test_a_signal_that_would_hide_a_built_in_feature_is_refused(mortgage):
    clash = msgspec.structs.replace(mortgage, signals=(Signal(name="session", event="x"),))
    with pytest.raises(ConfigurationError, match="session_seconds_30d"):
        contract(clash)
