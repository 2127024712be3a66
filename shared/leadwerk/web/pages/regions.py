"""Regions of the policy's country, as a filter offers them."""

from __future__ import annotations

from leadwerk.report.wording import Wording
from leadwerk.texts.catalogue import entries

CANTONS = (
    "AG", "AI", "AR", "BE", "BL", "BS", "FR", "GE", "GL", "GR", "JU", "LU", "NE",
    "NW", "OW", "SG", "SH", "SO", "SZ", "TG", "TI", "UR", "VD", "VS", "ZG", "ZH",
)  # fmt: skip
LAND = "value.region."


def regions(wording: Wording) -> list[tuple[str, str]]:
    """Codes and names, in alphabetical order of the names."""
    country = wording.policy.country
    if country == "CH":
        return [(f"CH-{canton}", canton) for canton in CANTONS]
    codes = [key.removeprefix(LAND) for key in entries(wording.language) if key.startswith(f"{LAND}{country}-")]
    return sorted(((code, wording.region(code)) for code in codes), key=lambda pair: pair[1])
