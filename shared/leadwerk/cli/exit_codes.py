"""Exit codes of the command line."""

from typing import Final

EXIT_ERROR: Final = 2
"""Something that the user can mend."""

EXIT_INTERRUPTED: Final = 128 + 2  # as shells report SIGINT
EXIT_TERMINATED: Final = 128 + 15  # SIGTERM
