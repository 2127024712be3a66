"""What a policy says about an experiment: who is in it, for how long, and how large its groups are."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from msgspec import Meta

from leadwerk.policy.section import Identifier, PolicySection

Share = Annotated[float, Meta(ge=0, le=100)]


class Experiment(PolicySection, frozen=True):
    """Measures what scores bring. Leads created from `starts` until before `ends` (UTC days) take part.

    `control_percent`: leads whose score is withheld; `call_percent` of them are HOT, by lot. `exploration_percent`: of
    the leads below the threshold, the share that is HOT all the same. `weigh_training`: models learn from
    leads that were HOT only, each by the inverse of its probability to be: for sellers who work nobody else.
    """

    name: Identifier
    starts: date
    ends: date
    control_percent: Share = 10.0
    call_percent: Annotated[float, Meta(gt=0, le=100)] = 30.0
    exploration_percent: Share = 0.0
    weigh_training: bool = False
