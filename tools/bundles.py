"""Source bundles: writes terraform/.bundles/FUNCTION-FINGERPRINT.zip, what Google builds each function from.

    python3 -m tools.bundles

A bundle holds the function's folder and the common package, without the simulation and the command line. Its name
carries a fingerprint of its files, which Terraform computes as well (bundles.tf): a plan stops where the bundle of the
present code is missing, so that no older code is deployed by mistake. It takes the standard library alone, since a
machine that only applies has nothing else.
"""

from __future__ import annotations

import re
import sys
import zipfile
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).parents[1]
NOT_DEPLOYED = re.compile(r"__pycache__|\.pyc$|^leadwerk/(simulation|cli)/")
MADE_AT = (1980, 1, 1, 0, 0, 0)
"""One date for all files: the same files make the same bundle, byte by byte."""


def build(root: Path = ROOT) -> dict[str, Path]:
    """The bundle of each function of the checkout `root`, written where it was missing; former code's are deleted."""
    package = _deployed(root / "shared", "leadwerk/**/*")
    package_fingerprint = _fingerprint(package)
    folder = root / "terraform" / ".bundles"
    folder.mkdir(exist_ok=True)
    bundles: dict[str, Path] = {}
    for main in sorted(root.glob("functions/*/main.py")):
        function = _deployed(main.parent, "**/*")
        fingerprint = sha256(f"{package_fingerprint}\n{_fingerprint(function)}".encode()).hexdigest()
        bundles[main.parent.name] = folder / f"{main.parent.name}-{fingerprint}.zip"
        if not bundles[main.parent.name].exists():
            _write(bundles[main.parent.name], package | function)
    for former in set(folder.glob("*.zip")) - set(bundles.values()):
        former.unlink()
    return bundles


def _deployed(folder: Path, pattern: str) -> dict[str, Path]:
    """Name in the bundle → file."""
    files = {path.relative_to(folder).as_posix(): path for path in folder.glob(pattern) if path.is_file()}
    return {name: files[name] for name in sorted(files) if not NOT_DEPLOYED.search(name)}


def _fingerprint(files: Mapping[str, Path]) -> str:
    lines = (f"{name} {sha256(path.read_bytes()).hexdigest()}" for name, path in files.items())
    return sha256("\n".join(lines).encode()).hexdigest()


def _write(bundle: Path, files: Mapping[str, Path]) -> None:
    unfinished = bundle.with_suffix(".part")
    with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, MADE_AT)
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, files[name].read_bytes(), zipfile.ZIP_DEFLATED)
    unfinished.rename(bundle)


if __name__ == "__main__":
    for written in build().values():
        sys.stdout.write(f"{written.relative_to(ROOT)}\n")
