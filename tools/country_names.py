"""Country names: writes leadwerk/lead/countries.csv, names and codes of all countries in four languages, from CLDR.

    python -m tools.country_names

The Unicode Consortium's locale data (https://cldr.unicode.org, Unicode License v3), as babel ships them: babel names a
country as people do ("Elfenbeinküste" is an alternative, "Tschechien" not "Tschechische Republik"), pycountry as
treaties do. Only this tool needs babel; functions start with the list and nothing else.
"""

from __future__ import annotations

import csv
from pathlib import Path

from babel import Locale
from babel.core import get_global

from leadwerk.lead import region

TARGET = Path(region.__file__).with_name("countries.csv")
LANGUAGES = ("de", "fr", "it", "en")
NO_COUNTRIES = frozenset({"EU", "EZ", "UN", "XA", "XB", "ZZ", "QO", "CP", "CQ", "DG", "EA", "IC", "TA", "AC"})


def names() -> dict[str, str]:
    """Name or three-letter code, as names are compared → code of two letters."""
    by_name: dict[str, str] = {}
    for language in LANGUAGES:
        for code, name in Locale.parse(language).territories.items():
            if len(code) == len("CH") and code.isalpha() and code not in NO_COUNTRIES:
                # The first language wins: a name that means two countries keeps the German reading.
                by_name.setdefault(region.comparable(name), code)
    for alias, codes in get_global("territory_aliases").items():
        if len(alias) == len("CHE") and alias.isalpha() and codes[0].isalpha() and len(codes[0]) == len("CH"):
            by_name.setdefault(region.comparable(alias), codes[0])
    return by_name


def main() -> None:
    with TARGET.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["name", "code"])
        writer.writerows(sorted(names().items()))


if __name__ == "__main__":
    main()
