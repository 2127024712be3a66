"""Columns that name persons: by their titles in four languages, or because their values are addresses of persons."""

from __future__ import annotations

import re
import unicodedata

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from leadwerk.importing.text_column import TextColumn

_PERSON = re.compile(
    r"name|nom\b|nome|nomi\b|prenom|cognom|kund|client|custom|kontakt|contact|contatt|person|persona|referent|interlocut"
    r"|ansprech|antragstell|mieter|benutzer|username|\buser\b|inhaber|besitzer|owner|betreuer|berater|assign|conseiller"
    r"|utilisateur|utente|titolare|proprieta|signature|unterschrift|salutation|anrede|titre de civilit"
    r"|mail|telefon|phone|mobil|handy|\btel\b|\bfax\b|natel|strasse|street|\brue\b|\bvia\b|indirizzo|anschrift|adress"
    r"|geburtsname|linkedin|skype|whatsapp|iban|\bahv\b|\bavs\b|passport|pass(?:nummer)?\b"
)
_COMPANY = re.compile(
    r"firm|compan|unternehm|societ|azienda|ragione|entrepris|organi[sz]|account|campaign|kampagne|campagn|product|produkt"
    r"|prodott|produit|event|domain|host|file|datei|brand|marke|project|projekt|progett|projet|course|kurs|list|form\b"
    r"|formular|landing|page|source|quelle|branch|team|segment"
)
_NO_PERSON = re.compile(
    r"typ|\btags?\b|gruppe|group|segment|klasse|class|kategori|categor|status|stat[eo]\b|since|seit|depuis|wert|value|valeur|count"
    r"|anzahl|number of|nombre|numero di|zufrieden|satisf|score|grad\b|kind|type|tipo|genre|quelle|source|fonte|kanal"
    r"|channel|canal|sprache|language|langue|lingua|count|rate|quote|opens?|clicks?|verified|domain|provider|opt|region"
    r"|country|land\b|age\b|alter\b|method|zeit|time|date|datum|stage|phase|tage|days|jahre|years"
)
_TELEPHONE = re.compile(r"telef|phone|mobil|handy|natel|\btel\b|\bfax\b|cellul")
_ADDRESS = r"^[^@\s]+@[^@\s]+\.[^@\s]+$"
_PHONE = r"^(?:p:|tel:)?(?:\+|00|0[1-9])[\d\s()/.-]{7,20}$"
_DATE = r"^\d{1,2}\.\s?\d{1,2}\.\s?\d{2,4}|^\d{1,2}[/-]\d{1,2}[/-]\d{2,4}"
_CONTACT_SHARE = 0.1
_MOST_TEXTS = 50_000


def names_persons(title: str) -> bool:
    """Whether a column of this title most likely names persons, or says how they are reached.

    >>> [names_persons(title) for title in ("FirstName", "Nom du client", "Kundentyp", "Firmenname", "Ort", "Kunde")]
    [True, True, False, False, False, True]
    """
    spaced = re.sub(r"(?<=[a-zà-ÿ])(?=[A-ZÀ-Þ])", " ", title)
    plain = unicodedata.normalize("NFKD", " ".join(re.split(r"[\W_]+", spaced))).casefold()
    plain = "".join(sign for sign in plain if not unicodedata.combining(sign))
    return bool(_PERSON.search(plain)) and not _COMPANY.search(plain) and not _NO_PERSON.search(plain)


def names_telephones(title: str) -> bool:
    """Whether a column of this title holds telephone numbers.

    >>> [names_telephones(title) for title in ("Mobile", "Tel.", "Numéro de téléphone", "Kundennummer", "Hotel")]
    [True, True, True, False, False]
    """
    plain = unicodedata.normalize("NFKD", title).casefold()
    return bool(_TELEPHONE.search("".join(sign for sign in plain if not unicodedata.combining(sign))))


def holds_contacts(column: TextColumn) -> bool:
    """Whether a tenth of what a column holds are e-mail addresses or telephone numbers; of very many texts, of some."""
    rows = slice(None, None, max(1, len(column.distinct) // _MOST_TEXTS))
    texts, counts = pc.take(column.trimmed, pa.array(np.arange(len(column.distinct))[rows])), column.counts[rows]
    filled = ~column.missing[rows]
    address = pc.match_substring_regex(texts, _ADDRESS)
    phone = pc.and_not(pc.match_substring_regex(texts, _PHONE), pc.match_substring_regex(texts, _DATE))
    contacts = np.asarray(pc.or_(address, phone).to_numpy(zero_copy_only=False), dtype=bool) & filled
    return bool(contacts.any()) and float(counts[contacts].sum()) >= _CONTACT_SHARE * float(counts[filled].sum())
