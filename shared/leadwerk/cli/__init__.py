"""`leadwerk …`: every stage by hand, the demo, the local servers, and tools for policies and models."""

from __future__ import annotations

import os
import signal
import sys

from leadwerk.cli.exit_codes import EXIT_TERMINATED
from leadwerk.private_files import NOBODY_ELSE


def main() -> None:
    """Run the command line; an error that the user can mend is printed as one block, without a traceback."""
    from leadwerk.cli.application import run

    # What we write holds data of persons: the database, scored files, reports, exports, whatever folder they go to.
    os.umask(NOBODY_ELSE)
    # Ended from outside, we still end what we have started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(EXIT_TERMINATED))
    sys.exit(run(sys.argv[1:]))
