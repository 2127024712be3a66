"""Minimums of evidence that several rooms share."""

from __future__ import annotations

from typing import Final

MINIMUM_POSITIVES: Final = 8
"""Converted leads below which not even a regression is tried (some for each of its folds)."""

MINIMUM_TEST_POSITIVES: Final = 5
"""Fewer converted leads in the test period say nothing about a model."""

MINIMUM_WON: Final = MINIMUM_POSITIVES + MINIMUM_TEST_POSITIVES
"""Won leads without which no model can be learned and judged; they are enough only if both periods have their share."""
