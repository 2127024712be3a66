"""The least that a function can be."""

from typing import Any

import functions_framework


@functions_framework.http
def noop(request: Any) -> dict[str, bool]:
    return {"ok": True}
