"""The worked examples of points and of adaptive scoring, in their own numbers, on the shipped policy for companies."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from leadwerk import policy
from leadwerk.points.classification import LeadRating, rate_leads
from leadwerk.points.engine import compute_points
from leadwerk.points.entry import Entry
from leadwerk.points.stages import direction, stage_of
from leadwerk.policy.model import Policy
from leadwerk.scoring.decide import decide
from support.lead_history import Lead, facts_at, lead

B2B = policy.load("b2b_swiss")
SHIPPED = (Path(policy.__file__).parent / "defaults" / "b2b_swiss.yaml").read_text("utf-8")


def ledger(history: Lead, mine: Policy = B2B) -> tuple[Entry, ...]:
    totals = compute_points(mine, facts_at(mine, [history]))
    assert totals.ledger is not None
    return totals.ledger.entries(0)


def rating_of(history: Lead, policy: Policy = B2B) -> LeadRating:
    facts = facts_at(policy, [history])
    return rate_leads(policy, facts, compute_points(policy, facts))[0]


def points_of_rule(history: Lead, rule: str, mine: Policy = B2B) -> float:
    return sum(entry.points for entry in ledger(history, mine) if entry.rule == rule)


# D1: fit (CEO +20, intern −10; industry; size) and interest (pricing page +15, blog +2, webinar +10), two scores.


@pytest.mark.parametrize(
    "title",
    [
        "CEO",
        "Geschäftsführerin",
        "Directeur général",
        "Directrice générale",
        "Amministratore delegato",
        "Founder & CEO",
    ],
)
def test_d1_a_ceo_has_20_points_in_every_language(title: str) -> None:
    assert points_of_rule(lead(job_title=title), "ceo") == 20
    assert rating_of(lead(job_title=title)).fit == 20


@pytest.mark.parametrize("title", ["Intern", "Praktikantin Marketing", "Stagiaire", "Stagista", "Werkstudent IT"])
def test_d1_an_intern_loses_10_points_in_every_language(title: str) -> None:
    assert rating_of(lead(job_title=title)).fit == -10


@pytest.mark.parametrize(
    ("title", "rule"),
    [
        ("Assistant to the CEO", "assistant"),
        ("Assistenz der Geschäftsleitung", "assistant"),
        ("Direktionsassistentin", "assistant"),
        ("International Sales Director", "executive"),
        ("Verkaufsleiterin", "executive"),
        ("Responsabile IT", "manager"),
        ("Chef de projet", "manager"),
        ("Coordinator", None),
        ("Product Owner", None),
        ("Internal Auditor", None),
    ],
)
def test_d1_titles_that_only_look_like_one_another_are_told_apart(title: str, rule: str | None) -> None:
    roles = {rule.name for rule in B2B.points.rules if rule.group == "role"}
    assert [entry.rule for entry in ledger(lead(job_title=title)) if entry.rule in roles] == ([rule] if rule else [])


@pytest.mark.parametrize(("signal", "points"), [("pricing_page", 15), ("blog", 2), ("webinar", 10)])
def test_d1_pricing_page_blog_and_webinar_give_15_and_2_and_10_points(signal: str, points: int) -> None:
    assert rating_of(lead().did(signal)).interest == points


def test_d1_fit_and_interest_are_two_scores_whose_sum_are_the_points() -> None:
    rating = rating_of(lead(job_title="CEO").did("pricing_page").did("blog").did("webinar"))
    assert (rating.fit, rating.interest, rating.points) == (20, 15 + 2 + 10, 47)


def test_d1_industry_and_size_are_fit() -> None:
    rating = rating_of(lead(industry="Software", employees=51))
    assert (rating.icp, rating.interest) == (70, 0)
    assert rating.fit == 70 * 0.30


def test_h1_the_idle_ceo_is_cold_and_the_reading_intern_is_no_buyer() -> None:
    idle_ceo = lead(
        job_title="CEO", employees=200, industry="software", revenue=2e7, decision_authority="decides", it_budget=2e5
    )
    intern = lead(job_title="Praktikant")
    for signal in ("demo_page", "pricing_page", "case_study", "white_paper", "webinar", "demo_request", "chat"):
        intern = intern.did(signal, 2).did(signal, 1)
    ratings = [rating_of(idle_ceo), rating_of(intern)]
    assert [rating.matrix_cell[1] for rating in ratings] == ["4", "1"]
    assert min(rating.points for rating in ratings) > B2B.points.bands.hot
    assert [decide(None, B2B, rating).cluster for rating in ratings] == ["COLD", "WARM"]
    assert decide(None, B2B, rating_of(idle_ceo.did("demo_request"))).cluster == "HOT"


def test_d1_the_matrix_has_grades_a_to_d_and_levels_1_to_4() -> None:
    ideal = lead(job_title="CEO", employees=200, industry="software", revenue=2e7, decision_authority="decides")
    keen = ideal.did("pricing_page", 2).did("pricing_page", 1).did("webinar")
    assert rating_of(keen).matrix_cell == "A1"
    assert rating_of(ideal).matrix_cell == "A4"
    assert (
        rating_of(lead(job_title="Intern").did("pricing_page", 2).did("pricing_page", 1).did("webinar")).matrix_cell
        == "D1"
    )
    assert rating_of(lead()).matrix_cell == "D4"
    assert rating_of(lead(job_title="CEO", employees=60).did("pricing_page").did("webinar")).matrix_cell == "B2"
    assert rating_of(lead(job_title="CEO").did("webinar")).matrix_cell == "C3"


# D2: the threshold (50) separates nurturing (MQL) from sales (SQL); recalibrated to 60 or 40.


@pytest.mark.parametrize(("hot", "stage"), [(50, "sql"), (60, "mql"), (40, "sql")])
def test_d2_the_threshold_of_50_separates_mql_from_sql_and_moves_to_60_or_40(hot: int, stage: str) -> None:
    rating = rating_of(lead(job_title="CEO").did("pricing_page", 2).did("pricing_page", 1))
    assert rating.points == 50
    assert B2B.points.bands.threshold_limits == (40, 60) and B2B.points.bands.hot == 50
    cluster = "HOT" if rating.points >= hot else "WARM" if rating.points >= B2B.points.bands.warm else "COLD"
    assert stage_of(B2B, is_known=True, cluster=cluster, rating=rating, status=None, outcome=None) == stage


# D3: careers page −50, country not served −100 = disqualified, freemail address in B2B −10.


def test_d3_the_careers_page_costs_50_points_once() -> None:
    assert rating_of(lead().did("careers", 3).did("careers", 1)).interest == -50


def test_d3_a_country_not_served_costs_100_points_and_disqualifies() -> None:
    abroad, home = rating_of(lead(country="US")), rating_of(lead(country="CH"))
    assert (abroad.points, abroad.disqualified) == (-100, True)
    assert (home.points, home.disqualified) == (0, False)


def test_d3_no_points_of_any_kind_bring_a_disqualified_lead_back() -> None:
    eager = lead(country="US", job_title="CEO", employees=900).did("demo_request").did("pricing_page").did("webinar")
    assert rating_of(eager).disqualified


def test_d3_an_unknown_country_disqualifies_nobody() -> None:
    assert not rating_of(lead(country=None)).disqualified


def test_d3_a_freemail_address_costs_10_points() -> None:
    assert rating_of(lead(email_domain_kind="freemail")).fit == -10
    assert rating_of(lead(email_domain_kind="business")).fit == 0


# D4: 30 days without activity lose 20 % of the points; or a half-life per event.


@pytest.mark.parametrize(("days", "left"), [(29, 15), (30, 12), (59, 12), (60, 9.6), (89, 9.6)])
def test_d4_every_30_days_without_activity_lose_20_percent(days: int, left: float) -> None:
    assert rating_of(lead().did("pricing_page", days + 0.1)).interest == left


def test_d4_any_activity_ends_idleness_and_gives_all_points_back() -> None:
    assert rating_of(lead().did("pricing_page", 40).did(None, 1)).interest == 15


@pytest.mark.parametrize(("days", "left"), [(0, 10), (30, 7.07), (60, 5), (89, 3.58)])
def test_d4_an_event_is_worth_half_after_its_half_life(days: int, left: float) -> None:
    assert rating_of(lead().did("webinar", days + 0.1)).interest == left


def test_d4_each_event_has_an_age_of_its_own() -> None:
    rows = ledger(lead().did("webinar", 60.1).did("webinar", 0.1))
    assert [(row.base, row.factor, row.points) for row in rows] == [(10, 0.5, 5.0), (10, 1.0, 10.0)]


# D5: predictive patterns such as "leads that come on Tuesday morning buy more often".


def uncommented() -> Policy:
    """The shipped policy with its example of a pattern switched on."""
    start = SHIPPED.index("    # - name: tuesday_morning")
    end = SHIPPED.index("\n\n", start)
    lines = SHIPPED[start:end].replace("    # ", "    ")
    return policy.parse(SHIPPED[:start] + lines + SHIPPED[end:])


@pytest.mark.parametrize(
    ("weekday", "hour", "points"), [(2, 7, 5), (2, 11, 5), (2, 12, 0), (2, 6, 0), (3, 9, 0), (None, None, 0)]
)
def test_d5_tuesday_morning_is_a_rule_like_any_other(weekday: int | None, hour: int | None, points: int) -> None:
    history = lead(created_weekday=weekday, created_hour=hour)
    assert rating_of(history, uncommented()).points == points


# D6: caps per rule, group and total; repeat rules; replacing instead of adding.


def pricing(days: int, history: Lead | None = None) -> Lead:
    history = history or lead()
    for day in range(days):
        history = history.did("pricing_page", day + 0.1)
    return history


def caps(history: Lead, mine: Policy = B2B) -> list[tuple[str, int, float]]:
    return [(row.subject, row.base, row.points) for row in ledger(history, mine) if row.kind == "cap"]


def test_d6_a_rule_is_capped() -> None:
    assert caps(pricing(3)) == []
    assert caps(pricing(5)) == [("pricing_page", 45, -30.0)]
    assert rating_of(pricing(5)).interest == 45


def test_d6_a_group_is_capped() -> None:
    history = pricing(3).did("demo_page", 1)
    assert caps(history) == []
    assert caps(history.did("demo_page", 2)) == [("website", 60, -25.0)]
    assert rating_of(history.did("demo_page", 2)).interest == 60 + points_of_rule(history, "reached_decision")


def test_d6_the_total_is_capped() -> None:
    history = pricing(5).did("demo_page", 1).did("demo_page", 2).did("demo_request").did("webinar", 0.1, times=2)
    assert rating_of(history).interest == 100
    assert ("interest", 100, -25.0) in caps(history)


def test_d6_of_repeats_each_event_each_day_only_the_first_or_only_the_newest_counts() -> None:
    assert rating_of(lead().did("webinar", 0.1, times=2)).interest == 20  # every event
    assert rating_of(lead().did("pricing_page", 0.1, times=2)).interest == 15  # every day
    assert rating_of(lead().did("careers", 5).did("careers", 1)).interest == -50  # once
    newest = [row.subject for row in ledger(lead().did("demo_request", 5).did("demo_request", 1)) if row.rule != ""]
    assert newest == ["2026-03-09", "2026-03-05"]  # the request counts from its newest day, the phase from its first


def test_d6_a_new_job_title_replaces_the_points_of_the_old_one() -> None:
    before, after = rating_of(lead(job_title="Praktikant")), rating_of(lead(job_title="CEO"))
    assert (before.fit, after.fit) == (-10, 20)
    assert rating_of(lead(job_title="Intern, Assistant of the CEO")).fit == -10  # one counts, not the sum of three


# B4 and D6: a second visit to the demo page counts more than one to a general page.


def test_b4_the_second_visit_to_the_demo_page_counts_more() -> None:
    assert points_of_rule(lead().did("demo_page", 1), "demo_page") == 15
    assert points_of_rule(lead().did("demo_page", 2).did("demo_page", 1), "demo_page") == 15 + 25
    assert points_of_rule(lead().did("product_page", 2).did("product_page", 1), "product_page") == 3 + 2


def test_b4_dwell_time_and_frequency_of_visits_count() -> None:
    assert rating_of(lead(pricing_page_seconds_90d=120)).interest == 5
    assert rating_of(lead(pricing_page_seconds_90d=119, active_days_30d=3)).interest == 5
    assert rating_of(lead(pricing_page_seconds_90d=None, active_days_30d=2)).interest == 0


@pytest.mark.parametrize(
    ("signal", "points"), [("newsletter_click", 3), ("social_interaction", 2), ("chat", 8), ("trade_fair", 8)]
)
def test_b4_e_mails_social_media_chat_and_fairs_count(signal: str, points: int) -> None:
    assert rating_of(lead().did(signal)).interest == points


# E1: more than 50 employees 50 points, industries more; traffic light red < 50, yellow 50–80, green 80–100.


@pytest.mark.parametrize(
    ("employees", "match", "light"), [(50, 20, "red"), (51, 50, "yellow"), (9, 0, "red"), (None, 0, None)]
)
def test_e1_more_than_50_employees_match_by_50(employees: int | None, match: int, light: str | None) -> None:
    rating = rating_of(lead(employees=employees))
    assert (rating.icp, rating.traffic_light) == (match, light)


def test_e1_industries_add_and_the_light_turns_green_at_80() -> None:
    firm = {"employees": 51, "industry": "Pharma"}
    assert (rating_of(lead(**firm)).icp, rating_of(lead(**firm)).traffic_light) == (70, "yellow")
    green = rating_of(lead(**firm, revenue=10_000_000))
    assert (green.icp, green.traffic_light) == (80, "green")
    whole = lead(**firm, revenue=1e9, it_budget=1e6, digital_maturity=5, region="CH-ZH")
    assert (rating_of(whole).icp, rating_of(whole).traffic_light) == (100, "green")


def test_e1_the_match_is_whole_though_30_percent_of_it_are_fit() -> None:
    rows = ledger(lead(employees=51))
    assert [(row.rule, row.kind, row.points) for row in rows] == [
        ("more_than_50_employees", "attribute", 50.0),
        ("", "weight", -35.0),
    ]
    assert rating_of(lead(employees=51)).fit == 15


# E2: tier SMB / Mid-Market / Enterprise; with equal match an enterprise ranks above an SMB.


@pytest.mark.parametrize(
    ("employees", "revenue", "tier"),
    [
        (250, None, "Enterprise"),
        (10, 50_000_000, "Enterprise"),
        (249, 1, "Mid-Market"),
        (None, 10_000_000, "Mid-Market"),
        (49, 9_999_999, "SMB"),
        (1, None, "SMB"),
        (None, None, None),
    ],
)
def test_e2_tiers_by_employees_or_revenue(employees: int | None, revenue: float | None, tier: str | None) -> None:
    assert rating_of(lead(employees=employees, revenue=revenue)).tier == tier


# E3: every call to action and form belongs to a phase of the journey (awareness … decision).


def test_e3_every_signal_that_is_a_buyers_belongs_to_a_phase() -> None:
    assert {signal.name for signal in B2B.signals if signal.phase is None} == {"careers"}


def test_e3_a_lead_is_in_the_last_phase_that_it_reached() -> None:
    history = lead().did("blog", 9)
    assert rating_of(lead()).phase is None
    assert rating_of(history).phase == "awareness"
    assert rating_of(history.did("white_paper", 8)).phase == "interest"
    assert rating_of(history.did("webinar", 8).did("blog", 1)).phase == "consideration"
    assert rating_of(history.did("demo_request", 8).did("blog", 1)).phase == "decision"


def test_e3_a_phase_is_worth_points_whatever_leads_into_it() -> None:
    for signal in ("demo_page", "demo_request", "sales_call"):
        assert points_of_rule(lead().did(signal), "reached_decision") == 5
    assert points_of_rule(lead().did("demo_page").did("sales_call"), "reached_decision") == 5
    assert points_of_rule(lead().did("pricing_page"), "reached_decision") == 0


# C1: stages from anonymous visitor to customer; a contact moves forward and back.


def test_c1_a_contact_moves_forward_and_back() -> None:
    def stage(cluster: str, status: str | None = None, outcome: str | None = None, is_known: bool = True) -> str:
        return stage_of(B2B, is_known=is_known, cluster=cluster, rating=None, status=status, outcome=outcome)

    way = [
        stage("COLD", is_known=False),
        stage("COLD"),
        stage("CLOSED", "closedlost", "lost"),
        stage("WARM"),
        stage("HOT"),
        stage("HOT", "contractsent", "open"),
        stage("COLD", "closedwon", "won"),
    ]
    assert (
        way
        == ["anonymous", "known", "lost", "mql", "sql", "opportunity", "customer"]
        == [stage.name for stage in B2B.stages]
    )
    assert all(direction(B2B, *pair) == "forward" for pair in pairwise(way))
    assert stage("WARM", "closedlost", "lost") == "mql"
    assert direction(B2B, "opportunity", "mql") == "back"
