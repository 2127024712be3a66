"""The examples of docs/desk.md: requests, and the answers that the page shows."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parents[2] / "docs" / "desk.md"
EXAMPLE = re.compile(r"```http\n(GET|POST) (\S+)\n(?:\n(.*?)\n)?```\n\n(?:`(\d+)`\n\n)?```json\n(.*?)```", re.DOTALL)


def examples() -> list[tuple[str, str, str, int, Any]]:
    matches = EXAMPLE.findall(PAGE.read_text("utf-8"))
    return [
        (method, path, body, int(status or 200), json.loads(answer_text))
        for method, path, body, status, answer_text in matches
    ]
