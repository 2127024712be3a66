"""Protected attributes: features whose names speak of sex, origin, faith, age and the like, to be named in the card.

The list follows Art. 21 of the Charter of Fundamental Rights of the European Union
and Art. 8 of the Swiss constitution.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

PROTECTED = re.compile(
    r"(^|_)(sex|gender|geschlecht|sexe|sesso|genere|ethnic\w*|ethnie|etnia|race|rasse|razza|colou?r|hautfarbe"
    r"|religion\w*|religione|faith|konfession|belief|nationality|nationalitaet|nationalite|nazionalita|citizenship"
    r"|staatsangehoerigkeit|origin|herkunft|origine|age|alter|eta|birth\w*|geburt\w*|naissance|nascita|disabilit\w*"
    r"|behinderung|handicap|health|gesundheit|sante|salute|orientation|marital\w*|zivilstand|familienstand"
    r"|pregnan\w*|union_member\w*|political\w*|politik)($|_)"
)


def protected_names(names: Iterable[str]) -> list[str]:
    """Those names that speak of a protected attribute, in order.

    >>> protected_names(["Sex", "age_group", "lead_age_days", "language", "page", "Ethnic Group"])
    ['Sex', 'age_group', 'Ethnic Group']
    """
    return [name for name in names if _speaks_of_it(name)]


def _speaks_of_it(name: str) -> bool:
    folded = re.sub(r"[^a-z0-9]+", "_", name.lower())
    # The age of a lead is no person's.
    return PROTECTED.search(folded) is not None and not folded.startswith(("lead_age", "account_age"))
