"""Telephone numbers and e-mail addresses: normalised so that the same person writes the same text, never stored."""

from __future__ import annotations

import re
import unicodedata

from leadwerk.errors import InputError
from leadwerk.texts.message import Message

CALLING_CODES = {"CH": "41", "DE": "49", "AT": "43", "LI": "423", "FR": "33", "IT": "39"}

# Lengths of national numbers without the leading 0: BAKOM (CH), BNetzA (DE), RTR (AT); elsewhere E.164's 15 digits.
_NATIONAL = {"41": (9, 9), "49": (5, 12), "43": (4, 13), "423": (7, 7)}
_WRITTEN = r"\+?[0-9()\[\]/.\- ]+"
_AROUND_NUMBERS = r"^'|^(?:p|tel|mobile?|phone|telefon|handy|natel)\b[.:]*\s*|\s*\([^()\d]+\)$|(?<=\d)\.0$"
"""Meta's lead forms write p: in front, links tel:, spreadsheets an apostrophe, or .0 behind, people (mobile)."""
_NUMBER = r"(?<![\w.-])(?:\+|\(?0)[0-9()\[\]/.\- ]+"
_DATE = r"\b\d{1,2}[./-]\d{1,2}[./-]\d{2,4}\b"
_ADDRESS = r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[^\W_][\w-]{0,62}\.)+[^\W\d_][\w-]{1,62}"

# The mailbox providers of our countries and the world's largest; a trailing dot stands for any country's ending.
_FREEMAIL = """
    gmail. googlemail. gmx. web.de hotmail. outlook. live. msn. windowslive. yahoo. ymail. aol. icloud. me.com mac.com
    bluewin.ch bluemail.ch sunrise.ch hispeed.ch swissonline.ch vtxmail.ch netplus.ch tcnet.ch quickline.ch
    infomaniak.ch ik.me ikmail.com t-online.de freenet.de arcor.de online.de 1und1.de mail.de posteo. mailbox.org
    email.de vodafone.de
    kabelmail.de unitybox.de aon.at a1.net chello.at inode.at utanet.at drei.at orange.fr wanadoo.fr free.fr laposte.net
    sfr.fr libero.it tiscali. alice.it virgilio.it tin.it proton.me protonmail. pm.me tutanota. tuta. zoho. mail.com
    mail.ru yandex. fastmail. hey.com hushmail.
"""
FREEMAIL = frozenset(_FREEMAIL.split())
_LONGEST_ENDING = len("co.uk")
_SWISS_SCHOOLS = "ethz|epfl|uzh|uni(?:be|bas|l|ge|fr|ne|lu|sg)|usi|zhaw|fhnw|bfh|hslu|ost|supsi|hes-so|hevs"
_GERMAN_SCHOOLS = "lmu|tum|kit|rwth-aachen|fau|charite|fu-berlin|hu-berlin"
_EDUCATION = (
    rf"(?:^|\.)(?:{_SWISS_SCHOOLS})\.ch$|(?:^|\.)(?:{_GERMAN_SCHOOLS})\.de$"
    r"|(?:^|\.)(?:uni|tu|th|fh|hs|ph)-[a-z-]+\.de$|\.ac\.[a-z]{2}$|\.edu(?:\.[a-z]{2})?$"
)


def parse_phone(value: object, country: str = "CH", field: str = "phone") -> str:
    """A telephone number in E.164; one without a calling code is of `country` (ISO 3166-1 alpha-2).

    >>> parse_phone("079 123 45 67"), parse_phone("+49 (0)89/1234-567", "CH"), parse_phone("0043 1 234 56 78", "DE")
    ('+41791234567', '+49891234567', '+4312345678')
    >>> parse_phone("'+41791234567"), parse_phone("791234567.0"), parse_phone("Tel. 079 123 45 67 (mobil)")
    ('+41791234567', '+41791234567', '+41791234567')

    Raises:
        InputError: this is no telephone number, or its country is unknown.
    """
    text = unicodedata.normalize("NFKC", str(value))[:60] if isinstance(value, (str, int)) else ""
    text = re.sub(_AROUND_NUMBERS, "", re.sub(r"[‐‑‒–—−]", "-", " ".join(text.split())).casefold())
    if isinstance(value, bool) or not re.fullmatch(_WRITTEN, text):
        raise _phone_refusal(value, field, Message("reject.phone.digits"))
    digits = _international(text, CALLING_CODES.get(country, ""))
    if digits is None:
        raise _phone_refusal(value, field, Message("reject.phone.country"))
    return f"+{digits}"


def parse_email(value: object, field: str = "email") -> str:
    """An e-mail address, lower-case and trimmed; the ways Gmail lets one box be written become one.

    >>> parse_email(" Anna.Muster+Haus@GoogleMail.com ")
    'annamuster@gmail.com'

    Raises:
        InputError: this is no e-mail address.
    """
    text = unicodedata.normalize("NFKC", value[:400]).strip().strip("<>").casefold() if isinstance(value, str) else ""
    text = text.removeprefix("mailto:")
    if len(text) > 254 or not re.fullmatch(_ADDRESS, text) or ".." in text or text.startswith("."):
        raise InputError(Message("reject.email"), field=field, value=value)
    box, _, domain = text.rpartition("@")
    if domain in ("gmail.com", "googlemail.com"):
        return f"{box.partition('+')[0].replace('.', '')}@gmail.com"
    return text


def domain_kind(address: str) -> str:
    """freemail, education or business: the kind of a normalised address's domain.

    >>> domain_kind("anna@bluewin.ch")
    'freemail'
    """
    domain = address.rpartition("@")[2]
    provider, _, ending = domain.partition(".")
    if domain in FREEMAIL or (f"{provider}." in FREEMAIL and len(ending) <= _LONGEST_ENDING):
        return "freemail"
    return "education" if re.search(_EDUCATION, domain) else "business"


def names_contact(text: str) -> bool:
    """Whether an e-mail address or a telephone number stands in a text; numbers begin with + or 0.

    >>> names_contact("asked by anna@example.ch"), names_contact("called (079) 123 45 67"), names_contact("request 17")
    (True, True, False)
    >>> names_contact("request 2026-0017 of 01.12.2026 10:30")
    False
    """
    numbers = re.findall(_NUMBER, re.sub(_DATE, "", text))
    return bool(re.search(_ADDRESS, text.casefold())) or any(_international(number, "41") for number in numbers)


def business_domain(address: str) -> str | None:
    """The domain that the colleagues of a normalised address share; None for freemail, which strangers share.

    >>> business_domain("anna@muster-ag.ch"), business_domain("anna@bluewin.ch"), business_domain("anna@ethz.ch")
    ('muster-ag.ch', None, None)
    """
    return address.rpartition("@")[2] if domain_kind(address) == "business" else None


def _international(text: str, home: str) -> str | None:
    digits = re.sub(r"[^0-9]", "", text)
    if text.lstrip("( ").startswith("+") or digits.startswith("00"):
        # "+41 (0)79": the bracketed zero is dialled only at home; Italy alone keeps it, without brackets.
        digits = re.sub(r"[^0-9]", "", re.sub(r"[(\[]\s?0\s?[)\]]", "", text)).removeprefix("00")
        return digits if _valid(digits) else None
    if not home:
        return None
    if digits.startswith("0"):
        national = digits if home == "39" else digits[1:]
        return home + national if _valid(home + national) else None
    return _without_zero(digits, home)


def _without_zero(digits: str, home: str) -> str | None:
    """A spreadsheet has eaten the 0 or the +: certain only where all numbers have one length."""
    if digits.startswith(home) and _valid(digits):
        return digits
    fixed = _NATIONAL.get(home, (0, 1))
    return home + digits if fixed[0] == fixed[1] == len(digits) and _valid(home + digits) else None


def _valid(digits: str) -> bool:
    for code, (shortest, longest) in _NATIONAL.items():
        # 423 is Liechtenstein only with seven digits behind it; no Austrian or Swiss code begins so.
        if digits.startswith(code):
            national = digits[len(code) :]
            return shortest <= len(national) <= longest and not national.startswith("0")
    return 8 <= len(digits) <= 15 and not digits.startswith("0")


def _phone_refusal(value: object, field: str, remedy: Message) -> InputError:
    return InputError(Message("reject.phone"), field=field, value=value, remedy=remedy)
