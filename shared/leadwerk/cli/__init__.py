"""`leadwerk …`: every stage by hand, the demo, the local servers, and tools for policies and models."""

from __future__ import annotations

import signal
import sys

from leadwerk.cli.exit_codes import EXIT_TERMINATED


def main() -> None:
    """Run the command line; an error that the user can mend is printed as one block, without a traceback."""
    from leadwerk.cli.application import run

    # Ended from outside, we still end what we have started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(EXIT_TERMINATED))
    sys.exit(run(sys.argv[1:]))
