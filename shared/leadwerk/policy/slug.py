"""Names as a policy writes them."""

from __future__ import annotations

import re
import unicodedata


def as_name(text: str, *, prefix: str = "n", length: int = 60) -> str:
    """The name nearest to a text: small letters, digits and underscores; `prefix` before what begins with no letter.

    >>> as_name("Jürg Müller-Roth"), as_name("Größe (m²)"), as_name("3 D"), as_name("…")
    ('juerg_mueller_roth', 'groesse_m2', 'n_3_d', 'n')
    """
    # Before NFKD, which would turn ä into a: Zürich becomes zuerich, as German readers expect.
    german = text.casefold().translate({ord("ä"): "ae", ord("ö"): "oe", ord("ü"): "ue"})
    plain = unicodedata.normalize("NFKD", german).encode("ascii", "ignore").decode()
    name = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:length].strip("_")
    return name if name[:1].isalpha() else f"{prefix}_{name}".rstrip("_")
