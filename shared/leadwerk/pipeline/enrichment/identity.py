"""What is sent of a company, and all that is: its domain, its registered name, its Swiss UID. Never a person's data."""

from __future__ import annotations

import re
from typing import Final

from msgspec import Struct

from leadwerk.lead.contact import business_domain

LONGEST_NAME: Final = 100
_DOMAIN = re.compile(r"(?=.{4,100}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,24}")
_UID = re.compile(r"CHE[- .]?(\d{3})[ .]?(\d{3})[ .]?(\d{3})(?: ?(?:MWST|TVA|IVA|VAT|HR/MWST))?", re.IGNORECASE)
_TELEPHONE = re.compile(r"\+?[\d ()/.-]{7,}")


class CompanyIdentity(Struct, frozen=True):
    """A company as a provider may know it; each part is empty where it is not known."""

    domain: str = ""
    name: str = ""
    uid: str = ""

    def __bool__(self) -> bool:
        return bool(self.domain or self.name or self.uid)


def company_identity(account_id: str, name: str | None, uid: str | None) -> CompanyIdentity:
    """What is known of an account: `account_id` is a domain or the CRM's id, which nobody else understands.

    An e-mail address or a telephone number in any of the fields, which belongs there in no case, is not sent.

    >>> company_identity("muster-ag.ch", "Muster AG", "che 123.456.789 MWST")
    CompanyIdentity(domain='muster-ag.ch', name='Muster AG', uid='CHE123456789')
    >>> bool(company_identity("A-1002", "anna@muster.ch", None)), bool(company_identity("bluewin.ch", None, None))
    (False, False)
    """
    lowered = account_id.strip().casefold()
    is_domain = _DOMAIN.fullmatch(lowered) and business_domain(f"info@{lowered}")
    uid_match = _UID.fullmatch((uid or "").strip())
    return CompanyIdentity(
        domain=lowered if is_domain else "",
        name=_company_name(name or ""),
        uid=f"CHE{''.join(uid_match.groups())}" if uid_match else "",
    )


def _company_name(text: str) -> str:
    """The name on one line, shortened; empty where it holds what is no company's name."""
    if "@" in text or _TELEPHONE.search(text):
        return ""
    printable = "".join(sign if sign.isprintable() else " " for sign in text[: 2 * LONGEST_NAME])
    return " ".join(printable.split())[:LONGEST_NAME]
