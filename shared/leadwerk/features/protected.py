"""Protected attributes: features whose names speak of sex, origin, faith, age and the like, to be named in the card.

The list follows Art. 21 of the Charter of Fundamental Rights of the European Union
and Art. 8 of the Swiss constitution.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from leadwerk.policy.folding import as_name

PROTECTED = re.compile(
    r"(^|_)(sex|gender|geschlecht|sexe|sesso|genere|ethnic\w*|ethnie|etnia|race|rasse|razza|colou?r|hautfarbe"
    r"|religion\w*|religione|faith|konfession|belief|nationality|nationalitaet|nationalite|nazionalita|citizenship"
    r"|staatsangehoerigkeit|origin|herkunft|origine|age|alter|eta|birth\w*|geburt\w*|naissance|nascita|disabilit\w*"
    r"|behinderung|handicap|health|gesundheit|sante|salute|orientation|marital\w*|zivilstand|familienstand"
    r"|pregnan\w*|union_member\w*|political\w*|politik)($|_)"
)

ORIGIN = ("origin", "herkunft", "origine")
OF_A_LEAD = re.compile(
    r"(^|_)(leads?|traffic|channel|source|campaign|enquiry|kanal|quelle|kampagne|anfrage|canal|campagne|demande|canale"
    r"|campagna|fonte|richiesta)($|_)"
)


def protected_names(names: Iterable[str]) -> list[str]:
    """Those names that speak of a protected attribute, in order.

    >>> protected_names(["Sex", "age_group", "lead_age_days", "page", "Ethnic Group", "Nationalität", "Âge"])
    ['Sex', 'age_group', 'Ethnic Group', 'Nationalität', 'Âge']
    >>> protected_names(["Herkunft", "Lead Origin", "Herkunft des Leads", "Traffic origin"])
    ['Herkunft']
    """
    return [name for name in names if _speaks_of_it(as_name(name))]


def _speaks_of_it(name: str) -> bool:
    match = PROTECTED.search(name)
    if match is None:
        return False
    # The age of a lead is no person's, and where a lead comes from is a channel.
    if match.group(2) in ORIGIN:
        return OF_A_LEAD.search(name) is None
    return not name.startswith(("lead_age", "account_age"))
