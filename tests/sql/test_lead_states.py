"""Lead states: one statement says what features, occurrences, outcomes, scores, stages and overrides say one by one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, strategies as st

from leadwerk.lead.submitted_form import FormAttribute, SubmittedForm
from leadwerk.pipeline.leads.features import (
    features_statement,
    lead_states_parameters,
    lead_states_statement,
    occurrence_parameters,
    occurrences_statement,
    scoring_parameters,
)
from leadwerk.pipeline.leads.read_lead_states import StoredLeadState
from leadwerk.pipeline.leads.signal_features import with_signal_columns
from leadwerk.pipeline.serving.form_rows import form_rows
from leadwerk.policy.model import Policy
from leadwerk.policy.points import Condition, Group, PointsModel, Rule
from leadwerk.policy.selling import Capacity, Seller
from leadwerk.warehouse.protocol import Statement
from sql.hostile import POLICY, Row, leads, optional, visitors
from sql.lead_rows import AS_OF, DAY, outcomes, tables
from sql.reference import analyse, assert_engines_agree, assert_equal_rows, on_duckdb
from support.examples import examples

FULL = msgspec.structs.replace(
    POLICY,
    points=PointsModel(
        groups=(Group(name="person", score="fit"),),
        rules=(Rule(name="swiss", group="person", points=5, when={"country": Condition(any_of=("CH",))}),),
        window_days=45,
    ),
    capacity=Capacity(sellers=(Seller(name="anna", hours_per_week=10),)),
)
LEADS, VISITORS = ["L1", "L2", "unknown"], ["v1", "nobody"]
hostile = examples(8, suppress_health_check=list(HealthCheck))
recent = st.sampled_from([AS_OF + step for step in (DAY, 0 * DAY, -timedelta(hours=1), -DAY, -130 * DAY)])


def score(score_id: str, lead_id: str, scored_at: Any, value: int | None) -> Row:
    return {
        "score_id": score_id, "lead_id": lead_id, "day": scored_at.date(), "scored_at": scored_at,
        "stored_at": scored_at, "score_origin": "request", "basis": "model", "policy_version": "p",
        "predictive_score": value, "score_cluster": "HOT", "recommended_action": "Call", "language": "de",
        "has_web_behaviour": False,
    }  # fmt: skip


def stage(lead_id: str, changed_at: Any, to_stage: str) -> Row:
    times = {"day": changed_at.date(), "changed_at": changed_at}
    return {"lead_id": lead_id, **times, "to_stage": to_stage, "direction": "forward", "reason": ""}


def override(event_id: str, lead_id: str, set_at: Any, cluster: str | None) -> Row:
    ends = None if cluster is None else AS_OF + DAY
    fields = {"cluster": cluster, "author": "Eva", "reason": "r", "ends_at": ends}
    return {"event_id": event_id, "lead_id": lead_id, "sequence": 0, "set_at": set_at, **fields}


def threshold(basis: str, seller_pool: str, decided_at: Any, hot: int) -> Row:
    counts = {"wanted": hot, "direction": 0, "calls_per_week": 1.0, "capacity_per_week": 1.0}
    place = {"day": decided_at.date(), "decided_at": decided_at, "basis": basis, "seller_pool": seller_pool}
    return {**place, "hot": hot, **counts, "reason": "kept", "policy_version": "p"}


def at_most(most: int, row: Any, *values: Any) -> Any:
    return st.lists(st.builds(row, *values), max_size=most)


around = st.fixed_dictionaries(
    {
        "scores": at_most(4, score, st.sampled_from("stuv"), leads, recent, optional(st.integers(0, 100))),
        "outcomes": st.lists(outcomes, max_size=4),
        "stage_changes": at_most(4, stage, leads, recent, st.sampled_from(["known", "sql"])),
        "overrides": at_most(4, override, st.sampled_from("wxyz"), leads, recent, optional(st.just("HOT"))),
        "thresholds": at_most(3, threshold, st.sampled_from(["points", "model"]), st.just(""), recent, st.just(60)),
    }
)
submitted_forms = st.builds(
    SubmittedForm,
    lead_id=leads,
    is_form=st.just(True),
    visitor_id=optional(visitors),
    created_at=optional(st.sampled_from([AS_OF, AS_OF - 3 * DAY])),
    web_consent=optional(st.booleans()),
    language=optional(st.sampled_from(["de", "fr"])),
    loan_amount=optional(st.just(7.5)),
    employees=optional(st.just(3)),
    account_id=optional(st.just("crm-1")),
    person_key=optional(st.just("anna")),
    account_domain=optional(st.just("acme.ch")),
    attributes=st.sampled_from([(), (FormAttribute(name="score", number=9.0),)]),
)


def select(policy: Policy = FULL, *, with_forms: bool = False) -> Statement[Row]:
    """The statement without its record, so that rows can be compared."""
    statement = lead_states_statement(policy, StoredLeadState, with_forms=with_forms)
    return Statement(statement.name, statement.text, statement.parameters)


def request(*requested: SubmittedForm) -> dict[str, Any]:
    since = (AS_OF - 120 * DAY).date()
    return {**lead_states_parameters(FULL, LEADS, VISITORS, AS_OF), "scored_since": since, "forms": requested}


def by_lead(rows: list[Row]) -> dict[str, Row]:
    return {row["lead_id"]: row for row in rows}


def newest(rows: list[Row], *order: str) -> dict[str, Row]:
    """The last row of each lead in an order."""
    return by_lead(sorted(rows, key=lambda row: [row[name] for name in order]))


@pytest.mark.slow
@pytest.mark.parametrize("with_forms", [False, True])
@pytest.mark.parametrize("policy", [FULL, POLICY], ids=["rules and sellers", "neither"])
def test_googles_analyser_accepts_it(policy: Policy, with_forms: bool) -> None:
    columns = analyse(select(policy, with_forms=with_forms))
    assert ("occurrences" in columns) == ("thresholds" in columns) == (policy is FULL)
    assert ("stored_version" in columns) == with_forms
    if with_forms and policy is FULL:
        assert columns.keys() == set(StoredLeadState.__struct_fields__)


@pytest.mark.slow
@hostile
@given(activity=tables(), stored=around)
def test_it_says_what_the_statements_of_its_parts_say(activity: dict[str, list[Row]], stored: dict[str, Any]) -> None:
    rows = {**activity, **stored}
    states = by_lead(assert_engines_agree(select(), request(), rows))
    scoring = scoring_parameters(FULL, LEADS, VISITORS, AS_OF)
    features = on_duckdb(features_statement(FULL), scoring, activity)
    assert_equal_rows([with_signal_columns(FULL, state["features"]) for state in states.values()], features)
    occurrences = on_duckdb(occurrences_statement(FULL), occurrence_parameters(FULL, scoring), activity)
    assert_equal_rows(
        [{"lead_id": lead, **item} for lead, state in states.items() for item in state["occurrences"]],
        [{name: value for name, value in row.items() if name != "as_of"} for row in occurrences],
    )


@pytest.mark.slow
@hostile
@given(stored=around)
def test_what_is_stored_of_a_lead_is_the_latest_by_then(stored: dict[str, Any]) -> None:
    states = by_lead(assert_engines_agree(select(), request(), stored))
    old = (AS_OF - 120 * DAY).date()
    scored = newest([row for row in stored["scores"] if old <= row["day"] and row["scored_at"] <= AS_OF], "scored_at")
    recorded = [row for row in stored["outcomes"] if max(row["recorded_at"], row["occurred_at"]) <= AS_OF]
    status = newest(recorded, "occurred_at", "recorded_at", "event_id")
    stages = newest([row for row in stored["stage_changes"] if row["changed_at"] <= AS_OF], "changed_at", "to_stage")
    latest_overrides = newest([row for row in stored["overrides"] if row["set_at"] <= AS_OF], "set_at", "event_id")
    for lead_id, state in states.items():
        latest = state["latest_score"]
        assert (latest and latest["scored_at"]) == (scored[lead_id]["scored_at"] if lead_id in scored else None)
        assert state["outcome"] == (status[lead_id]["outcome"] if lead_id in status else None)
        assert state["recorded_stage"] == (stages[lead_id]["to_stage"] if lead_id in stages else None)
        cluster = latest_overrides[lead_id]["cluster"] if lead_id in latest_overrides else None
        assert (state["override"] and state["override"]["cluster"]) == cluster
    decided = {row["basis"] for row in stored["thresholds"] if AS_OF - 60 * DAY <= row["decided_at"] <= AS_OF}
    assert {item["basis"] for state in states.values() for item in state["thresholds"]} == decided


def _as_far_as_the_form(state: dict[str, Any], submitted: SubmittedForm) -> Row:
    """What a form can change of a lead: what it tells of the company reaches colleagues only once it is stored."""
    of_company = {"employees", "revenue", "industry", "company_source", "company_confidence"}
    excluded = set() if state["lead_id"] == submitted.lead_id else of_company
    features = {name: value for name, value in state["features"].items() if name not in excluded}
    return {name: state[name] for name in ("lead_id", "created_at", "occurrences")} | {"features": features}


@pytest.mark.slow
@hostile
@given(activity=tables(), submitted=submitted_forms)
def test_a_submitted_form_gives_what_its_rows_give_once_they_are_stored(
    activity: dict[str, list[Row]], submitted: SubmittedForm
) -> None:
    for row in activity["leads"]:
        # Whoever reads a lead takes no creation after its recording: nothing would link to a lead of the future.
        row["created_at"] = min(row["created_at"], row["recorded_at"])
        row["attributes"] = [item for item in row["attributes"][:1] if item["name"]]
    as_submitted = by_lead(assert_engines_agree(select(with_forms=True), request(submitted), activity))
    form = form_rows(submitted, msgspec.convert(as_submitted[submitted.lead_id], StoredLeadState), FULL)
    versions = [msgspec.to_builtins(form.version, builtin_types=(type(AS_OF),))] if form.version else []
    links = [msgspec.to_builtins(link, builtin_types=(type(AS_OF),)) for link in form.links]
    stored = {
        **activity,
        "leads": activity["leads"] + versions,
        "identities": activity["identities"] + links,
    }
    later = by_lead(on_duckdb(select(), request(), stored))
    assert_equal_rows(
        [_as_far_as_the_form(state, submitted) for state in as_submitted.values()],
        [_as_far_as_the_form(state, submitted) for state in later.values()],
    )


def test_a_bare_link_of_an_unknown_lead_makes_no_lead() -> None:
    [state] = [
        row
        for row in on_duckdb(select(with_forms=True), request(SubmittedForm(lead_id="unknown", is_form=False)), {})
        if row["lead_id"] == "unknown"
    ]
    assert (state["created_at"], state["stored_version"], state["is_linked"]) == (None, None, False)
