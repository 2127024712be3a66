"""The newest stage model, read from the registry; apart from the champion's cache, which brings the scorer."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from leadwerk.errors import UNREADABLE_JSON
from leadwerk.features import stage_model

if TYPE_CHECKING:
    from leadwerk.registry import Registry

logger = logging.getLogger("leadwerk")


def newest_stage_model(registry: Registry) -> stage_model.StageModel | None:
    """The stage model of the last training; None before there is one.

    A damaged one counts as none: leads are scored anyway, and the next training replaces it.
    """
    data = registry.stage_models().read()
    try:
        return None if data is None else stage_model.from_json(data)
    except UNREADABLE_JSON as error:
        logger.error("The stage model is damaged: %s", error, extra={"fields": {"event": "stage_model_damaged"}})
        return None
