"""Which log lines a log-based metric counts, and what it takes from one: the part of Google's language we use."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

CONDITION = re.compile(r'([\w.]+)=(\((?:"[^"]*"(?: OR )?)+\)|"[^"]*"|true|false)|([\w.]+):\*')


def entries(log: Path, service: str) -> list[dict[str, Any]]:
    """The entries that Cloud Run makes of a function's stderr: a line that is a JSON object becomes jsonPayload."""
    log_entries = []
    for line in log.read_text().splitlines():
        if line.startswith("{"):
            payload = json.loads(line)
            resource = {"type": "cloud_run_revision", "labels": {"service_name": service}}
            log_entries.append(
                {"resource": resource, "severity": payload.pop("severity", None), "jsonPayload": payload}
            )
    return log_entries


def counted(filter_: str, lines: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The entries that a filter of conditions `field="value"` and `field:*` (it is set), joined by AND, lets through.

    Raises:
        ValueError: the filter says something else as well.
    """
    conditions = CONDITION.findall(filter_)
    read = (f"{present}:*" if present else f"{field}={value}" for field, value, present in conditions)
    if " AND ".join(read) != filter_:
        raise ValueError(f"not in the language of this test: {filter_}")
    return [line for line in lines if all(_holds(line, *condition) for condition in conditions)]


def extracted(extractor: str, entry: Mapping[str, Any]) -> Any:
    """What EXTRACT(field) takes from an entry."""
    field_match = re.fullmatch(r"EXTRACT\(([\w.]+)\)", extractor)
    assert field_match, extractor
    return _field_value(entry, field_match[1])


def _holds(line: Mapping[str, Any], field: str, value: str, present: str) -> bool:
    return _field_value(line, present) is not None if present else _field_value(line, field) in _values(value)


def _field_value(entry: Any, field: str) -> Any:
    for name in field.split("."):
        entry = entry.get(name) if isinstance(entry, Mapping) else None
    return entry


def _values(text: str) -> list[Any]:
    if text in ("true", "false"):
        return [text == "true"]
    return re.findall(r'"([^"]*)"', text)
