"""Findings of the leakage gate for a person at the terminal: field, evidence, remedy."""

from __future__ import annotations

from collections.abc import Sequence

from rich.markup import escape

from leadwerk.cli.console import err, printable
from leadwerk.learning.leak_finding import LeakFinding
from leadwerk.learning.leak_texts import finding_text, remedy_text


def show_leaks(findings: Sequence[LeakFinding], language: str) -> None:
    """Print each finding with its remedy: those that stop in red, suspects in yellow."""
    for finding in findings:
        colour = "red" if finding.stops else "yellow"
        err.print(f"[{colour}]{escape(printable(finding_text(finding, language)))}[/{colour}]")
        if finding.kept_because is None:
            err.print(f"  {escape(printable(remedy_text(finding, language)))}", style="dim")
