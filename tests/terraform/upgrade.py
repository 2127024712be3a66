"""What an upgrade does to tables that hold data: it may add, and nothing else.

Google's provider replaces a table (or drops the column's data) for some changes, and BigQuery refuses others; the
stand-in does not know which. So the rule is ours, and stricter: a column is only ever added, nullable, at the end.
"""

from __future__ import annotations

import json
from typing import Any

Column = dict[str, Any]


def complaints(changes: list[dict[str, Any]]) -> list[str]:
    """`changes` are a plan's resource_changes: what of them would touch rows that are there."""
    problems = []
    for change in changes:
        if change["type"] not in ("google_bigquery_table", "google_bigquery_dataset"):
            continue
        if "delete" in change["change"]["actions"]:
            problems.append(f"{change['address']} would be deleted")
        elif change["type"] == "google_bigquery_table" and change["change"]["actions"] == ["update"]:
            before, after = change["change"]["before"], change["change"]["after"]
            problems += [f"{change['address']}: {what}" for what in _changed(before, after)]
    return problems


def _changed(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    fixed = ("table_id", "dataset_id", "project")
    moved = [f"{name} changes" for name in fixed if before.get(name) != after.get(name)]
    fields = [
        [partitioning.get("field") for partitioning in values.get("time_partitioning") or []]
        for values in (before, after)
    ]
    moved += ["it is partitioned by another column"] if fields[0] != fields[1] else []
    return moved + columns(json.loads(before["schema"]), json.loads(after["schema"]))


def columns(before: list[Column], after: list[Column], within: str = "") -> list[str]:
    """Why rows with the columns `before` cannot get those of `after` in place.

    >>> day = {"name": "day", "type": "DATE", "mode": "REQUIRED"}
    >>> columns([day], [day, {"name": "segment", "type": "STRING", "mode": "NULLABLE"}])
    []
    >>> columns([day], [{"name": "segment", "type": "STRING", "mode": "NULLABLE"}, day])
    ['the columns that are there are no longer the first, in their order']
    """
    names = [column["name"] for column in before]
    if [column["name"] for column in after[: len(before)]] != names:
        return [f"the columns that are there are no longer the first, in their order{within}"]
    reasons = [reason for old, new in zip(before, after, strict=False) for reason in _column(old, new)]
    return reasons + [
        f"{column['name']} is new and {column['mode']}: rows from before have none{within}"
        for column in after[len(before) :]
        if column["mode"] == "REQUIRED"
    ]


def _column(old: Column, new: Column) -> list[str]:
    name = old["name"]
    if old["type"] != new["type"]:
        return [f"{name} becomes {new['type']}"]
    if old["mode"] != new["mode"] and (old["mode"], new["mode"]) != ("REQUIRED", "NULLABLE"):
        return [f"{name} becomes {new['mode']}"]
    return columns(old.get("fields", []), new.get("fields", []), f" in {name}")
