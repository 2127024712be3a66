"""Licences: writes docs/licences.md, what each deployed function brings along and under which licence.

    python -m tools.licences

The versions are those of functions/*/requirements.txt; licences are what the distributions say of themselves.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).parents[1]
TARGET = ROOT / "docs" / "licences.md"
PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;]+)", re.MULTILINE)
CLASSIFIER = "License :: OSI Approved :: "
STRONG_COPYLEFT = re.compile(r"\b(A?GPL|GNU (Affero )?General Public)", re.IGNORECASE)


@dataclass(frozen=True, order=True)
class Deployed:
    """A distribution that at least one function brings along; `licence` in the words of its metadata."""

    name: str
    version: str
    licence: str

    @property
    def is_strong_copyleft(self) -> bool:
        """Whether the licence would bind the code that it is deployed with."""
        return bool(STRONG_COPYLEFT.search(self.licence))


def deployed() -> list[Deployed]:
    """All distributions of the functions, by name.

    Raises:
        PackageNotFoundError: one is not installed here.
    """
    texts = [path.read_text("utf-8") for path in sorted(ROOT.glob("functions/*/requirements.txt"))]
    pins = {(name.lower(), version) for text in texts for name, version in PIN.findall(text)}
    return sorted(Deployed(name, version, _licence(name)) for name, version in pins)


def _licence(name: str) -> str:
    """The licence by expression, else by classifier, else the first line of what stands there."""
    about = metadata.metadata(name).json
    if expression := about.get("license_expression"):
        return str(expression)
    classified = [value.removeprefix(CLASSIFIER) for value in about.get("classifier", ()) if CLASSIFIER in value]
    return ", ".join(classified) or str(about.get("license") or "not stated").splitlines()[0][:60]


def page() -> str:
    """The page as Markdown."""
    rows = [f"| {part.name} | {part.version} | {part.licence} |" for part in deployed()]
    return "\n".join(
        [
            "# Licences",
            "",
            "What the deployed functions bring along, as its metadata states it; `make generate` writes this page.",
            "`make audit` writes the bill of materials (CycloneDX).",
            "",
            "| distribution | version | licence |",
            "|---|---|---|",
            *rows,
            "",
        ]
    )


if __name__ == "__main__":
    TARGET.write_text(page(), "utf-8")
