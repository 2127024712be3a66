"""One function in a process of its own, behind functions-framework's server with a bounded request line.

The framework leaves the line unlimited, because Cloud Run's front end bounds it. A laptop has none: a line of 100 MB
would keep a core busy for minutes.
"""

from __future__ import annotations

import argparse
import os
from importlib import import_module

from leadwerk.private_files import NOBODY_ELSE

LONGEST_REQUEST_LINE = 65_536
"""As Cloud Run's front end. gunicorn's own 8,190 bytes are too few for the form of a file with many columns."""


def main() -> None:
    """Serve `--target` of `--source` at 127.0.0.1 until the process ends."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--target", required=True)
    parser.add_argument("--source", required=True)
    parser.add_argument("--port", type=int, required=True)
    options = parser.parse_args()

    os.umask(NOBODY_ELSE)
    from functions_framework import create_app
    from functions_framework._http import create_server

    # The most that gunicorn lets its option be; a module constant of its own.
    vars(import_module("gunicorn.http.message"))["MAX_REQUEST_LINE"] = LONGEST_REQUEST_LINE + 1
    application = create_app(options.target, options.source)
    create_server(application, debug=False, limit_request_line=LONGEST_REQUEST_LINE).run("127.0.0.1", options.port)


if __name__ == "__main__":
    main()
