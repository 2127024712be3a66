"""All HTTP functions in one process, each under its name, over a small simulated home; no socket is involved."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import functions_framework
import pytest
from flask import Flask
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.wrappers import Response

from leadwerk import simulation
from leadwerk.serve import FUNCTIONS, serving, source_of

NOW = "2026-01-20T02:00:00Z"
Application = Callable[..., Any]


@contextmanager
def all_functions(home: Path) -> Iterator[Application]:
    """A WSGI application of all functions, with a local CRM behind them."""
    simulation.simulate(home, days=14, leads=40, seed=5)
    with pytest.MonkeyPatch.context() as patch, serving(home, names=(), crm=True, simulation=True) as servers:
        variables = {**servers.environment, "LEADWERK_HOME": str(home), "LEADWERK_CRM_URL": servers.url("crm")}
        for name, value in {"LEADWERK_SIMULATION": "1", "LEADWERK_POLICY": "mortgage", **variables}.items():
            patch.setenv(name, value)
        applications = {f"/{name}": _application(name) for name in FUNCTIONS}
        yield DispatcherMiddleware(Response("nothing here", 404), applications)


def _application(name: str) -> Flask:
    application: Flask = functions_framework.create_app(name, str(source_of(name)))
    return application
