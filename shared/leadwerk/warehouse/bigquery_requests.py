"""Requests to BigQuery: how long they may take, which are repeated, and what their errors mean to a user."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from google.api_core.exceptions import GoogleAPICallError, NotFound, RetryError, ServiceUnavailable, TooManyRequests
from google.api_core.retry import Retry
from google.cloud import bigquery
from requests.exceptions import RequestException

from leadwerk.errors import MissingTable, WarehouseBusy, WarehouseError
from leadwerk.texts.message import Message

CALL_SECONDS = 30.0  # one HTTP request
# Limit of one job: a function has 1,500 s, and needs some for the rest.
JOB_SECONDS = 1_400.0
RETRY = bigquery.DEFAULT_RETRY.with_timeout(60.0)
GOOGLES_OWN = ("backendError", "internalError", "rateLimitExceeded", "jobBackendError", "jobInternalError")
JOB_RETRY = Retry(predicate=lambda error: reason_of(error) in GOOGLES_OWN, timeout=60.0)
# What Google's messages leave open, by a part of the message.
REMEDIES = {
    "Views cannot be queried through prefix": Message("refusal.bigquery.view.remedy"),
    "limit for bytes billed": Message("refusal.bigquery.bytes.remedy"),
    "was not found in location": Message("refusal.bigquery.location.remedy"),
}


def finish(job: Any, **options: Any) -> Any:
    """Result of a job; one that takes too long is cancelled, so that its transaction meets no later attempt's."""
    try:
        return job.result(retry=RETRY, timeout=JOB_SECONDS, **options)
    except (TimeoutError, RetryError):
        # Cancelling is a courtesy to the quota; its failure must not hide the time-out.
        with suppress(GoogleAPICallError, RetryError, RequestException):
            job.cancel(retry=RETRY, timeout=CALL_SECONDS)
        raise


@contextmanager
def as_warehouse_error(name: str) -> Iterator[None]:
    """Turn errors of the client into errors of the warehouse that name what was asked for and a remedy."""
    try:
        yield
    except NotFound as error:
        remedy = _remedy(error, Message("refusal.bigquery.missing.remedy"))
        raise MissingTable(f"{name}: {error.message}", remedy=remedy) from error
    except (TooManyRequests, ServiceUnavailable, RetryError, TimeoutError, RequestException) as error:
        message = Message("refusal.bigquery.late", statement=name, error=error)
        raise WarehouseBusy(message, remedy=Message("refusal.bigquery.late.remedy")) from error
    except GoogleAPICallError as error:
        if "streaming buffer" in str(error.message):
            raise WarehouseBusy(
                f"{name}: {error.message}", remedy=Message("refusal.bigquery.buffered.remedy")
            ) from error
        message = Message("refusal.warehouse.failed", statement=name, engine="BigQuery", error=error.message)
        raise WarehouseError(message, remedy=_remedy(error)) from error


def refusal(error: Mapping[str, Any]) -> str:
    """Reason and column; the message may hold the value, which is a person's and no business of a log."""
    return f"{error.get('reason', 'unknown reason')} in {error.get('location') or 'an unknown column'}"


def reason_of(error: Exception) -> str:
    """BigQuery's word for what went wrong with a request or job."""
    errors = error.errors if isinstance(error, GoogleAPICallError) else []
    return next((str(detail["reason"]) for detail in errors if isinstance(detail, dict) and "reason" in detail), "")


def _remedy(error: GoogleAPICallError, otherwise: str = "") -> str:
    return next((remedy for text, remedy in REMEDIES.items() if text in str(error.message)), otherwise)
