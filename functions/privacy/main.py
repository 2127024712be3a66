"""privacy: erases persons, records objections, answers what is stored of a person.

POST / sweeps: it deletes what is left of erased persons and completes erasures that were interrupted.
"""

from __future__ import annotations

from typing import Any

import functions_framework

from leadwerk.web import Response
from leadwerk.web.persons import api


@functions_framework.http
def privacy(http: Any) -> Response:
    return api(http)
