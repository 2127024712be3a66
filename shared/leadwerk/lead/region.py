"""Country, postcode and the canton or Land they lie in.

A postcode's own prefix (CH-, D-, A-) beats the country given beside it. Without either, the policy's own country is
assumed, unless the number of digits rules it out: five digits are German then.

Cantons come from the list of Swiss Post (plz_canton.csv). Germany and Austria have no such list in public hands that
could be shipped here, so only ranges are used that lie in one Land as a whole; where Länder share a range the region is
unknown rather than guessed. Sources: Deutsche Post, «Postleitregionen»; Österreichische Post, «PLZ-Verzeichnis».
"""

from __future__ import annotations

import csv
import re
import unicodedata
from bisect import bisect_right
from functools import cache
from pathlib import Path
from typing import Final

from leadwerk.errors import InputError
from leadwerk.texts.message import Message

POSTCODE_DIGITS: Final = {"CH": 4, "LI": 4, "AT": 4, "DE": 5}

# Four digits may be Swiss or Austrian, so they name no country.
_BY_LENGTH: Final = {5: "DE"}
_NAMES = {
    "CH": "ch che schweiz suisse svizzera svizra switzerland confoederatio",
    "DE": "de d deu deutschland allemagne germania germany brd",
    "AT": "at a aut österreich oesterreich autriche austria",
    "LI": "li fl lie liechtenstein",
    "FR": "fr f fra frankreich france francia",
    "IT": "it i ita italien italie italia italy",
    "GB": "uk gb",
}
_COUNTRY = {name: code for code, names in _NAMES.items() for name in names.split()}
_OTHER_NAMES = {
    "US": "u s; united states of america; vereinigte staaten von amerika; etats unis d amerique; stati uniti d america",
    "GB": "great britain; england; scotland; wales; grossbritannien; grande bretagne; angleterre; gran bretagna",
    "NL": "holland; the netherlands; olanda; hollande",
    "CZ": "czech republic; tschechische republik; republique tcheque; repubblica ceca",
    "RU": "russian federation; russische foderation; federation de russie; federazione russa",
    "CI": "ivory coast; elfenbeinkuste; costa d avorio",
    "TR": "turkey; turkei; turquie; turchia",
    "KR": "republic of korea; republik korea; coree; korea",
    "MK": "macedonia; mazedonien; macedoine",
    "BY": "weissrussland; bielorussie; bielorussia",
    "MM": "burma; birma; birmanie; birmania",
    "SZ": "swaziland; swasiland",
    "CD": "dr congo; congo drc; democratic republic of the congo; demokratische republik kongo",
    "IR": "islamic republic of iran", "VN": "viet nam", "SY": "syrian arab republic",
    "VA": "vatican; vatikan; vaticano",
    "HK": "hong kong; hongkong", "MO": "macau; macao", "TW": "taiwan province of china", "PS": "palestine; palastina",
    "MD": "republic of moldova; republik moldau", "LA": "lao people s democratic republic",
    "TZ": "united republic of tanzania",
}  # fmt: skip
"""What countries are called beside CLDR's names."""
_POSTCODE = r"(?:(?P<prefix>[a-z]{1,3})\s?-?\s?)?(?P<digits>[0-9]{4,5})(?:[ ,]\s?\D.*)?"

_CANTONS = {
    "AG": "aargau; argovie; argovia", "AI": "appenzell innerrhoden; appenzell rhodes interieures; appenzello interno",
    "AR": "appenzell ausserrhoden; appenzell rhodes exterieures; appenzello esterno", "BE": "bern; berne; berna",
    "BL": "basel landschaft; baselland; bale campagne; basilea campagna",
    "BS": "basel stadt; bale ville; basilea citta", "FR": "freiburg; fribourg; friburgo",
    "GE": "genf; geneve; ginevra; geneva",
    "GL": "glarus; glaris; glarona", "GR": "graubunden; grisons; grigioni", "JU": "jura; giura",
    "LU": "luzern; lucerne; lucerna", "NE": "neuenburg; neuchatel", "NW": "nidwalden; nidwald; nidvaldo",
    "OW": "obwalden; obwald; obvaldo", "SG": "st gallen; sankt gallen; saint gall; san gallo",
    "SH": "schaffhausen; schaffhouse; sciaffusa", "SO": "solothurn; soleure; soletta", "SZ": "schwyz; svitto",
    "TG": "thurgau; thurgovie; turgovia", "TI": "tessin; ticino", "UR": "uri", "VD": "waadt; vaud",
    "VS": "wallis; valais; vallese", "ZG": "zug; zoug; zugo", "ZH": "zurich; zurigo",
}  # fmt: skip

# First and last postcode of ranges that lie in one Land as a whole.
_GERMAN = (
    "01067-01900 SN, 04103-04579 SN, 06108-06499 ST, 08056-08499 SN, 09111-09669 SN, 10115-12527 BE, 12531-14199 BE, "
    "14467-14482 BB, 18055-18609 MV, 20095-20999 HH, 22041-22111 HH, 22159-22769 HH, 24103-24999 SH, 25335-25999 SH, "
    "27568-27580 HB, 28195-28779 HB, 30159-31868 NI, 32049-33829 NW, 35037-35647 HE, 38100-38179 NI, 39104-39649 ST, "
    "40210-47929 NW, 50667-52538 NW, 56068-56869 RP, 58089-59469 NW, 60306-60599 HE, 64283-64409 HE, 65183-65207 HE, "
    "66111-66399 SL, 67059-67829 RP, 68159-68309 BW, 70173-73999 BW, 75172-75449 BW, 77652-79879 BW, 80331-87561 BY, "
    "90402-96489 BY, 97070-97539 BY, 98527-98749 TH, 99084-99998 TH"
)
_AUSTRIAN = (
    "1010-1239 9, 3001-3329 3, 4010-4299 4, 5010-5119 5, 5500-5799 5, 6010-6690 7, 6700-6990 8, 7000-7420 1, "
    "8010-8279 6, 8400-8999 6, 9010-9299 2, 9900-9992 7"
)


def parse_country(value: object, field: str = "country") -> str:
    """ISO 3166-1 alpha-2 of a country's code or name.

    >>> parse_country("Schweiz"), parse_country("D"), parse_country("us"), parse_country("Pays-Bas")
    ('CH', 'DE', 'US', 'NL')

    Raises:
        InputError: the name is unknown.
    """
    text = _plain(value).strip(".")
    if text in _COUNTRY:
        return _COUNTRY[text]
    if (code := _countries().get(comparable(str(value)[:100]))) is not None:
        return code
    if re.fullmatch("[a-z]{2}", text):
        return text.upper()
    message = Message("reject.country", value=repr(str(value)[:60]))
    raise InputError(message, field=field, value=value, remedy=Message("reject.country.remedy"))


def comparable(name: str) -> str:
    """A name of a country or canton without case, accents, signs and article.

    >>> comparable("Côte d’Ivoire"), comparable("The Gambia"), comparable("U.S.A.")
    ('cote d ivoire', 'gambia', 'u s a')
    """
    plain = "".join(sign for sign in unicodedata.normalize("NFKD", name) if not unicodedata.combining(sign))
    return " ".join(re.findall(r"\w+", plain.casefold())).removeprefix("the ")


@cache
def _countries() -> dict[str, str]:
    """Code by name or three-letter code, as names are compared; of the whole world, in four languages."""
    rows = csv.reader((Path(__file__).parent / "countries.csv").read_text(encoding="utf-8").splitlines()[1:])
    names = {name: code for name, code in rows}  # noqa: C416 (dict(rows) does not type)
    names |= {"u s a": "US", "u k": "GB"}
    return names | {name: code for code, aliases in _OTHER_NAMES.items() for name in aliases.split("; ")}


def parse_canton(value: object, field: str = "canton") -> str:
    """ISO 3166-2 of a Swiss canton's code or name.

    >>> parse_canton("ZH"), parse_canton("Kanton Waadt"), parse_canton("Genève"), parse_canton("CH-TI")
    ('CH-ZH', 'CH-VD', 'CH-GE', 'CH-TI')

    Raises:
        InputError: there is no such canton.
    """
    name = re.sub(r"^(?:ch|kanton|canton(?: de| du| d)?|cantone(?: di| del)?) (?=\w)", "", comparable(str(value)[:100]))
    code = next((code for code, names in _CANTONS.items() if name == code.lower() or name in names.split("; ")), None)
    if code is None:
        raise _refusal(value, field, "canton")
    return f"CH-{code}"


def postcode_in(address: object) -> str:
    """The postcode that stands before the town in an address, empty without one.

    >>> postcode_in("Bahnhofstrasse 1, 8001 Zürich"), postcode_in("Weg 1")
    ('8001', '')
    """
    in_front_of_town = re.findall(r"(?:[A-Za-z]{1,2}-)?\b[0-9]{4,5}(?=\s+[^\W\d_]{2})", str(address)[:200])
    return str(in_front_of_town[-1]) if in_front_of_town else ""


def parse_postcode(
    value: object, country: str | None = None, home: str | None = "CH", field: str = "postcode"
) -> tuple[str, str]:
    """Country and digits of a postcode; the town may stand behind it. Without `home` no country is assumed.

    >>> parse_postcode("CH-8001 Zürich"), parse_postcode("D-80331"), parse_postcode(1010, "AT"), parse_postcode("80331")
    (('CH', '8001'), ('DE', '80331'), ('AT', '1010'), ('DE', '80331'))

    Raises:
        InputError: this is no postcode of that country.
    """
    text = _plain(value)
    postcode_match = re.fullmatch(_POSTCODE, text)
    prefix_text, digits = postcode_match.group("prefix", "digits") if postcode_match else (None, "")
    prefix = _COUNTRY.get(prefix_text or "")
    if country not in (None, *POSTCODE_DIGITS) and prefix not in POSTCODE_DIGITS:
        return str(country), _foreign(text, field)
    if postcode_match is None or (prefix_text and prefix is None):
        raise _refusal(value, field, "postcode")
    where = prefix or country or _assumed(digits, home)
    if where == "DE" and len(digits) == 4 and prefix is None and lost_its_zero(digits):
        # A spreadsheet dropped the leading zero of an eastern German postcode, in a number as in the file it wrote.
        digits = f"0{digits}"
    if POSTCODE_DIGITS.get(where) != len(digits) or (len(digits) == 4 and digits < "1000"):
        raise _refusal(value, field, "postcode.of" if where else "postcode.of_known", where)
    return where, digits


def lost_its_zero(digits: str) -> bool:
    """Whether a German postcode begins with 0 and these digits; 8001 is Zurich's, and no German one.

    Source: Deutsche Post, Leitregionen 01 to 04 and 06 to 09.
    """
    return any(first <= digits <= last for first, last in (("1001", "4999"), ("6001", "7999"), ("8056", "9669")))


def region_of(country: str | None, postcode: str | None) -> str | None:
    """ISO 3166-2 of the canton or Land, or None where that is not certain.

    >>> region_of("CH", "8001"), region_of("DE", "80331"), region_of("AT", "1010"), region_of("DE", "88131")
    ('CH-ZH', 'DE-BY', 'AT-9', None)
    """
    if not country or not postcode or not postcode.isdecimal():
        return None
    if country == "CH":
        canton = _cantons().get(postcode)
        return f"CH-{canton}" if canton and canton != "LI" else None
    land = _land(country, postcode) if country in ("DE", "AT") else None
    return f"{country}-{land}" if land else None


@cache
def _cantons() -> dict[str, str]:
    path = Path(__file__).parent / "plz_canton.csv"
    rows = csv.reader(path.read_text(encoding="utf-8").splitlines()[1:])
    return {postcode: canton for postcode, canton in rows}  # noqa: C416 (dict(rows) does not type)


@cache
def _ranges(country: str) -> list[tuple[str, str, str]]:
    spans = (_GERMAN if country == "DE" else _AUSTRIAN).split(", ")
    return [(span[: span.index("-")], *span[span.index("-") + 1 :].split(" ")) for span in spans]  # type: ignore[misc]


def _land(country: str, postcode: str) -> str | None:
    ranges = _ranges(country)
    at = bisect_right(ranges, postcode, key=lambda span: span[0]) - 1
    return ranges[at][2] if at >= 0 and len(postcode) == len(ranges[at][0]) and postcode <= ranges[at][1] else None


def _assumed(digits: str, home: str | None) -> str:
    if home is None or POSTCODE_DIGITS[home] == len(digits):
        return home or ""
    return _BY_LENGTH.get(len(digits), "")


def _foreign(text: str, field: str) -> str:
    if not re.fullmatch(r"[a-z0-9 -]{3,10}", text):
        raise _refusal(text, field, "postcode")
    return text.upper()


def _plain(value: object) -> str:
    return " ".join(unicodedata.normalize("NFKC", str(value)[:100]).replace("–", "-").casefold().split())


def _refusal(value: object, field: str, kind: str, country: str = "") -> InputError:
    message = Message(f"reject.{kind}", value=repr(str(value)[:60]), country=country)
    return InputError(message, field=field, value=value, remedy=Message("reject.place.remedy"))
