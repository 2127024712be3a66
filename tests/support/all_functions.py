"""All HTTP functions in one process, each under its name, over a small simulated home; no socket is involved."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import functions_framework
import pytest
from flask import Flask
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.wrappers import Response

from leadwerk import simulation
from leadwerk.pipeline.serving import runtime_cache
from leadwerk.pipeline.serving.runtime_cache import RuntimeCache
from leadwerk.serve import FUNCTIONS, serving, source_of

NOW = "2026-01-20T02:00:00Z"
Application = Callable[..., Any]


@contextmanager
def all_functions(home: Path) -> Iterator[Application]:
    """A WSGI application of all functions, with a local CRM behind them."""
    simulation.simulate(home, days=14, leads=40, seed=5)
    simulation.publish(home, datetime.fromisoformat(NOW))
    with pytest.MonkeyPatch.context() as patch, serving(home, names=(), crm=True, simulation=True) as servers:
        variables = {**servers.environment, "LEADWERK_HOME": str(home), "LEADWERK_CRM_URL": servers.url("crm")}
        for name, value in {"LEADWERK_SIMULATION": "1", "LEADWERK_POLICY": "mortgage", **variables}.items():
            patch.setenv(name, value)
        # What a process keeps of a deployment is not looked up again for a while; here the next home is another one.
        patch.setattr(runtime_cache, "_cache", RuntimeCache())
        applications = {f"/{name}": application_of(name, home) for name in FUNCTIONS}
        yield rooted(DispatcherMiddleware(Response("nothing here", 404), applications))


def rooted(application: Application) -> Application:
    """`application`, for which a function's bare address is its root, as it is behind a host of its own.

    Flask answers an empty path with a redirect: the request would never reach the function.
    """

    def with_root(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        path = environ["PATH_INFO"]
        return application(
            {**environ, "PATH_INFO": f"{path}/" if path.strip("/") in FUNCTIONS else path}, start_response
        )

    return with_root


def application_of(name: str, folder: Path) -> Flask:
    """A function as an application, its source copied under a name of its own into `folder`.

    All are called main.py, and a second module `main` would take the names away from which the first one's annotations
    are read.
    """
    source = folder / f"function_{name}.py"
    source.write_text(source_of(name).read_text("utf-8"), "utf-8")
    application: Flask = functions_framework.create_app(name, str(source))
    return application
