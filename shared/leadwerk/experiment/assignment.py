"""Assignment: which arm of a running experiment a lead belongs to, by a salted hash of its person.

The arm follows from the experiment's name and the person alone, so that every scoring of a lead, on any machine, gives
the same arm, nobody can choose it, and no person's leads are in two arms. Control: the score is withheld, and a lot
decides who is worked. Exploration: a lead whose score would not make it HOT is worked all the same. The hash is
independent of all that is known of a lead: each stratum of scores is divided in the same proportion but for chance,
which the estimates adjust for.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from leadwerk.policy.experiment import Experiment

Arm = Literal["scored", "control", "exploration"]

PERCENT: Final = 100.0
_SPAN = 2**64


@dataclass(frozen=True)
class Assignment:
    """The arm of a lead, the probability of that arm by design, and the lots that its arm draws.

    `lot`: uniform in [0, 1), decides in the control group who is worked, and the order. `explores`: whether the lead is
    worked although its score is low; only in the arm "scored", which it then leaves for "exploration".
    """

    experiment: str
    is_control: bool
    control_share: float
    call_share: float
    exploration_share: float
    lot: float
    explores: bool

    @property
    def is_worked(self) -> bool:
        """Whether a lot makes this lead of the control group HOT."""
        return self.lot < self.call_share

    @property
    def random_rank(self) -> int:
        """Place from 0 to 100 in the list, drawn by lot; those that are worked come first."""
        # The same lot as is_worked: the list's upper part is exactly the leads that are worked.
        return round(PERCENT * (1 - self.lot))

    def arm(self, *, is_hot: bool) -> Arm:
        """The arm of a lead that its score does or does not make HOT."""
        if self.is_control:
            return "control"
        return "exploration" if self.explores and not is_hot else "scored"

    def arm_probability(self, *, is_hot: bool) -> float:
        """Probability of the lead's arm, given whether its score makes it HOT."""
        if self.is_control:
            return self.control_share
        share = 0.0 if is_hot else self.exploration_share
        return (1 - self.control_share) * (share if self.explores and not is_hot else 1 - share)

    def work_probability(self, *, is_hot: bool) -> float:
        """Probability within its group that a lead with such a score is HOT: its inverse weighs it in training.

        In the control group it does not depend on the score, because nothing that is stored may reveal the score.
        """
        if self.is_control:
            return self.call_share
        return 1.0 if is_hot else self.exploration_share


def assign(experiment: Experiment | None, person: str, created_at: datetime | None) -> Assignment | None:
    """The lead's assignment; None for visitors, and for leads that were created outside the experiment.

    `person`: the key of the lead's person, else the lead's id. `created_at` (aware) decides, and not the moment of
    scoring: a lead stays in its arm for as long as it is open.
    """
    if experiment is None or created_at is None or not experiment.starts <= created_at.date() < experiment.ends:
        return None
    exploration_share = experiment.exploration_percent / PERCENT
    return Assignment(
        experiment=experiment.name,
        # Three purposes, three independent numbers: one alone would make the lots of the control group all small.
        is_control=uniform(experiment.name, "arm", person) < experiment.control_percent / PERCENT,
        control_share=experiment.control_percent / PERCENT,
        call_share=experiment.call_percent / PERCENT,
        exploration_share=exploration_share,
        lot=uniform(experiment.name, "lot", person),
        explores=uniform(experiment.name, "exploration", person) < exploration_share,
    )


def uniform(experiment: str, purpose: str, person: str) -> float:
    """A number in [0, 1) from a hash, independent for each purpose.

    >>> round(uniform("spring", "arm", "102938"), 3), uniform("spring", "arm", "1") == uniform("autumn", "arm", "1")
    (0.281, False)
    """
    # The name is the salt: a lead of the control group in spring is not bound to be so in autumn.
    digest = hashlib.sha256(f"{experiment}\n{purpose}\n{person}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / _SPAN
