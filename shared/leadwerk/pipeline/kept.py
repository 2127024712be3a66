"""What a scoring process keeps between requests: settings, policy, warehouse and the champion's scorer."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from leadwerk import settings
from leadwerk.pipeline import wiring
from leadwerk.pipeline.champion import Champions

if TYPE_CHECKING:
    from leadwerk.policy.model import Policy
    from leadwerk.warehouse.protocol import Warehouse

_making = threading.Lock()


@dataclass(frozen=True)
class Kept:
    """Made at the first request: a mistake in the settings is then an answer, and not a process that will not start."""

    settings: settings.Settings
    policy: Policy
    warehouse: Warehouse
    champions: Champions

    @property
    def person_key(self) -> str:
        """The secret that keys the hashes of persons."""
        return wiring.person_key(self.settings)


def kept() -> Kept:
    """The same objects for every request of this process, even if the first ones come at once."""
    with _making:
        return _made()


@cache
def _made() -> Kept:
    here = settings.read()
    policy = wiring.policy(here)
    return Kept(here, policy, wiring.warehouse(here), Champions(wiring.registry(here), policy))
