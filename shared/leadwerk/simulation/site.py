"""The broker's web site: its pages in four languages, its events, and where its visitors come from."""

from __future__ import annotations

from typing import NamedTuple

HOST = "www.hypothek.example"


PAGES = ("home", "mortgage", "simulator", "rates", "guide", "calculator", "contact", "blog", "careers", "about")
HOME, MORTGAGE, SIMULATOR, RATES, GUIDE, CALCULATOR, CONTACT, BLOG, CAREERS, ABOUT = range(len(PAGES))

PATHS: dict[str, tuple[str, ...]] = {
    "de": ("/", "/hypotheken", "/hypotheken/simulator", "/zinsen/aktuell", "/hypotheken/leitfaden",
           "/hypotheken/rechner", "/kontakt", "/blog/saron-oder-fest", "/karriere", "/ueber-uns"),
    "fr": ("/", "/hypotheques", "/hypotheques/simulateur", "/taux/actuels", "/hypotheques/guide",
           "/hypotheques/calculateur", "/contact", "/blog/saron-ou-fixe", "/jobs", "/a-propos"),
    "it": ("/", "/ipoteche", "/ipoteche/simulatore", "/tassi/attuali", "/ipoteche/guida",
           "/ipoteche/calcolatore", "/contatto", "/blog/saron-o-fisso", "/jobs", "/chi-siamo"),
    "en": ("/", "/mortgages", "/mortgages/simulator", "/rates/today", "/mortgages/guide",
           "/mortgages/calculator", "/contact", "/blog/saron-or-fixed", "/careers", "/about"),
}  # fmt: skip
TITLES: dict[str, tuple[str, ...]] = {
    "de": ("Hypotheken", "Hypotheken im Vergleich", "Simulator", "Aktuelle Zinsen", "Leitfaden", "Rechner", "Kontakt",
           "SARON oder fest?", "Karriere", "Über uns"),
    "fr": ("Hypothèques", "Hypothèques comparées", "Simulateur", "Taux actuels", "Guide", "Calculateur", "Contact",
           "SARON ou fixe?", "Emplois", "À propos"),
    "it": ("Ipoteche", "Ipoteche a confronto", "Simulatore", "Tassi attuali", "Guida", "Calcolatore", "Contatto",
           "SARON o fisso?", "Lavoro", "Chi siamo"),
    "en": ("Mortgages", "Mortgages compared", "Simulator", "Rates today", "Guide", "Calculator", "Contact",
           "SARON or fixed?", "Careers", "About us"),
}  # fmt: skip

EVENTS = (
    "session_start", "first_visit", "page_view", "scroll", "user_engagement", "view_mortgage_simulator",
    "download_pdf_guide", "mortgage_calculated", "generate_lead", "login",
)  # fmt: skip
(SESSION_START, FIRST_VISIT, PAGE_VIEW, SCROLL, ENGAGEMENT, VIEW_SIMULATOR, DOWNLOAD_GUIDE, CALCULATED, GENERATE_LEAD,
 LOGIN) = range(len(EVENTS))  # fmt: skip


class Source(NamedTuple):
    """Where a visitor comes from, as GA4 writes it, and how many do."""

    source: str
    medium: str
    campaign: str
    group: str
    share: float


SOURCES = (
    Source("google", "organic", "(organic)", "Organic Search", 0.34),
    Source("google", "cpc", "hypothek-suche", "Paid Search", 0.24),
    Source("(direct)", "(none)", "(direct)", "Direct", 0.16),
    Source("comparis.ch", "referral", "(referral)", "Referral", 0.12),
    Source("newsletter", "email", "zinsbrief", "Email", 0.08),
    Source("facebook", "paid_social", "eigenheim", "Paid Social", 0.06),
)
ORGANIC, SEARCH_AD, DIRECT, COMPARISON, NEWSLETTER, SOCIAL_AD = range(len(SOURCES))


class Device(NamedTuple):
    """A kind of device, as GA4 writes it, and how common it is."""

    category: str
    system: str
    system_version: str
    brand: str
    model: str
    browser: str
    version: str
    share: float


DEVICES = (
    Device("desktop", "Windows", "Windows 11", "Microsoft", "", "Edge", "144.0", 0.22),
    Device("desktop", "Windows", "Windows 11", "Google", "Chrome", "Chrome", "144.0.7559.96", 0.16),
    Device("desktop", "Macintosh", "Macintosh Intel 15.3", "Apple", "Safari", "Safari", "19.2", 0.12),
    Device("mobile", "iOS", "iOS 19.2", "Apple", "iPhone", "Safari", "19.2", 0.30),
    Device("mobile", "Android", "Android 16", "Samsung", "Galaxy S25", "Chrome", "144.0.7559.96", 0.16),
    Device("tablet", "iOS", "iOS 19.2", "Apple", "iPad", "Safari", "19.2", 0.04),
)
FIRST_MOBILE, LAST_MOBILE = 3, 4
BOT_DEVICE = Device("desktop", "Linux", "Linux", "Google", "Chrome", "HeadlessChrome", "131.0.6778.33", 0.0)


class Region(NamedTuple):
    """A place where visitors live: canton, GA4's name of it, and the share of its people by language de, fr, it, en."""

    code: str
    country: str
    ga_country: str
    ga_region: str
    city: str
    postcodes: tuple[str, ...]
    share: float
    languages: tuple[float, float, float, float]


_GERMAN = (0.90, 0.02, 0.01, 0.07)
_FRENCH = (0.04, 0.86, 0.02, 0.08)
REGIONS = (
    Region("CH-ZH", "CH", "Switzerland", "Zurich", "Zurich", ("8001", "8050", "8400", "8610"), 0.22,
           (0.84, 0.02, 0.02, 0.12)),
    Region("CH-BE", "CH", "Switzerland", "Canton of Bern", "Bern", ("3011", "3097", "3600"), 0.13, _GERMAN),
    Region("CH-AG", "CH", "Switzerland", "Aargau", "Aarau", ("5000", "5400"), 0.10, _GERMAN),
    Region("CH-SG", "CH", "Switzerland", "Canton of St. Gallen", "St. Gallen", ("9000", "9500"), 0.07, _GERMAN),
    Region("CH-LU", "CH", "Switzerland", "Canton of Lucerne", "Lucerne", ("6003", "6010"), 0.07, _GERMAN),
    Region("CH-BS", "CH", "Switzerland", "Basel-Stadt", "Basel", ("4051", "4058"), 0.06, _GERMAN),
    Region("CH-ZG", "CH", "Switzerland", "Canton of Zug", "Zug", ("6300", "6330"), 0.04, (0.80, 0.02, 0.02, 0.16)),
    Region("CH-VD", "CH", "Switzerland", "Vaud", "Lausanne", ("1003", "1110"), 0.09, _FRENCH),
    Region("CH-GE", "CH", "Switzerland", "Geneva", "Geneva", ("1201", "1205"), 0.07, (0.03, 0.82, 0.02, 0.13)),
    Region("CH-FR", "CH", "Switzerland", "Canton of Fribourg", "Fribourg", ("1700",), 0.04, (0.25, 0.72, 0.01, 0.02)),
    Region("CH-TI", "CH", "Switzerland", "Ticino", "Lugano", ("6900", "6500"), 0.06, (0.05, 0.02, 0.90, 0.03)),
    Region("DE-BW", "DE", "Germany", "Baden-Wurttemberg", "Konstanz", ("78462", "79098"), 0.03,
           (0.97, 0.0, 0.0, 0.03)),
    Region("AT-8", "AT", "Austria", "Vorarlberg", "Bregenz", ("6900", "6850"), 0.02, (0.97, 0.0, 0.0, 0.03)),
)  # fmt: skip
