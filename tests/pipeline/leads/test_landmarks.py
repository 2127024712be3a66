"""Landmarks for training: which of them belong together."""

from __future__ import annotations

from datetime import UTC, datetime

import pandas as pd

from leadwerk.pipeline.leads.landmarks import landmarks_from_rows


def test_landmarks_of_one_person_belong_together_whatever_lead_they_are_of() -> None:
    rows = {
        "lead_id": ["a1", "b", "a2", "n", "a1"],
        "person_key": ["anna", "beat", "anna", None, "anna"],
        "as_of": [datetime(2026, 3, day, tzinfo=UTC) for day in range(1, 6)],
        "converted": [True, False, True, False, True],
    }
    landmarks = landmarks_from_rows(pd.DataFrame(rows), ())
    assert landmarks.lead.tolist() == [0, 1, 0, 2, 0]
    assert landmarks.converted_leads == 1
