"""Mistakes in workflows: refused with their place and what to do."""

from __future__ import annotations

import pytest

from leadwerk import policy
from leadwerk.errors import PolicyError
from support.policy_errors import assert_in_every_language

RIGHT = """\
name: mine
time_zone: Europe/Zurich
languages: [de, en]
horizon_days: 30
landmark_days: [0, 7]
positive: [won]
signals:
  - {name: pricing, page: ^/pricing, labels: {de: Preise, en: prices}}
outcomes:
  - {status: Won, outcome: won}
  - {status: Lost, outcome: lost}
actions:
  - {cluster: HOT, action: Call}
  - {cluster: WARM, action: Write}
  - {cluster: COLD, action: Wait}
  - {cluster: DISQUALIFIED, action: Leave}
  - {cluster: UNSCORED, action: Look}
stages:
  - {name: lead, labels: {de: Lead, en: lead}}
capacity:
  sellers:
    - {name: anna, hours_per_week: 10}
tiers:
  - {name: Enterprise, employees: 250}
workflows:
  quiet: {start: "18:00", end: "08:00", holidays: ["2026-12-25"]}
  channels:
    - {name: sales, kind: slack}
    - {name: partner, kind: webhook}
  rules:
    - name: hot
      when: {change: became_hot}
      owners: [anna]
      only: {tiers: [Enterprise], languages: [de]}
      title: {de: "{lead} ist heiss", en: "{lead} is hot"}
      actions:
        - {do: message, channel: sales}
        - {do: event, channel: partner}
        - {do: task, due_minutes: 30}
        - {do: tag, name: hot}
"""


def test_the_example_is_right() -> None:
    assert [rule.name for rule in policy.parse(RIGHT).workflows.rules] == ["hot"]


@pytest.mark.parametrize(
    ("right", "wrong", "complaint"),
    [
        ("change: became_hot", "change: crossed_threshold", "`crossed_threshold` needs `score`"),
        ("change: became_hot", "change: untouched", "`untouched` needs `hours`"),
        ("change: became_hot", "change: became_hot, score: 80", "`became_hot` knows no `score`"),
        ("change: became_hot", "change: became_hot, stages: [lead]", "`became_hot` knows no stages"),
        ("change: became_hot", "change: stage_changed, stages: [leed]", "Did you mean `lead`"),
        ("change: became_hot", "change: became_warm", "one of became_hot"),
        ("owners: [anna]", "owners: [ana]", "Did you mean `anna`"),
        ("tiers: [Enterprise]", "tiers: [Enterprize]", "Did you mean `Enterprise`"),
        ("languages: [de]}", "languages: [fr]}", "`fr` is not a language of the policy"),
        ("channel: sales", "channel: salse", "Did you mean `sales`"),
        ("{do: message, channel: sales}", "{do: message}", "`message` needs a `channel`"),
        ("{do: message, channel: sales}", "{do: message, channel: partner}", "takes no message"),
        ("{do: event, channel: partner}", "{do: event, channel: sales}", "takes no event"),
        ("{do: tag, name: hot}", "{do: tag}", "`tag` needs a `name`"),
        ("{do: task, due_minutes: 30}", "{do: task, name: x}", "`task` knows no name"),
        ("{do: task, due_minutes: 30}", "{do: task, channel: sales}", "`task` uses no channel"),
        ("is hot\"", "is {hot}\"", "a placeholder that there is not"),
        (", en: \"{lead} is hot\"", "", "no label in en"),
        ("2026-12-25", "2026-02-30", "no day of the calendar"),
        ("18:00", "25:00", "workflows.quiet.start"),
        ("{name: partner", "{name: sales", "is used twice"),
    ],
)  # fmt: skip
def test_each_mistake_is_named(right: str, wrong: str, complaint: str) -> None:
    assert RIGHT.count(right) >= 1
    with pytest.raises(PolicyError, match=complaint) as refused:
        policy.parse(RIGHT.replace(right, wrong), "policy.yaml")
    assert refused.value.remedy
    assert_in_every_language(refused.value)
    assert refused.value.line >= RIGHT[: RIGHT.index("workflows:")].count("\n") + 1


def test_workflows_left_out_leave_the_version_of_a_policy_as_it_was() -> None:
    without = RIGHT[: RIGHT.index("workflows:")]
    assert policy.parse(without).version != policy.parse(RIGHT).version
    assert policy.parse(without).version == policy.parse(without + "workflows: {}\n").version
