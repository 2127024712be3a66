"""Log of the functions: one line of JSON per call, without personal data."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import fields, is_dataclass
from http import HTTPStatus
from typing import Any

import msgspec

from leadwerk import settings
from leadwerk.errors import LeadwerkError
from leadwerk.web.problem_document import status_of

logger = logging.getLogger("leadwerk")
# TRACE_ID/SPAN_ID;o=OPTIONS, from Google's front end.
TRACE_HEADER = "X-Cloud-Trace-Context"
_trace: ContextVar[str] = ContextVar("trace", default="")


def follow(headers: Mapping[str, str]) -> None:
    """Log under the trace of this request from now on: Cloud Logging then shows our lines below the request's own."""
    trace_id, project = headers.get(TRACE_HEADER, "").partition("/")[0], settings.project()
    _trace.set(f"projects/{project}/traces/{trace_id}" if trace_id and project else "")


def finished(stage: str, result: Any, seconds: float) -> None:
    """Log a finished stage with the counts of its report; metrics are built from them."""
    fields = {"event": "stage_finished", "stage": stage, "seconds": seconds, **counts(result)}
    logger.info("%s finished", stage, extra={"fields": fields})


def refused_or_failed(stage: str, error: LeadwerkError, seconds: float) -> None:
    """Log a LeadwerkError: a refused request (4xx), or a failed stage (5xx)."""
    status = status_of(error)
    fields = {"stage": stage, "error": type(error).__name__, "status": status, "seconds": seconds}
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        logger.error(str(error), extra={"fields": fields | {"event": "stage_failed"}})
    else:  # the message may contain personal data, and the sender has it in the answer
        refused = fields | {"event": "request_refused", "field": getattr(error, "field", None)}
        logger.warning("%s refused a request", stage, extra={"fields": refused})


def failed_unexpectedly(stage: str, error: Exception, seconds: float) -> None:
    """Log an unforeseen exception with its traceback."""
    fields = {"event": "stage_failed", "stage": stage, "error": "unexpected", "status": 500, "seconds": seconds}
    logger.error("%s failed unexpectedly", stage, exc_info=error, extra={"fields": fields})


def counts(result: Any) -> dict[str, int | float | bool]:
    """The numbers and flags of a report. Texts and lists are left out, so no personal data enters the log.

    >>> counts({"sent": 3, "states": {"102938": "sent"}, "stopped": None})
    {'sent': 3}
    """
    # Numbers only: names and texts of a result may be personal.
    return {name: value for name, value in _members(result).items() if isinstance(value, int | float)}


def _members(result: Any) -> Mapping[str, Any]:
    if isinstance(result, msgspec.Struct):
        return msgspec.structs.asdict(result)
    if is_dataclass(result) and not isinstance(result, type):
        return {member.name: getattr(result, member.name) for member in fields(result)}
    return result if isinstance(result, Mapping) else {}


class _CloudLogging(logging.Formatter):
    """One JSON object a line, with the names Cloud Logging gives a meaning to (severity, message)."""

    def format(self, record: logging.LogRecord) -> str:
        # One JSON object a line is what Cloud Logging reads into fields, on which metrics count.
        entry = {"severity": record.levelname, "message": record.getMessage(), **getattr(record, "fields", {})}
        if trace := _trace.get():
            entry["logging.googleapis.com/trace"] = trace
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return json.dumps(entry, ensure_ascii=False, default=str)


def configure() -> None:
    """Log to stderr as JSON; repeated calls change nothing."""
    if not logger.handlers:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(_CloudLogging())
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
