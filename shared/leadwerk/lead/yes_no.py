"""Yes and no in four languages, as cells and forms say it."""

from __future__ import annotations

from leadwerk.policy.folding import folded

YES = frozenset(
    (
        "yes",
        "ja",
        "oui",
        "si",
        "sì",
        "true",
        "wahr",
        "vrai",
        "vero",
        "y",
        "j",
        "o",
        "x",
        "on",
        "✓",
        "✔",
        "☑",
        "✅",
        "granted",
        "t",
    )
)
NO = frozenset(
    ("no", "nein", "non", "false", "falsch", "faux", "falso", "n", "off", "✗", "✘", "✖", "❌", "☐", "denied", "f")
)


def parse_yes_no(value: object) -> float | None:
    """1.0 for yes, 0.0 for no, None for neither.

    >>> parse_yes_no(" Ja"), parse_yes_no("FAUX"), parse_yes_no(True), parse_yes_no(0), parse_yes_no("maybe")
    (1.0, 0.0, 1.0, 0.0, None)
    """
    text = folded(str(value))
    if text in YES or text in ("1", "1.0"):
        return 1.0
    return 0.0 if text in NO or text in ("0", "0.0") else None
