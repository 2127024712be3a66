"""What a lead is: formats understood and normalised, region, language, pseudonyms and consent. Pure."""

from leadwerk.lead.amount import parse_amount, parse_count
from leadwerk.lead.contact import parse_email, parse_phone
from leadwerk.lead.identity import parse_visitor, person_key
from leadwerk.lead.language import parse_language
from leadwerk.lead.lead import identity_rows, lead_version
from leadwerk.lead.region import parse_country, parse_postcode, region_of
from leadwerk.lead.rejection import Rejection
from leadwerk.lead.timestamps import parse_date, parse_moment

__all__ = [
    "Rejection",
    "identity_rows",
    "lead_version",
    "parse_amount",
    "parse_count",
    "parse_country",
    "parse_date",
    "parse_email",
    "parse_language",
    "parse_moment",
    "parse_phone",
    "parse_postcode",
    "parse_visitor",
    "person_key",
    "region_of",
]
