"""Every kind of mistake in a policy: refused with its line, its field, and what to do."""

from __future__ import annotations

import duckdb
import pytest
from hypothesis import given, strategies as st

from leadwerk import policy
from leadwerk.errors import PolicyError
from leadwerk.policy import yaml_document
from leadwerk.policy.validation.patterns import wrong_pattern
from support.policy_errors import assert_in_every_language

RIGHT = """\
name: mine
time_zone: Europe/Zurich
languages: [de, en]
horizon_days: 30
landmark_days: [0, 7]
positive: [won]
signals:
  - name: pricing
    page: ^/pricing
    labels: {de: Preise, en: prices}
  - name: call
    touchpoint: call
outcomes:
  - {status: Open, outcome: open}
  - {status: Won, outcome: won}
  - {status: Lost, outcome: lost}
attributes:
  - {name: floors, kind: number}
bands: {hot: 70, warm: 50}
actions:
  - {cluster: HOT, action: Call}
  - {cluster: WARM, action: Mail}
  - {cluster: COLD, action: Wait}
  - {cluster: DISQUALIFIED, action: Stop}
  - {cluster: UNSCORED, action: Look}
training: {trees: 50, history_days: 365}
retention: {activity: 455}
traffic: {bot_browsers: bot}
"""

# what is replaced, by what, the field that is named, what the message says, what the remedy says
SHAPE = [
    ("horizon_days: 30", "horizn_days: 30", "horizn_days", "unknown", "Did you mean `horizon_days`?"),
    ("    touchpoint: call", "    touchpiont: call", "signals[1].touchpiont", "unknown", "Did you mean `touchpoint`?"),
    ("horizon_days: 30", "horizon_days: 30\ncolour: red", "colour", "unknown", "Remove it, or use one of: name"),
    ("languages: [de, en]", "languages: [de, eng]", "languages[1]", "one of de, fr, it, en", "Did you mean `en`?"),
    ("languages: [de, en]", "languages: [de, no]", "languages[1]", "the truth value false", "Put quotes"),
    ("languages: [de, en]", "languages: de", "languages", "a list", "Write [one, two]"),
    ("outcome: lost", "outcome: loost", "outcomes[2].outcome", "one of open", "Did you mean `lost`?"),
    ("cluster: COLD", "cluster: Cold", "actions[2].cluster", "one of HOT", "Did you mean `COLD`?"),
    ("kind: number", "kind: nmber", "attributes[0].kind", "one of number", "Did you mean `number`?"),
    ("horizon_days: 30", "horizon_days: thirty", "horizon_days", "a whole number from 1 to 730", "docs/policy.md"),
    ("horizon_days: 30", 'horizon_days: "30"', "horizon_days", "a whole number", "Remove the quotes"),
    ("horizon_days: 30", "horizon_days: 0", "horizon_days", "from 1 to 730", "docs/policy.md"),
    ("hot: 70", "hot: 101", "bands.hot", "from 0 to 100", "docs/policy.md"),
    ("trees: 50", "trees: 50, learning_rate: 2", "training.learning_rate", "a number above 0 to 1", "docs/policy.md"),
    ("trees: 50", "trees: 50, scale_pos_weight: atuo", "training.scale_pos_weight", "auto", "Did you mean `auto`?"),
    ("name: pricing", "name: Pricing Page", "signals[0].name", "lower-case letters", "Write pricing_page"),
    ("status: Won", "status: 1", "outcomes[1].status", "text is expected, not 1", "Put quotes around it"),
    ("page: ^/pricing", "page: yes", "signals[0].page", "text", "Put quotes around it"),
    (
        "labels: {de: Preise, en: prices}",
        "labels: {de: Preise, es: precios}",
        "signals[0].labels.es",
        "one of",
        "Choose",
    ),
    ("bands: {hot: 70, warm: 50}", "bands: 70", "bands", "a section", "Give its fields (hot, warm, threshold_limits)"),
    ("bands: {hot: 70, warm: 50}", "bands:", "bands", "not nothing", "remove it"),
    ("  - {status: Open, outcome: open}", "  - {outcome: open}", "outcomes[0]", "`status` is missing", "Add `status:`"),
    ("time_zone: Europe/Zurich\n", "", "policy", "`time_zone` is missing", "Add `time_zone:`"),
]

RULES = [
    ("Europe/Zurich", "Europe/Zürich", "time_zone", "unknown", "Did you mean `Europe/Zurich`?"),
    ("Europe/Zurich", "../zone", "time_zone", "unknown", "IANA"),
    ("Europe/Zurich", "localtime", "time_zone", "on each machine", "IANA"),
    ("Europe/Zurich", "right/Europe/Zurich", "time_zone", "on each machine", "IANA"),
    ("^/pricing", "'((a{100}){100}){100}'", "signals[0].page", "more than 1,000 times", "multiply"),
    ("^/pricing", "'(?:[ab]{20}c){51}'", "signals[0].page", "more than 1,000 times", "Repeat less often"),
    ("    touchpoint: call", "", "signals[1]", "matches nothing", "an event, a page or a touchpoint"),
    ("    touchpoint: call", "    touchpoint: call\n    event: x", "signals[1].touchpoint", "at once", "two signals"),
    ("    touchpoint: call", '    touchpoint: " "', "signals[1].touchpoint", "empty", "Say what to match"),
    ("    touchpoint: call", "    page: ^/pricing", "signals[1]", "never reached", "particular before the general"),
    ("    touchpoint: call", "    page: ^/pricing\n    event: x", "signals[1]", "`pricing` takes all", "particular"),
    ("name: mine", "name: mine\ncalculator: {income: ''}", "calculator.income", "empty", "GA4 event parameter"),
    ("name: mine", "name: mine\ncalculator: {income: loan_amount}", "calculator.income", "already", "Name another"),
    ("name: call", "name: pricing", "signals[1].name", "used twice", "Rename"),
    ("name: call", "name: visits", "signals[1].name", "already means a feature", "another name"),
    ("name: floors", "name: call", "attributes[0].name", "also a signal", "Rename"),
    ("^/pricing", "^/(pricing", "signals[0].page", "is wrong", "close brackets"),
    ("^/pricing", "'[[a]'", "signals[0].page", "is wrong", "Escape"),
    ("^/pricing", "'^/(?!de)pricing'", "signals[0].page", "RE2", "Write it without"),
    ("^/pricing", r"'(a)\1'", "signals[0].page", "RE2", "Write it without"),
    ("^/pricing", r"'a\Z'", "signals[0].page", "RE2", "Write it without"),
    ("^/pricing", "(?x)a", "signals[0].page", "RE2", "Write it without"),
    ("^/pricing", "'a{1001}'", "signals[0].page", "RE2", "Write it without"),
    ("^/pricing", "a*+", "signals[0].page", "RE2", "Write it without"),
    ("name: call", "name: on", "signals[1].name", "not the truth value true", "Put quotes"),
    ("name: call", "name: Geschäft Nord", "signals[1].name", "a name of lower-case letters", "Write geschaeft_nord"),
    ("name: call", "name: 2026-01-01", "signals[1].name", "not the date 2026-01-01", "Put quotes"),
    ("bot_browsers: bot", "bot_browsers: '['", "traffic.bot_browsers", "is wrong", "Escape"),
    ("languages: [de, en]", "languages: []", "languages", "no language", "at least one"),
    ("languages: [de, en]", "languages: [de, en, de]", "languages[2]", "twice", "Remove"),
    ("labels: {de: Preise, en: prices}", "labels: {de: Preise}", "signals[0].labels", "no label in en", "Add it"),
    ("warm: 50", "warm: 70", "bands.hot", "HOT begins at 70", "above warm"),
    ("positive: [won]", "positive: []", "positive", "no outcome counts", "won, paid_out"),
    ("positive: [won]", "positive: [paid_out]", "positive[0]", "no outcome rule yields", "Add a rule"),
    ("positive: [won]", "positive: [won, lost]", "positive[1]", "cannot be a success", "won, paid_out"),
    ("positive: [won]", "positive: [won, won]", "positive[1]", "twice", "Remove"),
    ("{status: Lost, outcome: lost}", "{status: Lost, outcome: open}", "outcomes", "without success", "to `lost`"),
    ("status: Lost", 'status: " won "', "outcomes[2]", "mapped twice", "Remove"),
    ("status: Lost", "status: WON, reason: x", "outcomes[2]", "never reached", "before the one without"),
    ("status: Open", 'status: ""', "outcomes[0].status", "empty", "as the CRM does"),
    ("  - {cluster: COLD, action: Wait}", "", "actions", "no action for COLD", "Add `- {cluster: COLD"),
    ("training:", "  - {cluster: HOT, action: Run}\ntraining:", "actions[5]", "two actions", "Remove"),
    ("action: Wait", 'action: ""', "actions[2].action", "empty", "what the seller"),
    ("landmark_days: [0, 7]", "landmark_days: [7, 0]", "landmark_days", "ascend", "[0, 1, 3"),
    ("landmark_days: [0, 7]", "landmark_days: [0, 0]", "landmark_days", "ascend", "[0, 1, 3"),
    ("landmark_days: [0, 7]", "landmark_days: []", "landmark_days", "ascend", "[0, 1, 3"),
    ("landmark_days: [0, 7]", "landmark_days: [0, 335]", "landmark_days[1]", "never matures", "smaller landmark"),
    ("horizon_days: 30", "horizon_days: 400", "training.history_days", "never matures", "shorter horizon"),
    ("activity: 455", "activity: 100", "retention.activity", "had done nothing", "Keep activity 455 days"),
    ("name: mine", "name: mine\nversion: abc", "version", "computed", "Remove"),
]

SYNTAX = [
    ("languages: [de, en]", "languages: [de, en", "not YAML", "indentation"),
    ("horizon_days: 30", "\thorizon_days: 30", "not YAML", "no tabs"),
    ("name: mine", "name: mine: yours", "not YAML", "quote text"),
    ("horizon_days: 30", "horizon_days: 30\nhorizon_days: 60", "given twice", "Keep one"),
    ("horizon_days: 30", "horizon_days: &x 30\ncountry: *x", "may stand for a text only", "Write the value out"),
    ("bands: {hot", "decision: &x {}\ncapacity: *x\nbands: {hot", "may stand for a text only", "Write the value out"),
    ("name: mine", f"name: &x {'x' * 300_000}\nhostnames: [*x, *x, *x, *x]", "too large", "Write the value out"),
    ("name: mine", "name: !!python/object:os.system x", "cannot be read", "quotes"),
    ("name: mine", "name: 2025-13-45", "cannot be read", "quotes"),
    ("name: mine", "name: " + "[" * 30 + "]" * 30, "too deep", "docs/policy.md"),
    ("horizon_days: 30", "horizon_days: 1:30", "'1:30' is a number of base 60", "quotes"),
    ("horizon_days: 30", "horizon_days: " + ":".join(["1"] * 3000), "is a number of base 60", "quotes"),
    ("name: mine", "name: 9:30", "'9:30' is a number of base 60", "quotes"),
    ("horizon_days: 30", "horizon_days: 1:30.5", "is a number of base 60", "quotes"),
    ("horizon_days: 30", "horizon_days: 0x" + "f" * 5000, "is too large", "quotes"),
    ("horizon_days: 30", "horizon_days: " + "9" * 5000, "cannot be read", "quotes"),
    ("horizon_days: 30", "horizon_days: -9223372036854775809", "is too large", "quotes"),
]


def refusal(old: str, new: str) -> tuple[PolicyError, str]:
    assert old in RIGHT
    text = RIGHT.replace(old, new, 1)
    with pytest.raises(PolicyError) as caught:
        policy.parse(text, "mine.yaml")
    return caught.value, text


def test_the_right_policy_is_right() -> None:
    assert policy.parse(RIGHT).name == "mine"


@pytest.mark.parametrize(("old", "new", "field", "message", "remedy"), SHAPE + RULES)
def test_a_mistake_is_refused_by_field_with_remedy(old: str, new: str, field: str, message: str, remedy: str) -> None:
    error, _ = refusal(old, new)
    assert (error.file, error.field) == ("mine.yaml", field)
    assert message in error.message
    assert remedy in error.remedy
    assert_in_every_language(error)


# Of what concerns a whole section or item, the line is the one where it begins.
@pytest.mark.parametrize(("old", "new"), [(old, new) for old, new, *_ in SHAPE + RULES if new and "\n" not in new])
def test_the_line_is_where_the_mistake_was_made(old: str, new: str) -> None:
    error, text = refusal(old, new)
    error_line = text.splitlines()[error.line - 1]
    section = error.field.partition("[")[0].partition(".")[0]
    assert new.strip() in error_line or error_line.startswith((f"{section}:", "  - "))


@pytest.mark.parametrize(("old", "new", "message", "remedy"), SYNTAX)
def test_what_is_no_plain_yaml_is_refused(old: str, new: str, message: str, remedy: str) -> None:
    error, _ = refusal(old, new)
    assert_in_every_language(error)
    assert message in error.message
    assert remedy in error.remedy


def test_the_line_of_a_typo_deep_inside() -> None:
    error, text = refusal("touchpoint: call", "touchpiont: call")
    assert text.splitlines()[error.line - 1] == "    touchpiont: call"
    assert str(error).startswith("mine.yaml:12: signals[1].touchpiont: ")


def test_an_empty_file_and_a_list_and_a_huge_file_are_refused() -> None:
    for text, message in (("", "empty"), ("- a", "a section is expected"), ("#" * 1_000_001, "characters")):
        with pytest.raises(PolicyError, match=message):
            policy.parse(text)


@pytest.mark.parametrize("opener", ["[", "{a: ", "- ", "? ", "[\n", "- ? ", "a: [", "? - {b: "])
def test_a_file_nested_deeper_than_the_reader_can_bear_is_refused(opener: str) -> None:
    text = opener * (yaml_document.MAX_CHARACTERS // len(opener))
    with pytest.raises(PolicyError, match=r"too deep|not YAML"):
        policy.parse(text)
    by_indentation = "\n".join(" " * level + "a:" for level in range(1400))
    with pytest.raises(PolicyError, match="too deep"):
        policy.parse(by_indentation)


def test_a_long_file_that_is_flat_is_no_deep_one() -> None:
    assert policy.parse(RIGHT + "# " + "-" * 5000 + "\n").name == "mine"


def test_patterns_that_re2_knows_are_taken() -> None:
    for pattern in ("(?i)^/preise", r"^/a\+b\.html$", "(?:a|b)+?", "(?P<x>a)", r"\\1", "[*+]+", "a{2}", "(a{100}){10}"):
        policy.parse(RIGHT.replace("^/pricing", f"'{pattern}'"))


BRANCHES = st.recursive(
    st.sampled_from(["a", "[bc]", r"\{", "d?"]),
    lambda inner: st.one_of(
        st.builds("({}){{{}}}".format, inner, st.integers(1, 40)),
        st.builds("(?:{}){{{},{}}}".format, inner, st.integers(1, 3), st.integers(3, 40)),
        st.builds("{}(x|{})".format, inner, inner),
    ),
    max_leaves=4,
)


@given(BRANCHES)
def test_repetitions_are_refused_as_re2_refuses_them(pattern: str) -> None:
    refused = [message for _, message, _ in wrong_pattern(pattern, ("page",))]
    try:
        duckdb.execute("SELECT regexp_matches('a', ?)", [pattern])
    except duckdb.Error as error:
        assert refused, error
    else:
        assert not refused


def test_a_policy_without_signals_needs_no_activity_to_be_kept() -> None:
    before, _, rest = RIGHT.partition("signals:\n")
    without = f"{before}signals: []\n{rest[rest.index('outcomes:') :]}"
    assert policy.parse(without.replace("activity: 455", "activity: 1")).signals == ()
