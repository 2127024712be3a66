"""Every kind of mistake in points, stages, tiers and sellers: refused with its line, its field, and what to do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, strategies as st

from leadwerk import policy
from leadwerk.catalogue.features import FEATURES
from leadwerk.errors import PolicyError
from leadwerk.features.contract import contract
from leadwerk.lead import region
from leadwerk.policy.facts import facts
from leadwerk.policy.regions import REGIONS
from leadwerk.policy.validation.point_range import PointRange
from support.policy_errors import assert_in_every_language

RIGHT = """\
name: mine
time_zone: Europe/Zurich
languages: [de]
horizon_days: 30
positive: [won]
signals:
  - {name: pricing, page: ^/pricing, phase: decision, labels: {de: Preise}}
  - {name: call, touchpoint: call}
outcomes:
  - {status: Open, outcome: open}
  - {status: Won, outcome: won}
  - {status: Lost, outcome: lost}
attributes:
  - {name: floors, kind: number}
  - {name: colour, kind: category}
actions:
  - {cluster: HOT, action: Call}
  - {cluster: WARM, action: Mail}
  - {cluster: COLD, action: Wait}
  - {cluster: DISQUALIFIED, action: Stop}
  - {cluster: UNSCORED, action: Look}
bands: {hot: 70, warm: 50, threshold_limits: [60, 80]}
points:
  window_days: 90
  fit_cap: 100
  interest_cap: 100
  bands: {hot: 50, warm: 20, threshold_limits: [40, 60]}
  grades: {a: 40, b: 30, c: 20}
  levels: {one: 40, two: 30, three: 20}
  traffic_light: {yellow: 50, green: 80}
  groups:
    - {name: firm, score: fit, level: account, weight: 50, cap: 90, labels: {de: Firma}}
    - {name: role, score: fit, first_match_only: true, decay: {idle_period_days: 30, loss_percent: 20},
       labels: {de: Rolle}}
    - {name: web, score: interest, cap: 60, decay: {half_life_days: 30}, labels: {de: Web}}
  rules:
    - {name: big, group: firm, points: 50, when: {employees: {above: 50}}, labels: {de: gross}}
    - {name: boss, group: role, points: 20, when: {job_title: {matches: '(?i)ceo'}}, labels: {de: Chef}}
    - name: foreign
      group: role
      points: -100
      disqualifies: true
      when: {country: {none_of: [CH, DE]}}
      labels: {de: fremd}
    - {name: prices, group: web, points: 15, repeat_points: 20, signal: pricing, cap: 40}
    - {name: ready, group: web, points: 5, phase: decision, repeat: once}
tiers:
  - {name: Large, employees: 250, revenue: 50000000}
  - {name: Middle, employees: 50, revenue: 10000000}
  - {name: Small}
stages:
  - {name: anonymous, labels: {de: anonym}}
  - {name: known, known: true, labels: {de: bekannt}}
  - {name: warm, known: true, cluster: WARM, labels: {de: warm}}
  - {name: sql, known: true, points: 50, interest: 10, grade: B, labels: {de: SQL}}
  - {name: talks, known: true, statuses: [Open], labels: {de: im Gespräch}}
  - {name: customer, known: true, outcomes: [won], labels: {de: Kunde}}
capacity:
  sellers:
    - {name: anna, hours_per_week: 20, languages: [de], regions: [CH-ZH, AT]}
decision: {rank_by: model}
"""

BIG = "{name: big, group: firm, points: 50, when: {employees: {above: 50}}, labels: {de: gross}}"
BOSS = "when: {job_title: {matches: '(?i)ceo'}}"
PRICES = "points: 15, repeat_points: 20, signal: pricing, cap: 40"
READY = "points: 5, phase: decision, repeat: once"
WON = "  - {status: Won, outcome: won}\n"
EMPLOYEES = "{employees: {above: 50}}"
NEVER = "the rule never fires"

# what is replaced, by what, the field that is named, what the message says, what the remedy says
SHAPE = [
    ("{above: 50}", "{abov: 50}", "points.rules[0].when.employees.abov", "unknown", "Did you mean `above`?"),
    ("{above: 50}", "50", "points.rules[0].when.employees", "a section is expected, not 50", "any_of, none_of"),
    ("{above: 50}", "{above: many}", "points.rules[0].when.employees.above", "a number", "Correct"),
    ("{above: 50}", "{any_of: 50}", "points.rules[0].when.employees.any_of", "a list", "Write [one, two]"),
    ("{above: 50}", "{any_of: [yes]}", "points.rules[0].when.employees.any_of[0]", "value true", "Put quotes"),
    (EMPLOYEES, "[employees]", "points.rules[0].when", "a section is expected, not a list", "Correct"),
    (EMPLOYEES, "{Employees: {above: 50}}", "points.rules[0].when.Employees", "lower-case", "Write employees"),
    ("{half_life_days: 30}", "30", "points.groups[2].decay", "a section is expected, not 30", "half_life_days"),
    ("{half_life_days: 30}", "{half_life: 30}", "points.groups[2].decay.half_life", "unknown", "`half_life_days`?"),
    (
        "threshold_limits: [40, 60]",
        "threshold_limits: [40]",
        "points.bands.threshold_limits",
        "2 values are expected, not 1",
        "as many",
    ),
    (
        "threshold_limits: [40, 60]",
        "threshold_limits: [40, sixty]",
        "points.bands.threshold_limits[1]",
        "whole number",
        "Correct",
    ),
    (
        "threshold_limits: [40, 60]",
        "threshold_limits: 40",
        "points.bands.threshold_limits",
        "a list",
        "Write [one, two]",
    ),
    ("weight: 50", "weight: 0", "points.groups[0].weight", "from 1 to 100", "Correct"),
    ("phase: decision, labels", "phase: decison, labels", "signals[0].phase", "one of aware", "`decision`?"),
    ("repeat: once", "repeat: twice", "points.rules[4].repeat", "one of every_event", "Choose"),
    ("rank_by: model", "rank_by: modle", "decision.rank_by", "one of model", "Did you mean `model`?"),
]

GROUPS = [
    ("name: role, score", "name: firm, score", "points.groups[1].name", "used twice", "Rename"),
    ("labels: {de: Firma}", "labels: {fr: entreprise}", "points.groups[0].labels", "no label in de", "Add it"),
    ("score: interest, cap", "score: interest, level: account, cap", "points.groups[2].level", "made of fit", "fit"),
    ("{half_life_days: 30}", "{}", "points.groups[2].decay", "neither", "half_life_days: 30"),
    ("{half_life_days: 30}", "{half_life_days: 9, loss_percent: 5}", "points.groups[2].decay", "two kinds", "Keep"),
    (
        "idle_period_days: 30, loss_percent: 20",
        "idle_period_days: 30",
        "points.groups[1].decay",
        "`loss_percent` is missing",
        "20 %",
    ),
    (
        "idle_period_days: 30, loss_percent: 20",
        "loss_percent: 20",
        "points.groups[1].decay",
        "`idle_period_days` is missing",
        "20 %",
    ),
    ("loss_percent: 20", "loss_percent: 0", "points.groups[1].decay.loss_percent", "nothing is lost", "per cent"),
    (
        "{idle_period_days: 30, loss_percent: 20}",
        "{half_life_days: 30}",
        "points.groups[1].decay.half_life_days",
        "nothing in it has an age",
        "idle_period_days",
    ),
]

RULES = [
    ("name: boss", "name: big", "points.rules[1].name", "used twice", "Rename"),
    ("group: firm", "group: frim", "points.rules[0].group", "no group `frim`", "Did you mean `firm`?"),
    ("signal: pricing", "signal: prising", "points.rules[3].signal", "no signal `prising`", "Did you mean `pricing`?"),
    (
        "phase: decision, repeat",
        "phase: interest, repeat",
        "points.rules[4].phase",
        "no signal belongs",
        "phase: interest",
    ),
    (READY, f"{READY}, signal: pricing", "points.rules[4].phase", "at once", "two rules"),
    (EMPLOYEES, "{employes: {above: 50}}", "points.rules[0].when.employes", "no fact", "Did you mean `employees`?"),
    (EMPLOYEES, "{zzz: {above: 50}}", "points.rules[0].when.zzz", "no fact `zzz`", "job_title or an attribute"),
    (f"when: {EMPLOYEES}, ", "", "points.rules[0]", "no condition", "when"),
    (BIG, BIG.replace("when", "repeat_points: 5, when"), "points.rules[0].repeat_points", "no signal", "Remove"),
    (BIG, BIG.replace("when", "repeat: once, when"), "points.rules[0].repeat", "no signal", "Remove"),
    (READY, f"{READY}, repeat_points: 3", "points.rules[4].repeat_points", "never given", "every_day"),
    (PRICES, PRICES.replace("40", "12"), "points.rules[3].cap", "cap of 12 is below", "Raise the cap"),
    (PRICES, PRICES.replace("40", "18"), "points.rules[3].cap", "gives (20)", "Raise the cap"),
    (PRICES, "points: 70, signal: pricing", "points.rules[3].points", "`web` is capped at 60", "Raise the group's cap"),
    ("points: 20, when", "points: 101, when", "points.rules[1].points", "fit_cap is 100", "Raise points.fit_cap"),
    ("labels: {de: gross}", "labels: {}", "points.rules[0].labels", "no label in de", "Add it"),
    ("signal: pricing, cap", "signal: call, cap", "points.rules[3].labels", "no label in de", "Add it"),
    ("labels: {de: Chef}", "labels: {en: boss}", "points.rules[1].labels", "no label in de", "Add it"),
]

CONDITIONS = [
    ("{above: 50}", "{above: 50, below: 50}", "points.rules[0].when.employees", NEVER, "Correct"),
    ("{above: 50}", "{at_least: 50, below: 50}", "points.rules[0].when.employees", NEVER, "Correct"),
    ("{above: 50}", "{at_least: 51, at_most: 50}", "points.rules[0].when.employees", "at least 51 and at most 50", ""),
    ("{above: 50}", "{any_of: [5], none_of: [5, 6]}", "points.rules[0].when.employees", "forbids all", "Correct"),
    ("{above: 50}", "{any_of: [5], above: 9}", "points.rules[0].when.employees", "nothing in any_of is above 9", ""),
    ("{above: 50}", "{above: .nan}", "points.rules[0].when.employees.above", "no bound", "Give a number"),
    ("{above: 50}", "{matches: big}", "points.rules[0].when.employees.matches", "is a number", "at_least"),
    ("{above: 50}", "{any_of: [many]}", "points.rules[0].when.employees", "compared with a word", "Remove the quotes"),
    ("matches: '(?i)ceo'", "above: 5", "points.rules[1].when.job_title.above", "is a word", "matches"),
    ("matches: '(?i)ceo'", "matches: '(?!x)ceo'", "points.rules[1].when.job_title.matches", "RE2", "Write it without"),
    ("matches: '(?i)ceo'", "matches: '(a+)+$'", "points.rules[1].when.job_title.matches", "for ever", "single signs"),
    (
        "matches: '(?i)ceo'",
        "matches: '(.*ceo){9}'",
        "points.rules[1].when.job_title.matches",
        "for ever",
        "single signs",
    ),
    ("matches: '(?i)ceo'", "matches: '('", "points.rules[1].when.job_title.matches", "is wrong", "Escape"),
    ("matches: '(?i)ceo'", "matches: ^ceo, any_of: [CFO]", "points.rules[1].when.job_title", "matches the pattern", ""),
    ("[CH, DE]", "[Switzerland]", "points.rules[2].when.country.none_of[0]", "never 'Switzerland'", "two letters"),
    (
        "{country: {none_of: [CH, DE]}}",
        "{region: {any_of: [ZH]}}",
        "points.rules[2].when.region.any_of[0]",
        "never",
        "`CH-ZH`?",
    ),
    (
        "{country: {none_of: [CH, DE]}}",
        "{region: {any_of: [CH-XX]}}",
        "points.rules[2].when.region.any_of[0]",
        "never",
        "",
    ),
    (
        "{country: {none_of: [CH, DE]}}",
        "{country: {any_of: [US], none_of: [us]}}",
        "points.rules[2].when.country",
        "the disqualification never fires",
        "remove the rule",
    ),
    (EMPLOYEES, "{created_weekday: {any_of: [0]}}", "points.rules[0].when.created_weekday", "never 0", "7 (Sunday)"),
    (EMPLOYEES, "{created_hour: {above: 23}}", "points.rules[0].when.created_hour", "never above 23", "0 to 23"),
    (EMPLOYEES, "{loan_to_value: {above: 80}}", "points.rules[0].when.loan_to_value", NEVER, "0.8, not as 80"),
    (
        EMPLOYEES,
        "{email_domain_kind: {any_of: [gmail]}}",
        "points.rules[0].when.email_domain_kind.any_of[0]",
        "never",
        "",
    ),
    (
        EMPLOYEES,
        "{email_domain_kind: {any_of: [freemial]}}",
        "points.rules[0].when.email_domain_kind.any_of[0]",
        "never",
        "Did you mean `freemail`?",
    ),
    (BOSS, "when: {floors: {above: 3}, employees: {below: 0}, job_title: {}}", None, "", ""),
]

BANDS = [
    ("hot: 50, warm: 20", "hot: 20, warm: 20", "points.bands.hot", "WARM at 20", "above warm"),
    (
        "threshold_limits: [40, 60]",
        "threshold_limits: [60, 40]",
        "points.bands.threshold_limits",
        "wrong way round",
        "[40, 60]",
    ),
    ("hot: 50, warm: 20", "hot: 65, warm: 20", "points.bands.hot", "outside its limits 40 to 60", "[40, 65]"),
    (
        "threshold_limits: [40, 60]",
        "threshold_limits: [20, 60]",
        "points.bands.threshold_limits",
        "may fall to 20",
        "above warm",
    ),
    ("hot: 70, warm: 50", "hot: 90, warm: 50", "bands.hot", "outside its limits 60 to 80", "[60, 90]"),
    ("a: 40, b: 30", "a: 30, b: 30", "points.grades.a", "but `b` at 30", "Let a be above b"),
    ("two: 30, three: 20", "two: 10, three: 20", "points.levels.two", "but `three` at 20", "above three"),
    ("yellow: 50, green: 80", "yellow: 80, green: 80", "points.traffic_light.green", "but `yellow`", "above yellow"),
    ("grades: {a: 40", "grades: {a: 46", "points.grades.a", "no lead reaches 46 points here", "Lower it"),
    ("levels: {one: 40", "levels: {one: 46", "points.levels.one", "give 45 at most", "Lower it"),
    (
        "hot: 50, warm: 20, threshold_limits: [40, 60]",
        "hot: 95, warm: 20, threshold_limits: [40, 99]",
        "points.bands.hot",
        "no lead reaches",
        "",
    ),
]

SELLING = [
    ("name: Middle", "name: Large", "tiers[1].name", "used twice", "Rename"),
    ("name: Small", 'name: ""', "tiers[2].name", "empty", "Enterprise"),
    ("employees: 250, revenue: 50000000", "employees: 50, revenue: 1000000", "tiers[1]", "never reached", "largest"),
    ("{name: Large, employees: 250, revenue: 50000000}", "{name: All}", "tiers[1]", "`All` takes all", "largest"),
    (
        "languages: [de], regions",
        "languages: [fr], regions",
        "capacity.sellers[0].languages[0]",
        "serves no lead",
        "Add it",
    ),
    ("languages: [de], regions", "languages: [de, de], regions", "capacity.sellers[0].languages[1]", "twice", "Remove"),
    ("[CH-ZH, AT]", "[ZH]", "capacity.sellers[0].regions[0]", "unknown", "Did you mean `CH-ZH`?"),
    ("[CH-ZH, AT]", "[CH-ZH, Zürich]", "capacity.sellers[0].regions[1]", "unknown", "such as CH-ZH"),
    ("[CH-ZH, AT]", "[AT, AT]", "capacity.sellers[0].regions[1]", "twice", "Remove"),
    ("{name: anna", "{name: anna, hours_per_week: 1}\n    - {name: anna", "capacity.sellers[1].name", "used twice", ""),
]

STAGES = [
    ("name: known, known", "name: anonymous, known", "stages[1].name", "used twice", "Rename"),
    ("labels: {de: anonym}", "labels: {}", "stages[0].labels", "no label in de", "Add it"),
    ("{name: anonymous, labels", "{name: anonymous, known: true, labels", "stages[0].known", "in none", "before it"),
    ("points: 50, interest: 10", "points: 200, interest: 10", "stages[3].points", "no way in", "Ask for fewer"),
    ("points: 50, interest: 10", "points: 50, interest: 80", "stages[3].interest", "no way in", "Ask for fewer"),
    (
        "statuses: [Open]",
        "statuses: [Opne]",
        "stages[4].statuses[0]",
        "knows the status 'Opne'",
        "Did you mean `Open`?",
    ),
    ("statuses: [Open]", "statuses: [Zzz]", "stages[4].statuses[0]", "knows the status", "Map it under outcomes"),
    (
        "outcomes: [won]",
        "outcomes: [paid_out]",
        "stages[5].outcomes[0]",
        "yields `paid_out`, so the stage has no way in",
        "",
    ),
    ("outcomes: [won]", "outcomes: [won, paid_out]", "stages[5].outcomes[1]", "yields `paid_out`.", "map a status"),
    ("statuses: [Open]", "statuses: [Open], outcomes: [lost]", "stages[4].outcomes", "mean open, never lost", "Remove"),
    ("known: true, statuses: [Open]", "known: true", "stages[1]", "no lead stays in `known`", "asks for more"),
    ("grade: B, labels", "cluster: WARM, labels", None, "", ""),
]


MISTAKES = [
    case
    for section in (SHAPE, GROUPS, RULES, CONDITIONS, BANDS, SELLING, STAGES)
    for case in section
    if case[2] is not None
]
RIGHT_TOO = [case[:2] for section in (CONDITIONS, STAGES) for case in section if case[2] is None]


def errors_and_lines(tmp_path: Path, old: str, new: str) -> tuple[list[PolicyError], list[str]]:
    assert old in RIGHT
    mine = tmp_path / "mine.yaml"
    mine.write_text(RIGHT.replace(old, new, 1), "utf-8")
    return policy.errors(mine), mine.read_text("utf-8").splitlines()


def test_the_right_policy_is_right() -> None:
    assert policy.parse(RIGHT).points.rules[0].name == "big"


@pytest.mark.parametrize(("old", "new"), RIGHT_TOO)
def test_what_looks_odd_but_can_be_meant_is_taken(tmp_path: Path, old: str, new: str) -> None:
    assert errors_and_lines(tmp_path, old, new)[0] == []


@pytest.mark.parametrize(("old", "new", "field", "message", "remedy"), MISTAKES)
def test_a_mistake_is_named_by_field_with_remedy(
    tmp_path: Path, old: str, new: str, field: str, message: str, remedy: str
) -> None:
    errors, _ = errors_and_lines(tmp_path, old, new)
    assert field in [error.field for error in errors]
    error = next(error for error in errors if error.field == field)
    assert message in error.message
    assert remedy in error.remedy and error.remedy
    assert_in_every_language(error)


@pytest.mark.parametrize(("old", "new", "field"), [case[:3] for case in MISTAKES if case[1]])
def test_the_line_is_where_the_mistake_was_made(tmp_path: Path, old: str, new: str, field: str) -> None:
    errors, lines = errors_and_lines(tmp_path, old, new)
    error_lines = {lines[error.line - 1] for error in errors if error.field == field}
    section = field.partition("[")[0].partition(".")[0]
    assert any(new.splitlines()[-1].strip() in line or line.startswith((f"{section}:", "  - ")) for line in error_lines)


def test_a_mistake_is_found_once(tmp_path: Path) -> None:
    errors, _ = errors_and_lines(tmp_path, EMPLOYEES, "{employees: {above: 50, below: 50}}")
    assert [error.field for error in errors] == ["points.rules[0].when.employees"]


def test_a_disqualification_behind_a_rule_that_takes_all_its_leads_never_fires(tmp_path: Path) -> None:
    errors, _ = errors_and_lines(tmp_path, BOSS, "when: {country: {none_of: [CH]}}")
    assert [error.field for error in errors] == ["points.rules[2]"]
    assert "the disqualification `foreign` never fires: `boss` stands before it" in errors[0].message
    assert "particular before the general" in errors[0].remedy


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("{employees: {above: 10}}", "{employees: {above: 50}}"),
        ("{employees: {at_least: 10}}", "{employees: {at_least: 10, at_most: 20}}"),
        ("{job_title: {}}", "{job_title: {matches: ceo}}"),
        ("{country: {any_of: [CH, DE]}}", "{country: {any_of: [de]}, employees: {above: 3}}"),
        ("{country: {none_of: [FR]}}", "{country: {any_of: [DE]}}"),
        ("{country: {none_of: [FR]}}", "{country: {none_of: [IT, FR]}}"),
    ],
)
def test_in_a_group_that_replaces_the_general_must_not_come_first(tmp_path: Path, first: str, second: str) -> None:
    both = "".join(
        f"    - {{{{name: {name}, group: role, points: 5, when: {{}}, labels: {{{{de: a}}}}}}}}\n"
        for name in ("r1", "r2")
    )
    start = "    - {name: prices"
    errors, _ = errors_and_lines(tmp_path, start, both.format(first, second) + start)
    assert [error.field for error in errors] == ["points.rules[4]"]
    errors, _ = errors_and_lines(tmp_path, start, both.format(second, first) + start)
    assert errors == []


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ("points: 30", "points: 30"),
        ("points: 40", "points: 30"),
        ("cluster: HOT", "cluster: WARM"),
        ("grade: A", "grade: B"),
        ("interest: 9", "interest: 3"),
        ("statuses: [Open]", "statuses: [open, Won]"),
        ("outcomes: [won]", "outcomes: [won, lost]"),
    ],
)
def test_a_stage_that_a_later_one_always_overtakes_has_nobody_in_it(tmp_path: Path, earlier: str, later: str) -> None:
    stages = RIGHT[RIGHT.index("stages:\n") : RIGHT.index("capacity:\n")]
    mine = "stages:\n  - {name: anonymous, labels: {de: x}}\n" + "".join(
        f"  - {{name: {name}, {'' if 'known' in conditions else 'known: true, '}{conditions}, labels: {{de: x}}}}\n"
        for name, conditions in (("first", earlier), ("second", later))
    )
    assert "stages[1]" in [error.field for error in errors_and_lines(tmp_path, stages, mine)[0]]
    swapped = mine.replace(earlier, "?").replace(later, earlier).replace("?", later)
    if earlier != later:
        assert errors_and_lines(tmp_path, stages, swapped)[0] == []


def test_attributes_must_not_take_the_name_of_a_fact(tmp_path: Path) -> None:
    assert [error.field for error in errors_and_lines(tmp_path, "name: floors", "name: job_title")[0]] == [
        "attributes[0].name"
    ]


def test_signals_must_outlive_the_window_in_which_they_count(tmp_path: Path) -> None:
    errors, _ = errors_and_lines(tmp_path, "window_days: 90", "window_days: 400")
    assert [error.field for error in errors] == ["retention.activity"]


def test_facts_of_rules_are_the_columns_of_the_contract() -> None:
    for name in policy.SHIPPED:
        mine = policy.load(name)
        learned = {feature.name: feature.kind for feature in contract(mine)}
        unlearned = {feature.name: feature.kind for feature in FEATURES if not feature.is_learned}
        assert {fact.column: fact.kind for fact in facts(mine).values()} == learned | unlearned


def test_regions_are_those_of_leads() -> None:
    swiss = {f"CH-{canton}" for canton in region._cantons().values()} - {"CH-LI"}
    abroad = {f"{country}-{land}" for country in ("DE", "AT") for _, _, land in region._ranges(country)}
    assert swiss == {code for code in REGIONS if code.startswith("CH")}
    assert abroad <= REGIONS


def test_the_highest_sums_count_caps_weights_and_replacement() -> None:
    assert PointRange.of(policy.parse(RIGHT)) == PointRange(fit=45.0, interest=45.0)
    uncapped = RIGHT.replace(", cap: 40}", ", repeat: every_event}")
    assert PointRange.of(policy.parse(uncapped)).interest == 60
    daily = (
        RIGHT.replace(", cap: 40}", "}")
        .replace("cap: 60, decay", "decay")
        .replace("interest_cap: 100", "interest_cap: 9999")
    )
    assert PointRange.of(policy.parse(daily)).interest == 15 + 90 * 20 + 5


sections = {"points", "tiers", "stages", "capacity", "decision"}
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def paths(data: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if path:
        yield path
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in items:
        yield from paths(value, (*path, key))


PLACES = [path for path in paths(yaml.safe_load(RIGHT)) if path[0] in sections]


@given(path=st.sampled_from(PLACES), value=values)
def test_no_value_anywhere_brings_a_traceback(path: tuple[str | int, ...], value: object) -> None:
    document = yaml.safe_load(RIGHT)
    place = document
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    try:
        policy.parse(yaml.safe_dump(document, allow_unicode=True, sort_keys=False))
    except PolicyError as error:
        assert error.remedy and error.line >= 1
