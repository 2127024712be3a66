"""What columns of a file are called that hold a lead's fields, in German, French, Italian and English."""

from __future__ import annotations

import re
from collections.abc import Mapping

from leadwerk.lead.lead import NAMES

_TITLES: Mapping[str, str] = {
    "email": "e mail; mail; email address; e mail adresse; mailadresse; courriel; adresse e mail; indirizzo e mail",
    "phone": "phone number; telefon; telefonnummer; tel; mobil; mobiltelefon; handy; téléphone; numéro de téléphone;"
    " portable; telefono; cellulare",
    "postcode": "plz ort; plz, ort; postleitzahl; plz und ort; postal code; zip code; post code; npa; npa localité;"
    " npa lieu; code postal; code postal et ville; cap; cap località; npa località; codice postale",
    "country": "land; pays; paese; nazione; country region; country code; ländercode; staat; code pays; codice paese",
    "canton": "kanton; cantone",
    "address": "adresse; anschrift; postadresse; indirizzo; address line; mailing address; billing address",
    "language": "sprache; korrespondenzsprache; langue; langue de correspondance; lingua; preferred language",
    "channel": "kanal; herkunftskanal; canal; canale; lead channel",
    "loan_amount": "loan amount; hypothekarbetrag; kreditbetrag; darlehensbetrag; finanzierungsbedarf;"
    " montant du prêt; montant de l hypothèque; importo del prestito; importo ipoteca",
    "property_value": "property value; immobilienwert; liegenschaftswert; verkehrswert; kaufpreis;"
    " valeur du bien; prix d achat; valore dell immobile; prezzo d acquisto",
    "income": "yearly income; annual income; jahreseinkommen; bruttojahreseinkommen; einkommen; revenu annuel;"
    " revenu annuel brut; reddito annuo; reddito",
    "job_title": "job title; position; function; role; funktion; berufsbezeichnung; stellung; fonction; poste;"
    " funzione; ruolo; posizione",
    "industry": "sector; branche; wirtschaftszweig; secteur; secteur d activité; branche d activité; settore; ramo",
    "employees": "number of employees; headcount; company size; mitarbeitende; anzahl mitarbeitende; mitarbeiter;"
    " anzahl mitarbeiter; mitarbeiterzahl; employés; nombre d employés; effectif; collaborateurs;"
    " nombre de collaborateurs; dipendenti; numero di dipendenti; collaboratori",
    "revenue": "annual revenue; umsatz; jahresumsatz; chiffre d affaires; fatturato; cifra d affari",
}
"""Titles as `_folded` has them. Left out is what as often means something else: name, size, amount, source, stato."""


def _folded(title: str) -> str:
    """
    >>> _folded(" PLZ / Ort "), _folded("Chiffre d’affaires"), _folded("E-Mail")
    ('plz ort', 'chiffre d affaires', 'e mail')
    """
    return " ".join(re.findall(r"\w+", title.casefold().replace("_", " ")))


_FIELD = {_folded(title): field for field, titles in _TITLES.items() for title in titles.split(";")}
_ITSELF = frozenset(title for titles in NAMES.values() for title in titles) - {"lead_id", "id", "created_at"}


_CURRENCIES = frozenset(
    ("chf", "eur", "usd", "gbp", "sfr", "euro", "euros", "franken", "francs", "franchi", "dollar", "dollars")
)
_SCALES = {
    name: factor
    for factor, names in {
        1e3: "t k tsd tausend thousand thousands milliers migliaia mila teur tchf tusd keur kchf kusd kgbp 1000",
        1e6: "m mio million millions millionen mln milioni meur mchf musd mgbp",
        1e9: "mrd mia bn billion billions milliarden milliards miliardi",
    }.items()
    for name in names.split()
}
_BEFORE_UNITS = frozenset(["in", "en", "de", "d", "di", "von"])


def _without_unit(title: str) -> tuple[str, float]:
    """A folded title without the unit of its amounts, and by what they are to be multiplied."""
    rest, scale = title.replace("1 000", "1000").split(), 1.0
    while rest and rest[-1] in _CURRENCIES | _SCALES.keys() | _BEFORE_UNITS:
        scale *= _SCALES.get(rest.pop(), 1.0)
    return " ".join(rest), scale


def scale_of(title: str) -> float:
    """By what the amounts below a title are to be multiplied.

    >>> scale_of("Umsatz (TEUR)"), scale_of("Revenue ($M)"), scale_of("CA en milliers d'euros"), scale_of("Umsatz")
    (1000.0, 1000000.0, 1000.0, 1.0)
    """
    return _without_unit(_folded(title))[1]


def field_of(title: str) -> str | None:
    """The field of a lead that a column of this title holds, under a name by which forms give it; None: of none.

    >>> field_of("plz"), field_of("PLZ/Ort"), field_of("Mitarbeitende"), field_of("Umsatz (TEUR)"), field_of("Besuche")
    ('plz', 'postcode', 'employees', 'revenue', None)
    """
    if title in _ITSELF:
        return title
    folded = _folded(title)
    return _field_of_folded(folded) or _field_of_folded(_without_unit(folded)[0])


def _field_of_folded(title: str) -> str | None:
    return _FIELD.get(title) or (named if (named := title.replace(" ", "_")) in _ITSELF else None)
