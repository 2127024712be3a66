"""Periods that several rooms share; each meaning has its own name, even where two have the same length."""

from __future__ import annotations

from typing import Final

WINDOWS_DAYS: Final = (1, 7, 30, 90)
"""Windows over which behaviour is counted, the day of the moment included."""

OPEN_LEAD_DAYS: Final = 120
"""An older lead without an outcome is forgotten rather than open; several horizons of the shipped policies."""

STATUS_LOOK_BACK_DAYS: Final = OPEN_LEAD_DAYS
"""Older CRM updates move no stage, so that a nightly run scales with recent leads and not with all closed ones."""

SCORE_LOOK_BACK_DAYS: Final = 400
"""Older scores are neither compared with new ones nor reported: a lead silent for longer gets a new score anyway."""

TIMELINE_DAYS: Final = 400
"""A lead's history reaches this far back unless a request states otherwise."""

LONGEST_PICK_DAYS: Final = 400
"""No pick lasts longer, whatever a policy allows, so that reading active picks stays bounded."""

THRESHOLD_MEMORY_DAYS: Final = 60
"""A threshold without a newer decision for this long no longer counts: the policy's bands hold."""

SECONDS_A_DAY: Final = 86_400
