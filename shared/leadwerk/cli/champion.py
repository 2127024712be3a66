"""The champion's scorer for commands that score."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leadwerk.cli.options import Deployment

if TYPE_CHECKING:
    from leadwerk.scoring.model import Scorer


def scorer(here: Deployment) -> Scorer | None:
    """The champion of a deployment; None before the first promotion.

    Raises:
        CorruptModel: a file of the champion is not what was saved.
        ContractMismatch: the champion was trained on other features than the policy yields.
    """
    from leadwerk.pipeline.serving.champion_cache import ChampionCache

    champions = ChampionCache(here.registry, here.policy, threads=0)
    scorer = champions.scorer()
    if champions.refused:  # whoever sits at the command line can retrain first
        raise champions.refused
    return scorer
