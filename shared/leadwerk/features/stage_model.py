"""Stage model: the learned hazards of a way, with their test; small enough to be read by every scoring process."""

from __future__ import annotations

import msgspec

from leadwerk.features.stage_hazards import StageHazards

FEWEST_STAYS = 20
"""Of a stage with fewer stays no chance is given."""


class StageTest(msgspec.Struct, frozen=True):
    """A test out of time: contacts in a stage at several moments, `advanced` of them within `days`.

    `expected`: how many the hazards of before the first moment predicted. `auc`: within stages, None where no stage
    has both kinds. `calibration_error`: expected calibration error in tenths. `log_loss_of_stage`: of hazards that know
    stage and days alone.
    """

    days: int
    contacts: int
    advanced: int
    expected: float
    auc: float | None
    calibration_error: float
    log_loss: float
    log_loss_of_stage: float


class StageModel(msgspec.Struct, frozen=True):
    """Hazards, the stays they learned from by stage of the way, how many of these advanced, and the test.

    `test` is None until the history is long enough.
    """

    hazards: StageHazards
    learned_at: str
    stays: tuple[int, ...]
    advances: tuple[int, ...]
    test: StageTest | None

    def knows(self, place: int) -> bool:
        """Whether a chance can be given for contacts at this place of the way."""
        return place < len(self.stays) - 1 and self.stays[place] >= FEWEST_STAYS


def to_json(model: StageModel | None) -> bytes:
    """Write as JSON; None, where nothing could be learned, is a value of its own: an older model must not stay."""
    return msgspec.json.encode(model)


def from_json(data: bytes) -> StageModel | None:
    """Read what `to_json` wrote.

    Raises:
        msgspec.DecodeError: it is something else.
    """
    return msgspec.json.decode(data, type=StageModel | None)
