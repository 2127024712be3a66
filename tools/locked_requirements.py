"""Locked requirements: writes functions/*/requirements.txt from requirements.in, with all that is drawn in and hashes.

    python -m tools.locked_requirements

What is deployed is then what was tested, byte by byte: versions are those of requirements-dev.txt, and pip refuses a
file whose hash is not in the list. Takes the network; `make lock` calls it after a change of a pin.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PLATFORM = ("--python-version", "3.11", "--python-platform", "x86_64-manylinux_2_28")  # of Cloud Functions' builder
OPTIONS = ("--quiet", "--generate-hashes", "--no-annotate", "--no-header", *PLATFORM)


def main() -> None:
    """Lock every function."""
    uv = Path(sys.executable).with_name("uv")
    for folder in sorted(path.parent for path in ROOT.glob("functions/*/requirements.in")):
        tested = ("--constraint", str(ROOT / "requirements-dev.txt"))
        command = [str(uv), "pip", "compile", *OPTIONS, *tested, "requirements.in", "--output-file", "requirements.txt"]
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)  # noqa: S603


if __name__ == "__main__":
    main()
