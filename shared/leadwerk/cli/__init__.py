"""`leadwerk …`: every stage by hand, the demo, the local servers, and tools for policies and models."""

from __future__ import annotations

import sys

EXIT_ERROR = 2  # something the user can mend
EXIT_INTERRUPTED = 130


def main() -> None:
    """Run the command line; what a user can mend is told him in one block, without a traceback."""
    from leadwerk.cli.application import run

    sys.exit(run(sys.argv[1:]))
