"""Exit codes of the command line."""

from typing import Final

EXIT_ABORTED: Final = 1
"""The person answered no."""

EXIT_ERROR: Final = 2
"""Something that the user can mend."""

EXIT_NO_SIGNAL: Final = 3
"""No model serves: the leads tell nothing usable, or a file was scored with neither a model nor rules."""

EXIT_LEAK: Final = 4
"""A field may know the outcome: a person must decide."""

EXIT_INTERRUPTED: Final = 128 + 2  # as shells report SIGINT
EXIT_TERMINATED: Final = 128 + 15  # SIGTERM
